import { parseTarget } from "../../observe/index.js";
import { type ProbeResult, probe } from "../../probe/index.js";
import type { Run } from "../command.js";
import { CommandFailure, exitCode, UsageError } from "../exit.js";
import { duration, Progress, phaseBoxes, probeStory } from "../render/index.js";
import { printable } from "../terminal.js";

/** Longer than what most servers and load balancers keep idle connections for. In seconds. */
const MAX_WAIT = 80;

/** `trunkline probe`: what a server does with connections. */
export const probeCommand: Run = async (options, context) => {
  const { stdout, stderr, interrupted } = context;
  const { target, path } = where(options.positionals[0] ?? "");
  const maxWait = waitOf(options.value("max-wait"));
  let step = "";
  let until = 0;
  const progress = new Progress(stderr, () => {
    const left = until - performance.now();
    return left > 0 ? `${step}: up to ${duration(left)} more` : step;
  });
  let result: ProbeResult;
  try {
    result = await probe({
      target,
      path,
      maxWait,
      signal: interrupted,
      onStep: (name, milliseconds) => {
        step = name;
        until = milliseconds === undefined ? 0 : performance.now() + milliseconds;
      },
    });
  } catch (error) {
    if (interrupted.aborted) return exitCode.interrupted;
    throw new CommandFailure(error instanceof Error ? sentence(error) : String(error));
  } finally {
    progress.end();
  }
  if (options.has("json")) {
    await stdout.line(JSON.stringify(result, undefined, 2));
  } else {
    for (const line of probeStory(result)) await stdout.line(printable(line));
    if (stderr.style.pictures && result.phases !== undefined) {
      await stderr.line();
      for (const line of phaseBoxes(result.phases)) await stderr.line(line);
    }
  }
  return interrupted.aborted ? exitCode.interrupted : exitCode.ok;
};

function where(text: string): { target: Exclude<ReturnType<typeof parseTarget>, string>; path: string } {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  const target = parseTarget(url === undefined ? text : `${url.protocol}//${credentials(url)}${url.host}`);
  if (typeof target === "string") throw new UsageError(target);
  return { target, path: url === undefined ? "/" : `${url.pathname}${url.search}` };
}

/** Only so that they are refused; they are never sent. */
function credentials(url: URL): string {
  return url.username === "" && url.password === "" ? "" : "user@";
}

function waitOf(text: string | undefined): number {
  if (text === undefined) return MAX_WAIT * 1000;
  const match = /^(\d+(?:\.\d+)?)s?$/.exec(text);
  if (match === null || Number(match[1]) > 3600)
    throw new UsageError(`--max-wait needs a number of seconds up to 3600, not "${text}"`);
  return Number(match[1]) * 1000;
}

function sentence(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOTFOUND") return `the name ${hostOf(error)} does not exist`;
  if (code === "EAI_AGAIN") return `the name ${hostOf(error)} could not be looked up`;
  return message;
}

function hostOf(error: Error): string {
  const { hostname } = error as Error & { hostname?: string };
  return hostname ?? "of the server";
}
