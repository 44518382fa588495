import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { buildReport, NO_FACTS, noOriginFacts } from "../explain/index.js";
import { reportPage, sourceLines } from "./report-page.js";

const origin = "http://a.test";
const report = buildReport({
  ...NO_FACTS,
  origins: [
    {
      ...noOriginFacts(origin, "node:http"),
      counts: { requests: 20, connections: 20, failed: 2 },
      failures: { ECONNRESET: 2 },
      closed: { "keep-alive-off": 20 },
    },
  ],
  timeline: { width: 16, points: { 100: [5, 0, 5, 0], 104: [15, 20, 15, 2] } },
});

test("reportPage: has the first line, the picture, and a button with the remedy's code", () => {
  const page = reportPage(report, { program: "node <app>.js", exitCode: 3 });
  assert.match(page, /20 requests on 20 connections: 0 % reused one; 2 failed \(ECONNRESET × 2\)/);
  assert.match(page, /node &lt;app&gt;\.js/);
  assert.match(page, /aria-label="Connections over time: at most 15 at once"/);
  assert.match(page, /20 on 20 · 1 for each/);
  assert.match(page, /data-copy="const agent = new http\.Agent\(\{ keepAlive: true \}\)"/);
  assert.match(page, /cost 20 connections/);
});

test("reportPage: loads nothing, has no script element, and its policy allows what its button does alone", () => {
  const page = reportPage(report, { program: "x", exitCode: 0 });
  const [, handler = ""] = page.match(/ onclick="([^"&]+)"/) ?? [];
  const hash = createHash("sha256").update(handler).digest("base64");
  assert.ok(
    page.includes(
      `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-hashes' 'sha256-${hash}'"`,
    ),
  );
  assert.doesNotMatch(page, /<script/);
  assert.doesNotMatch(page, /(?:src|href)="/);
});

test("sourceLines: the line that is meant and its neighbours; nothing where there is no such file or a bundle", () => {
  const here = new URL(import.meta.url).pathname;
  assert.deepEqual(
    sourceLines(`${here}:2:1`).map(({ number, meant }) => [number, meant]),
    [
      [1, false],
      [2, true],
      [3, false],
    ],
  );
  assert.deepEqual(sourceLines("/absent.js:1:1"), []);
  assert.deepEqual(sourceLines("nonsense"), []);
});
