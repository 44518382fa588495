import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { observed } from "./observed.js";

/** Whether a program can be run here. */
function has(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const example = (path: string): string =>
  fileURLToPath(new URL(`../../../examples/${path}`, import.meta.url));
const noPython = has("python3", "--version") ? false : "there is no Python here";
const noRequests =
  noPython === false && has("python3", "-c", "import requests") ? false : "Python's requests is not here";
const noCurl = has("curl", "--version") ? false : "there is no curl here";

for (const [scenario, connections, cause, skip] of [
  ["connection each", 20, "client-per-request", noPython],
  ["one connection", 1, undefined, noPython],
  ["urlopen each", 20, "keep-alive-off", noPython],
  ["session each", 20, "client-per-request", noRequests],
  ["one session", 1, undefined, noRequests],
] as const) {
  const what = cause === undefined ? "finds nothing" : `names ${cause}`;
  test(`observe: ${what} when Python does "${scenario}"`, { skip }, async () => {
    const seen = await observed(["python3", example("python/connections.py"), scenario, "--requests", "20"]);
    assert.deepEqual(
      [seen.requests, seen.connections, seen.kinds],
      [20, connections, cause === undefined ? [] : [cause]],
    );
  });
}

for (const [how, connections, cause] of [
  ["each", 10, "client-per-request"],
  ["one", 1, undefined],
  ["close", 10, "keep-alive-off"],
] as const) {
  const what = cause === undefined ? "finds nothing" : `names ${cause}`;
  test(`observe: ${what} when curl is run as "${how}"`, { skip: noCurl }, async () => {
    const seen = await observed(["sh", example("curl/connections.sh"), how, "10"]);
    assert.deepEqual(
      [seen.requests, seen.connections, seen.kinds],
      [10, connections, cause === undefined ? [] : [cause]],
    );
    assert.equal(seen.report.facts.origins[0]?.client, "curl");
    if (how === "each") assert.match(seen.report.findings[0]?.remedy ?? "", /one run of curl/);
  });
}
