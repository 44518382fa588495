import assert from "node:assert/strict";
import { test } from "node:test";
import { buildReport } from "./build.js";
import { NO_FACTS, noOriginFacts, type OriginFacts } from "./facts.js";
import type { Report } from "./report.js";

const report = (facts: Partial<OriginFacts>): Report =>
  buildReport({ ...NO_FACTS, origins: [{ ...noOriginFacts("http://a.test", "node:http"), ...facts }] });

test("notes: little reuse without a finding is said with the figures, and no problem is not", () => {
  const one = report({
    counts: { requests: 20, connections: 15 },
    most: { demandAtOnce: 1 },
    closed: { "idle-closed-by-caller": 14 },
  });
  assert.deepEqual(one.findings, []);
  assert.match(
    one.notes[0] ?? "",
    /15 connections for 20 requests, 25 % reuse; closed because the program closed it while it was idle/,
  );
  assert.match(one.notes[0] ?? "", /not known/);
  assert.doesNotMatch(String(one), /No problems found/);
});

test("notes: ten requests, or reuse of half of them, are no note", () => {
  assert.deepEqual(report({ counts: { requests: 10, connections: 10 } }).notes, []);
  assert.deepEqual(report({ counts: { requests: 20, connections: 10 } }).notes, []);
  assert.match(String(report({ counts: { requests: 20, connections: 2 } })), /No problems found\./);
});

test("notes: requests at once explain connections over HTTP/1.1, where each needs its own, and not over HTTP/2", () => {
  const at = (protocol: "http1Connections" | "http2Connections"): string | undefined =>
    report({
      counts: { requests: 20, connections: 20, [protocol]: 20 },
      most: { demandAtOnce: 20 },
      closed: { goaway: 20 },
    }).notes[0];
  assert.match(
    at("http1Connections") ?? "",
    /because up to 20 requests came at once, each on its own connection/,
  );
  assert.match(at("http2Connections") ?? "", /closed because the server sent GOAWAY \(goaway, 20 ×\)/);
});

test("notes: Trunkline's own failures have their codes, and their messages say why", () => {
  const one = report({
    client: "trunkline",
    counts: { requests: 5, connections: 1, failed: 2 },
    failures: { ERR_TRUNKLINE_STREAM_RESET: 2 },
    closed: { aborted: 3 },
  });
  assert.match(
    one.notes[0] ?? "",
    /: 2 requests failed: ERR_TRUNKLINE_STREAM_RESET × 2\. The message of each error says why\.$/,
  );
});

test("notes: failures are split into first after a pause and any", () => {
  const one = report({
    counts: { requests: 50, connections: 5, failed: 3, failedAfterPause: 2 },
    failures: { ECONNRESET: 2, EPIPE: 1 },
    least: { failedAfter: 60_000 },
  });
  assert.match(
    one.notes[0] ?? "",
    /3 requests failed: ECONNRESET × 2, EPIPE × 1; 2 of them were the first after a pause of 60 s or longer/,
  );
  assert.deepEqual(one.failed, { ECONNRESET: 2, EPIPE: 1 });
});

test("notes: a burst, and requests that the program cancelled, are causes", () => {
  const burst = report({ counts: { requests: 40, connections: 40 }, most: { demandAtOnce: 40 } });
  assert.match(burst.notes[0] ?? "", /up to 40 requests came at once/);
  const off = report({
    counts: { requests: 24, connections: 13, failed: 12 },
    failures: { ECONNRESET: 12 },
    closed: { aborted: 12 },
  });
  assert.match(off.notes.join("\n"), /the program cancelled 12 requests/);
  assert.doesNotMatch(off.notes.join("\n"), /not known/);
});
