/**
 * The preload of `trunkline doctor`: loaded with `--require` into every process and thread of a program, it watches
 * the HTTP clients and writes what it sees to the folder that `TRUNKLINE_DOCTOR_FOLDER` names; without that variable to
 * `trunkline-doctor` in the folder for temporary files, where `trunkline doctor --read` finds it. With an empty one it
 * does nothing.
 */
import { performance } from "node:perf_hooks";
import { isMainThread, threadId } from "node:worker_threads";
import { followChildren } from "./children.js";
import { watchConstructions } from "./constructions.js";
import { FactsFile, FOLDER_VARIABLE, usualFolder } from "./facts-file.js";
import { HttpAgents } from "./http-agents.js";
import { Http2Sessions } from "./http2-sessions.js";
import { Ledger } from "./ledger.js";
import { Owners } from "./owners.js";
import { redefine } from "./patch.js";
import { Trunkline } from "./trunkline.js";
import { Undici } from "./undici.js";

function watch(folder: string, attended: boolean): void {
  const now = performance.now.bind(performance);
  const name = `${process.pid}-${threadId}-${Math.round(performance.timeOrigin)}`;
  const file = new FactsFile(folder, name, process.versions.node, now, attended);
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
  // Children of a program that writes to the usual folder are watched by the variables they inherit.
  if (attended) followChildren(folder, __filename);
  new Http2Sessions(ledger, (socket) => undici.connectionOf(socket));
  new Trunkline(ledger);
  onEmit((event, value) => {
    if (event === "exit") file.flush(true);
    else if (event === "warning") agents.warned(value);
    else if (event === "worker") ledger.threadMade();
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
  redefine(process, "emit", function (this: unknown, ...args: unknown[]): boolean {
    try {
      return emit.apply(this, args);
    } finally {
      act(args[0], args[1]);
    }
  });
}

/** Marks a process that is watched, so that it is watched once. */
const WATCHED = Symbol.for("trunkline.doctor");

function begin(): void {
  const named = process.env[FOLDER_VARIABLE];
  if (named === "" || WATCHED in globalThis) return;
  Object.defineProperty(globalThis, WATCHED, { value: true, enumerable: false });
  const attended = typeof named === "string";
  watch(attended ? named : usualFolder(), attended);
}

try {
  begin();
} catch {
  // The program comes first: unwatched it runs as ever.
}
