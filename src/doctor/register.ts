/**
 * The preload of `trunkline doctor`: loaded with `--require` into every process and thread of a program, it watches
 * the HTTP clients and writes what it sees to the folder that `TRUNKLINE_DOCTOR_FOLDER` names. Without that variable
 * it does nothing.
 */
import { performance } from "node:perf_hooks";
import { isMainThread, threadId } from "node:worker_threads";
import { watchConstructions } from "./constructions.js";
import { FactsFile, FOLDER_VARIABLE } from "./facts-file.js";
import { HttpAgents } from "./http-agents.js";
import { Http2Sessions } from "./http2-sessions.js";
import { Ledger } from "./ledger.js";
import { Owners } from "./owners.js";
import { Trunkline } from "./trunkline.js";
import { Undici } from "./undici.js";

function watch(folder: string): void {
  const now = performance.now.bind(performance);
  const name = `${process.pid}-${threadId}-${Math.round(performance.timeOrigin)}`;
  const file = new FactsFile(folder, name, process.versions.node, now);
  const [major = 0] = process.versions.node.split(".").map(Number);
  // Says so in its first line; older ones lack the hooks.
  if (major < 20) return;
  const owners = new Owners();
  const ledger = new Ledger(
    { process: name, thread: !isMainThread, runner: runnerOf(process.env) },
    owners,
    now,
    file.touch,
  );
  const agents = new HttpAgents(ledger);
  const undici = new Undici(ledger);
  watchConstructions(owners, (owner, kind) => {
    if (kind === "dispatcher") undici.watchDispatcher(owner);
  });
  file.from(ledger);
  new Http2Sessions(ledger, (socket) => undici.knows(socket));
  new Trunkline(ledger);
  onEmit((event, value) => {
    if (event === "exit") file.flush(true);
    else if (event === "warning") agents.warned(value);
  });
}

/** The test runner that this process is a worker of. */
function runnerOf(env: NodeJS.ProcessEnv): string | undefined {
  if (env["VITEST"] !== undefined) return "vitest";
  if (env["JEST_WORKER_ID"] !== undefined) return "jest";
  return env["NODE_TEST_CONTEXT"] === undefined ? undefined : "node:test";
}

/**
 * Acts after the listeners of the process's events. Not as one of them: a program that has ten would be warned of a
 * leak, and one that removes them all would take ours along.
 */
function onEmit(act: (event: unknown, value: unknown) => void): void {
  const { emit } = process as unknown as { emit(...args: unknown[]): boolean };
  const value = function (this: unknown, ...args: unknown[]): boolean {
    try {
      return emit.apply(this, args);
    } finally {
      act(args[0], args[1]);
    }
  };
  Object.defineProperty(process, "emit", { value, configurable: true, writable: true, enumerable: false });
}

const folder = process.env[FOLDER_VARIABLE];
if (folder !== undefined && folder !== "") {
  try {
    watch(folder);
  } catch {
    // The program comes first: unwatched it runs as ever.
  }
}
