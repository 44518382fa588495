import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CountingServer } from "./counting-server.js";
import { observed } from "./observed.js";

const run = promisify(execFile);
const REQUESTS = 300;
// Nothing is downloaded, whatever go.mod there may be above.
const env = { ...process.env, GO111MODULE: "off", GOTOOLCHAIN: "local", GOPROXY: "off", GOFLAGS: "" };

/** Go's minor version, or `undefined` where there is no Go. */
const minor = await run("go", ["version"], { env }).then(
  ({ stdout }) => Number(/go1\.(\d+)/.exec(stdout)?.[1] ?? Number.NaN),
  () => undefined,
);
const skip = minor === undefined ? "there is no Go here" : false;

let folder = "";
let program = "";

before(
  async () => {
    if (minor === undefined) return;
    folder = await mkdtemp(join(tmpdir(), "trunkline-observe-"));
    program = join(folder, "founding-question");
    const source = fileURLToPath(new URL("../../../examples/go/founding-question/main.go", import.meta.url));
    await run("go", ["build", "-o", program, source], { env });
  },
  { timeout: 120_000 },
);

after(async () => {
  if (folder !== "") await rm(folder, { recursive: true, force: true });
});

interface Expectation {
  readonly scenario: string;
  readonly concurrency: number;
  readonly requests?: number;
  /** From and to how many connections. */
  readonly connections: readonly [atLeast: number, atMost: number];
  /** The finding that names the cause, or `undefined` where nothing is wrong. */
  readonly cause: string | undefined;
}

/** From Go 1.27 on, Close reads what is left of a small body, so the connection is kept. */
const drains = (minor ?? 0) >= 27;

const expectations: readonly Expectation[] = [
  { scenario: "new client each", concurrency: 1, connections: [1, 1], cause: undefined },
  { scenario: "one shared client", concurrency: 1, connections: [1, 1], cause: undefined },
  // Go keeps two idle connections to a host unless it is told otherwise.
  {
    scenario: "new client each",
    concurrency: 10,
    requests: 1000,
    connections: [12, 1000],
    cause: "idle-limit-churn",
  },
  {
    scenario: "new client each",
    concurrency: 100,
    requests: 1000,
    connections: [102, 1000],
    cause: "idle-limit-churn",
  },
  { scenario: "shared, MaxIdleConnsPerHost=100", concurrency: 100, connections: [1, 200], cause: undefined },
  {
    scenario: "closed unread",
    concurrency: 1,
    connections: drains ? [1, 2] : [REQUESTS, REQUESTS],
    cause: drains ? undefined : "body-unread",
  },
  ...(drains
    ? []
    : ([
        {
          scenario: "closed unread",
          concurrency: 100,
          connections: [REQUESTS, REQUESTS],
          cause: "body-unread",
        },
      ] as const)),
  {
    scenario: "new transport each",
    concurrency: 1,
    connections: [REQUESTS, REQUESTS],
    cause: "client-per-request",
  },
  {
    scenario: "new transport each",
    concurrency: 100,
    connections: [REQUESTS, REQUESTS],
    cause: "client-per-request",
  },
  { scenario: "keep-alive off", concurrency: 1, connections: [REQUESTS, REQUESTS], cause: "keep-alive-off" },
  {
    scenario: "keep-alive off",
    concurrency: 100,
    connections: [REQUESTS, REQUESTS],
    cause: "keep-alive-off",
  },
];

for (const { scenario, concurrency, requests = REQUESTS, connections, cause } of expectations) {
  const what = cause === undefined ? "finds nothing" : `names ${cause}`;
  test(`observe: ${what} when Go does "${scenario}", ${concurrency} at once`, { skip }, async () => {
    const options = ["-concurrency", `${concurrency}`, "-requests", `${requests}`];
    const seen = await observed([program, "-target", "{url}/", "-scenario", scenario, ...options]);
    assert.equal(seen.requests, requests);
    const [atLeast, atMost] = connections;
    const count = seen.connections;
    assert.ok(count >= atLeast && count <= atMost, `${count} connections, expected ${atLeast} to ${atMost}`);
    // 100 at once is a burst, whatever else is wrong; how many are open at the same moment depends on the machine.
    const kinds = seen.kinds.filter((kind) => kind !== "unbounded-burst" && kind !== "over-dialing");
    assert.deepEqual(kinds, cause === undefined ? [] : [cause], JSON.stringify(seen.report.facts.origins));
    for (const finding of seen.report.findings) assert.notEqual(finding.doubt, undefined, finding.kind);
    assert.deepEqual(
      seen.report.facts.origins.map((one) => one.client),
      ["go"],
    );
    if (atLeast !== atMost) return;
    // Where it does not depend on chance: without the observer it is the same.
    await using server = await CountingServer.start();
    await run(program, ["-target", `${server.origin}/`, "-scenario", scenario, ...options]);
    assert.deepEqual([server.requests, server.connections], [seen.requests, seen.connections]);
  });
}
