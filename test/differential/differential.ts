// Each scenario is played to Trunkline and to Go's net/http by a raw server that records what arrives; the records
// must be equal, but for the differences that are listed with their reasons. `.ci/steps/40-go-differential.sh` runs it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { selfSigned } from "../../src/testing/index.js";
import { differences, type Known, type KnownDifferences, matches, readJSON, trimmed } from "./compare.js";
import { type GoDriver, startGoDriver } from "./go-driver.js";
import { Recorder } from "./recorder.js";
import { Http2Recorder, speaksHttp2 } from "./recorder-http2.js";
import type { Driver, Observed, Scenario } from "./scenario.js";
import { trunklineDriver } from "./trunkline-driver.js";

const program = process.env["TRUNKLINE_GO_DRIVER"];
if (program === undefined)
  throw new Error("TRUNKLINE_GO_DRIVER must name the program built from test/differential/go");

/** Over HTTP/2: the scenarios that are not about the octets or the connections of HTTP/1.1. */
const secure = process.env["TRUNKLINE_HTTP2"] === "1";
const certificate = secure ? selfSigned({ names: ["127.0.0.1"] }) : undefined;
const all = readJSON<Scenario[]>("scenarios.json");
const scenarios = secure ? all.filter(speaksHttp2) : all;
const general = readJSON<KnownDifferences>("differences.json");
/** What is different in HTTP/2 alone, beside that. */
const own = secure ? readJSON<Known[]>("differences-http2.json") : general.differences;
const known = secure ? { ...general, differences: [...own, ...general.differences] } : general;
const used = new Set<string>();
let go: GoDriver;

before(async () => {
  go = await startGoDriver(program);
});
after(() => go[Symbol.dispose]());

async function observe(driver: Driver, scenario: Scenario): Promise<Observed> {
  await using recorder =
    certificate === undefined
      ? await Recorder.start(scenario)
      : await Http2Recorder.start(scenario, certificate);
  const [a, b] = recorder.hosts;
  const outcomes = await driver.run({ scenario, a, b, secure });
  const named = JSON.stringify(outcomes).replaceAll(a, "{A}").replaceAll(b, "{B}");
  return trimmed(
    { connections: recorder.connections(), outcomes: JSON.parse(named) as Observed["outcomes"] },
    known,
  );
}

test("scenarios: each has a name of its own", () => {
  assert.equal(new Set(scenarios.map(({ name }) => name)).size, scenarios.length);
});

for (const scenario of scenarios) {
  test(scenario.name, async () => {
    const ours = await observe(trunklineDriver, scenario);
    const theirs = await observe(go, scenario);
    const unlisted = differences(ours, theirs).filter((difference) => {
      const path = difference.slice(0, difference.indexOf(": "));
      const listed = known.differences.find(
        (one) => matches(one.scenario, scenario.name) && one.at.some((pattern) => matches(pattern, path)),
      );
      if (listed !== undefined) used.add(listed.scenario);
      return listed === undefined;
    });
    assert.deepEqual(unlisted, [], `Trunkline | ${go.version}, not in differences.json`);
  });
}

test("differences.json: names only differences that there are", (context) => {
  const stale = own
    .filter(({ scenario, sometimes }) => sometimes !== true && !used.has(scenario))
    .map(({ scenario }) => scenario);
  assert.deepEqual(stale, [], `with ${go.version}`);
  context.diagnostic(
    `${scenarios.length} scenarios over ${secure ? "HTTP/2" : "HTTP/1.1"}, ${go.version}, ${known.differences.length} kinds of difference with a reason`,
  );
});
