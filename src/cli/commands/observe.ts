import { grouped } from "../../errors/index.js";
import { type Observer, observedReport } from "../../observe/index.js";
import type { Run } from "../command.js";
import type { Context } from "../context.js";
import { exitCode } from "../exit.js";
import { heldOf, parseFailIf } from "../fail-if.js";
import { programName } from "../program-name.js";
import { Progress } from "../render/index.js";
import { runChild } from "../run-child.js";
import { printable } from "../terminal.js";
import { startObserver } from "./start-observer.js";

/** How long connections that a program has left open may take to end with it. In milliseconds. */
const AFTERMATH = 500;

/** `trunkline observe`: a proxy that looks on, until a program ends or Ctrl-C. */
export const observe: Run = async (options, context) => {
  const conditions = options.values("fail-if").map(parseFailIf);
  const json = options.has("json");
  const observer = await startObserver(options);
  const { command, env } = runOf(options.program, observer, options.has("target"));
  let code: number | undefined;
  try {
    if (command.length > 0) {
      code = await runChild({ command, env, stdoutToStderr: json });
      await observer.settled(AFTERMATH);
    } else {
      await untilInterrupted(observer, context);
    }
    const report = observedReport(observer.facts());
    const document = {
      ...(code === undefined ? {} : { program: programName(command), exitCode: code }),
      report,
    };
    // A program's standard output is its own: what is said about it goes beside it.
    const out = command.length > 0 ? context.stderr : context.stdout;
    for (const notice of observer.notices) await context.stderr.line(`trunkline: ${printable(notice)}`);
    if (json) await context.stdout.line(JSON.stringify(document, undefined, 2));
    else await out.line(String(report).split("\n").map(printable).join("\n"));
    const held = heldOf(conditions, report);
    for (const text of held) await context.stderr.line(`trunkline: --fail-if ${printable(text)} holds`);
    if (held.length > 0) return exitCode.held;
    return code ?? exitCode.ok;
  } finally {
    await observer.close();
  }
};

/** The program with `{url}` in its arguments replaced, and the environment that leads it to the observer. */
function runOf(
  program: readonly string[],
  observer: Observer,
  reverse: boolean,
): { command: readonly string[]; env: NodeJS.ProcessEnv } {
  const { url } = observer;
  const command = program.map((argument) => argument.replaceAll("{url}", url));
  if (reverse) return { command, env: { ...process.env, TRUNKLINE_TARGET: url } };
  const proxy = Object.fromEntries(
    ["http_proxy", "https_proxy", "all_proxy"].flatMap((name) => [
      [name, url],
      [name.toUpperCase(), url],
    ]),
  );
  return { command, env: { ...process.env, ...proxy, no_proxy: "", NO_PROXY: "", NODE_USE_ENV_PROXY: "1" } };
}

async function untilInterrupted(observer: Observer, { stderr, interrupted }: Context): Promise<void> {
  await stderr.line(`trunkline: observing at ${observer.url}; press Ctrl-C to stop and print the report`);
  const progress = new Progress(stderr, () => {
    const { connections, open, requests } = observer.counts;
    return `${grouped(requests)} requests on ${grouped(connections)} connections, ${grouped(open)} open`;
  });
  await new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    interrupted.addEventListener("abort", () => resolve(), { once: true });
  });
  progress.end();
}
