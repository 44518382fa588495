import { existsSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import {
  attach,
  type Gathered,
  OLDEST_NODE,
  ownersText,
  readFolder,
  reportPage,
  systemOf,
  WatchFolder,
} from "../../doctor/index.js";
import { buildReport, type Report } from "../../explain/index.js";
import type { Run } from "../command.js";
import type { Context } from "../context.js";
import { CommandFailure, exitCode, UsageError } from "../exit.js";
import { heldOf, parseFailIf } from "../fail-if.js";
import type { ParsedOptions } from "../options.js";
import { packageOf } from "../package.js";
import { programName } from "../program-name.js";
import { runChild } from "../run-child.js";
import { printable } from "../terminal.js";
import { Reporter } from "./doctor-reporter.js";

/** How often (milliseconds) to look whether an attached process still runs. */
const ALIVE_EVERY = 500;

/** `trunkline doctor`: runs a program and says what its HTTP clients did with their connections. */
export const doctor: Run = async (options, context) => {
  const { stdout, stderr, program } = context;
  const conditions = options.values("fail-if").map(parseFailIf);
  const every = options.value("every") === undefined ? undefined : timeOf(options.value("every") ?? "");
  const { named, watch } = modeOf(options, context, every);
  const { gathered, code, system } = await watch(preloadOf(program), options.has("json"));
  const report = buildReport(gathered.facts);
  const nothing = whyNothing(named[0] ?? "", gathered);
  if (nothing !== undefined) await stderr.line(printable(nothing));
  if (options.has("json")) {
    const document = { program: programName(named), exitCode: code, report };
    await stdout.line(JSON.stringify(document, undefined, 2));
  } else if (nothing === undefined) {
    await stderr.line(`\n${wholeText(report, gathered, system(report.origins.map(({ origin }) => origin)))}`);
  }
  const page = options.value("report");
  if (page !== undefined)
    writePage(page, reportPage(report, { program: programName(named), exitCode: code }));
  const failed = gathered.facts.origins.reduce((sum, { counts }) => sum + (counts.failed ?? 0), 0);
  const held = heldOf(conditions, report, failed);
  for (const text of held) await stderr.line(printable(`trunkline: --fail-if ${text} holds`));
  if (held.length > 0) return exitCode.held;
  // A gate that saw nothing must not pass for one that found nothing.
  if (nothing !== undefined && conditions.length > 0 && code === exitCode.ok) return exitCode.failed;
  return code;
};

interface Watched {
  readonly gathered: Gathered;
  readonly code: number;
  system(origins: readonly string[]): readonly string[];
}

interface Mode {
  /** What is watched, as it is named in the report. */
  readonly named: readonly string[];
  watch(preload: string, json: boolean): Promise<Watched>;
}

function modeOf(options: ParsedOptions, context: Context, every: number | undefined): Mode {
  const { program: command } = options;
  const pid = options.value("attach");
  const given = [command.length > 0, pid !== undefined, options.has("read")].filter(Boolean).length;
  if (given > 1)
    throw new UsageError("trunkline doctor takes only one of -- <command…>, --attach and --read");
  if (options.has("folder") && !options.has("read"))
    throw new UsageError("--folder needs --read: it names the folder to read");
  if (options.has("read")) {
    const watch = async (): Promise<Watched> => {
      const folder = options.value("folder");
      const system = (origins: readonly string[]): string[] => systemOf(folder, origins);
      return { gathered: readFolder(folder), code: exitCode.ok, system };
    };
    return { named: ["a service"], watch };
  }
  if (pid !== undefined) {
    const id = Number(pid);
    if (!Number.isSafeInteger(id) || id <= 0)
      throw new UsageError(`--attach needs a process id, not "${pid}"`);
    return { named: [`process ${id}`], watch: (preload) => watchProcess(id, preload, context, every) };
  }
  if (command.length === 0)
    throw new UsageError("trunkline doctor needs a program to run: trunkline doctor -- node app.js");
  return { named: command, watch: (preload, json) => watchCommand(command, preload, json, context, every) };
}

function preloadOf(program: URL): string {
  const file = fileURLToPath(new URL("dist/doctor/register.cjs", packageOf(program).root));
  if (!existsSync(file)) throw new CommandFailure(`${file} is missing: build the package with npm run build`);
  return file;
}

async function watchCommand(
  command: readonly string[],
  preload: string,
  json: boolean,
  { stderr }: Context,
  every: number | undefined,
): Promise<Watched> {
  const folder = new WatchFolder(preload, process.env);
  const reporter = new Reporter(folder, stderr, wholeText, every);
  try {
    const code = await runChild({ command, env: folder.environment, stdoutToStderr: json });
    return watchedIn(folder, code);
  } finally {
    reporter.stop();
    folder.remove();
  }
}

/** Watches a running process until it or the doctor ends. */
async function watchProcess(
  pid: number,
  preload: string,
  { stderr, interrupted }: Context,
  every: number | undefined,
): Promise<Watched> {
  const folder = new WatchFolder(preload, process.env);
  const reporter = new Reporter(folder, stderr, wholeText, every);
  try {
    if (!isAlive(pid)) throw new CommandFailure(`there is no process ${pid} that this user may watch`);
    await attach(pid, preload, folder.folder).catch((error: unknown) => {
      throw new CommandFailure(`cannot watch process ${pid}: ${(error as Error).message}`);
    });
    await stderr.line(
      `trunkline: watching process ${pid}, but not its children or threads; press Ctrl-C to stop and print the report`,
    );
    while (!interrupted.aborted && isAlive(pid)) await pause(ALIVE_EVERY, interrupted);
    return watchedIn(folder, exitCode.ok);
  } finally {
    reporter.stop();
    folder.remove();
  }
}

/** What is in a folder that is about to go. */
function watchedIn(folder: WatchFolder, code: number): Watched {
  const gathered = folder.gather();
  const seen = folder.system(gathered.facts.origins.map(({ origin }) => origin));
  return { gathered, code, system: () => seen };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}

/** The report with what is beside it: who owned the connections, what the system shows, what was not seen. */
function wholeText(report: Report, { facts, watched, tooOld }: Gathered, system: readonly string[]): string {
  const parts = [String(report)];
  const owners = ownersText(facts);
  if (owners !== undefined) parts.push(owners);
  if (system.length > 0) parts.push(["The system:", ...system.map((line) => `  ${line}`)].join("\n"));
  const runners = new Set((facts.processes ?? []).flatMap(({ runner }) => runner ?? []));
  if (watched > 1)
    parts.push(
      `Seen: ${watched} processes and threads${runners.size === 0 ? "" : `, workers of ${[...runners].join(" and ")} among them`}.`,
    );
  const processes = facts.processes ?? [];
  const threads = processes.reduce((sum, one) => sum + (one.threadsMade ?? 0), 0);
  const unseen = threads - processes.filter((one) => one.thread === true).length;
  if (unseen > 0)
    parts.push(
      `Unseen: ${unseen === 1 ? "1 thread that was" : `${unseen} threads that were`} started with an environment of ${unseen === 1 ? "its" : "their"} own (the \`env\` option of new Worker).`,
    );
  if (tooOld.length > 0)
    parts.push(
      `Not seen: processes on Node ${tooOld.join(" and ")}; the doctor needs Node ${OLDEST_NODE} or newer.`,
    );
  return parts.join("\n\n");
}

function timeOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const milliseconds = Number(match?.[1]) * (units[match?.[2] ?? "s"] ?? 1000);
  if (match === null || milliseconds < 100)
    throw new UsageError(`--every needs a time of 100ms or more, such as 30s, 5m or 1h, not "${text}"`);
  return milliseconds;
}

function whyNothing(file: string, { watched, tooOld }: Gathered): string | undefined {
  if (watched > 0) return undefined;
  if (tooOld.length > 0)
    return `trunkline: the program ran on Node ${tooOld.join(" and ")}; the doctor needs Node ${OLDEST_NODE} or newer`;
  if (file === "a service")
    return "trunkline: nothing has been written there; start the service with NODE_OPTIONS=--require=trunkline/doctor/register";
  return `trunkline: "${basename(file)}" ran, but no Node.js program was seen in it; trunkline observe watches programs of any language, from the server's side`;
}

function writePage(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (error) {
    throw new CommandFailure(`cannot write the report to ${file}: ${(error as Error).message}`);
  }
}
