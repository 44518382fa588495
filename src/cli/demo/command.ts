import type { Run } from "../command.js";
import type { Context } from "../context.js";
import { exitCode } from "../exit.js";
import { packageOf } from "../package.js";
import { Progress } from "../render/index.js";
import { wrap } from "../wrap.js";
import { answer } from "./answer.js";
import { type GoResult, startGo, storedGo } from "./go.js";
import { measure } from "./measure.js";
import { muteTransportWarning } from "./mute-warning.js";
import { otherScenarios } from "./other-scenarios.js";
import { goTable, picture, scenarioTable } from "./picture.js";
import type { ScenarioResult } from "./scenario.js";
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
