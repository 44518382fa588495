import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "./run-cli.js";

interface DemoDocument {
  scenarios: {
    name: string;
    client: string;
    concurrency: number;
    requests: number;
    connections: number;
    milliseconds: number;
    reasons: { openedFor: Record<string, number>; closed: Record<string, number>; words: string };
  }[];
  go: {
    version: string;
    measured: boolean;
    rows: { name: string; concurrency: number; connections: number }[];
  };
  answer: string;
}

/** What the server must have counted, by scenario, from `atLeast` to `atMost` connections. */
const expected: Record<string, (concurrency: number, requests: number) => [atLeast: number, atMost: number]> =
  {
    "new client each": (concurrency) => [1, concurrency],
    "one shared client": (concurrency) => [1, concurrency],
    "shared, idle cap 2": (concurrency, requests) =>
      concurrency <= 2 ? [1, 1] : [2 * concurrency, requests + concurrency],
    "new transport each": (_concurrency, requests) => [requests, requests],
    "small bodies unread": (concurrency) => [1, concurrency],
    "large bodies unread": (_concurrency, requests) => [requests, requests],
    "large bodies cancelled": (_concurrency, requests) => [requests, requests],
  };

test("demo --json: its numbers are the servers' own, and trunkline's are what its design promises", async () => {
  const started = performance.now();
  // Without Go in the path: what is measured there is Go's business, and building it would take most of the time.
  const { code, stdout, stderr } = await runCli(["demo", "--json"], { env: { PATH: "/no/go/here" } });
  const seconds = (performance.now() - started) / 1000;
  assert.deepEqual([code, stderr], [0, ""]);
  const { scenarios, go, answer } = JSON.parse(stdout) as DemoDocument;

  for (const [name, range] of Object.entries(expected)) {
    const rows = scenarios.filter((row) => row.client === "trunkline" && row.name === name);
    assert.deepEqual(
      rows.map((row) => row.concurrency),
      [1, 10, 100],
      name,
    );
    for (const { concurrency, requests, connections, reasons } of rows) {
      const [atLeast, atMost] = range(concurrency, requests);
      const where = `${name}, ${concurrency} at once: ${connections} connections`;
      assert.ok(
        connections >= atLeast && connections <= atMost,
        `${where}, expected ${atLeast} to ${atMost}`,
      );
      // Every connection the server counted has its reason in the client.
      const opened = Object.values(reasons.openedFor).reduce((sum, count) => sum + count, 0);
      assert.equal(opened, connections, where);
      assert.notEqual(reasons.words, "");
    }
  }
  const capped = scenarios.find((row) => row.name === "shared, idle cap 2" && row.concurrency === 100);
  assert.ok((capped?.reasons.closed["max-idle-per-origin"] ?? 0) > 0, "the cap is named as the reason");
  for (const client of ["fetch", "http-agent", "http-new-agent"]) {
    assert.equal(scenarios.filter((row) => row.client === client).length, 3, client);
  }
  for (const { requests } of scenarios.filter((row) => row.client === "http-new-agent"))
    assert.equal(requests, 1000);

  assert.deepEqual([go.version, go.measured], ["1.19.8", false]);
  assert.match(answer, /761 .*748/);
  assert.equal(
    answer.split(/\.(?= [A-Z]|$)/).filter((sentence) => sentence !== "").length,
    3,
    "three sentences",
  );
  assert.ok(seconds < 60, `it took ${seconds.toFixed(1)} s`);
});

test("demo: prints the table, Go's stored figures and the answer, and no pictures into a pipe", async () => {
  const { code, stdout, stderr } = await runCli(["demo"], { env: { PATH: "/no/go/here" } });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^A new HTTP client for every task: are the TCP connections closed\?\n/);
  assert.match(stdout, /trunkline, new client each +1 +1,000 +1 +99\.9% +\S+ ms/);
  assert.match(stdout, /Go 1\.19\.8's own client .*stored figures/);
  assert.match(stdout, /No, a client per task does not close connections/);
  assert.doesNotMatch(stdout, /\u001b|█/);
});
