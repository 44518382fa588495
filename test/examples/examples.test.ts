import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = new URL("../../../examples/", import.meta.url);

/** What each example prints; the founding question has a test of its own. */
const outputs: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  "client-per-tenant": ["50 tenants, 50 with their own credentials, 1 connection"],
  download: [
    "all of 50000000 bytes are here",
    "50000000 bytes on disk",
    "seen enough",
    "closed as body-abandoned, by the caller",
  ],
  "explain-a-slow-service": [
    /\(idle-limit-churn\)$/m,
    /maxIdleConnectionsPerOrigin: 10 \}/,
    /^205 requests on 10 connections: 95\.1 % reused one; none failed; at most 10 connections open at once\.$/m,
    /^No problems found\.$/m,
    /^\(the server accepted 10 connections\)$/m,
  ],
  testing: [
    "mocked: one request, no network",
    "scripted: 2 connections, the first ended as server-closed-idle",
    "virtual clock: 10000 ms passed",
  ],
  "timeouts-and-errors": [
    "a slow answer: headersTimeout of 500 ms passed in phase headers",
    "a limit for the whole call: timeout of 900 ms passed in phase body",
    "an abort: TimeoutError",
    "an answer cut off: ERR_TRUNKLINE_RESPONSE_CUT in phase body, safe to send again: false",
    "nobody listens: ERR_TRUNKLINE_CONNECTION_REFUSED in phase connect, safe to send again: true",
    "a status of 404: status 404",
    "a header that cannot be: TypeError",
    "a good one: fine",
  ],
  "what-if": [
    /^with a cap of 2 the server accepted 1[0-9]{2} connections$/m,
    /^With maxIdleConnectionsPerOrigin: 10, \d+ of \d+ dials would have been reuses, leaving \d+\.$/m,
    /^with a cap of 10 the server accepted 10 connections$/m,
  ],
  upload: ["sent 1000000 bytes in several pieces, the server got 1000000", "multipart/form-data; boundary=…"],
};

for (const [name, expected] of Object.entries(outputs)) {
  test(`examples/${name}: prints what its documents say, and ends by itself`, async () => {
    const file = fileURLToPath(new URL(`${name}.mjs`, folder));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { timeout: 30_000 });
    assert.equal(stderr, "");
    const exact = expected.every((line) => typeof line === "string");
    if (exact) assert.deepEqual(stdout.trimEnd().split("\n"), expected);
    else for (const line of expected) assert.match(stdout, line as RegExp);
  });
}

test("examples: every one has a test", () => {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".mjs"))
    .map((name) => name.slice(0, -4));
  assert.deepEqual(names.sort(), ["founding-question", ...Object.keys(outputs)].sort());
});
