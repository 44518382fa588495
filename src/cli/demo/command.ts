import { grouped, plural } from "../../errors/index.js";
import type { Run } from "../command.js";
import type { Context } from "../context.js";
import { exitCode } from "../exit.js";
import { packageOf } from "../package.js";
import { Progress } from "../render/index.js";
import { wrap } from "../wrap.js";
import { type GoResult, goConnections, goNames, startGo, storedGo } from "./go.js";
import { measure } from "./measure.js";
import { otherScenarios } from "./other-scenarios.js";
import { goTable, picture, scenarioTable } from "./picture.js";
import { REQUESTS, type ScenarioResult } from "./scenario.js";
import { ServerHost } from "./server-host.js";
import { trunklineScenarios } from "./trunkline-scenarios.js";

/** How long Go may take from the start of the demo, building included; the whole must end within a minute. */
const GO_BUDGET_MS = 40_000;

const scenarios = [...trunklineScenarios, ...otherScenarios];

/** Measured once and forgotten, so that the first rows do not pay for the compiling of what they use. */
const warmUps = ["one shared client", "global fetch", "node:http, one keep-alive agent"].flatMap((name) =>
  scenarios.filter((scenario) => scenario.name === name && scenario.concurrency === 10),
);

/** `trunkline demo`: the founding experiment. */
export const demo: Run = async (options, context) => {
  const { stdout, stderr, interrupted, program } = context;
  const json = options.has("json");
  // Building goes on beside the scenarios: it is what takes Go's time.
  const go = startGo(
    packageOf(program).root,
    AbortSignal.any([interrupted, AbortSignal.timeout(GO_BUDGET_MS)]),
  );
  const warning = muteTransportWarning();
  const results: ScenarioResult[] = [];
  const progress = new Progress(stderr, () =>
    results.length < scenarios.length
      ? `measuring: ${results.length} of ${scenarios.length} scenarios`
      : "waiting for Go's own client to be built and measured",
  );
  const host = new ServerHost(program);
  try {
    for (const scenario of warmUps) await measure(scenario, host, interrupted);
    for (const scenario of scenarios) {
      const result = await measure(scenario, host, interrupted);
      if (result === undefined) break;
      results.push(result);
    }
    const beside = interrupted.aborted ? undefined : await go.measure();
    progress.end();
    if (json) {
      const document = {
        scenarios: results,
        go: beside ?? storedGo,
        answer: answer(results, beside ?? storedGo),
      };
      await stdout.line(
        JSON.stringify(interrupted.aborted ? { scenarios: results } : document, undefined, 2),
      );
    } else {
      await show(results, beside, context);
    }
    return interrupted.aborted ? exitCode.interrupted : exitCode.ok;
  } finally {
    progress.end();
    warning.end();
    await go.stop();
    await host.stop();
  }
};

async function show(
  results: readonly ScenarioResult[],
  measured: GoResult | undefined,
  context: Context,
): Promise<void> {
  const { stdout, stderr, interrupted } = context;
  await stdout.line(
    stdout.style.paint("bold", "A new HTTP client for every task: are the TCP connections closed?"),
  );
  await stdout.line("POSTs to servers on this machine, which count the connections they accept.");
  await stdout.line();
  const room = stdout.isTerminal ? stdout.style.columns : Number.POSITIVE_INFINITY;
  for (const line of scenarioTable(results, room, stdout.style)) await stdout.line(line);
  if (interrupted.aborted) return;
  await stdout.line();
  const width = Math.min(100, stdout.style.columns);
  const go = measured ?? storedGo;
  for (const line of goTable(go, stdout.style)) await stdout.line(line);
  await stdout.line();
  if (stderr.style.pictures) {
    for (const line of picture(results, go, stderr.style)) await stderr.line(line);
    await stderr.line();
  }
  for (const line of wrap(answer(results, go), width)) await stdout.line(line);
}

/** The most at once that was measured: where the differences show. */
const MOST = 100;

/** The founding question's answer in three sentences, each with the numbers just measured. */
export function answer(results: readonly ScenarioResult[], go: GoResult): string {
  const here = (name: string): ScenarioResult | undefined =>
    results.find(
      (result) => result.client === "trunkline" && result.name === name && result.concurrency === MOST,
    );
  const count = (name: string): string => grouped(here(name)?.connections ?? 0);
  const inGo = (name: string): string => grouped(goConnections(go, name, MOST) ?? 0);
  const when = go.measured ? "measured beside it just now" : "stored figures";
  const cancelled = here("large bodies cancelled");
  return [
    `No, a client per task does not close connections: ${grouped(REQUESTS)} POSTs, ${MOST} at once, took ` +
      `${plural(here("new client each")?.connections ?? 0, "connection")} with a new Client each and ` +
      `${count("one shared client")} with one shared Client, because both use the same Transport.`,
    `Nor does sharing a client help by itself: Go (${go.version}, ${when}) opened ${inGo(goNames.clientEach)} with a client each and ` +
      `${inGo(goNames.shared)} with one shared client, because it keeps only two idle connections per host (with ` +
      `MaxIdleConnsPerHost=100 it opened ${inGo(goNames.idleCap100)}), and the same cap of two made ` +
      `${count("shared, idle cap 2")} here.`,
    `What costs a connection for each request is a transport per request (${count("new transport each")} here, ` +
      `${inGo(goNames.transportEach)} in Go) and bodies left unread (${inGo(goNames.unread)} in Go when closed unread; here ` +
      `${grouped(cancelled?.connections ?? 0)} for ${grouped(cancelled?.requests ?? 0)} cancelled ones of 1 MiB, while small ones ` +
      `cost nothing), so keep one transport, read or close every body, and let the idle cap cover your concurrency.`,
  ].join(" ");
}

/** The code of the warning that a transport is made for each request, which is what one scenario does on purpose. */
const PER_REQUEST = "TRUNKLINE_TRANSPORT_PER_REQUEST";

/** Keeps that one warning from being printed in the middle of the demo; every other one is printed as ever. */
function muteTransportWarning(): { end(): void } {
  const printers = process.listeners("warning");
  process.removeAllListeners("warning");
  const listener = (warning: Error & { code?: string }): void => {
    if (warning.code === PER_REQUEST) return;
    for (const print of printers) print.call(process, warning);
  };
  process.on("warning", listener);
  return {
    end: () => {
      process.off("warning", listener);
      for (const print of printers) process.on("warning", print);
    },
  };
}
