import assert from "node:assert/strict";
import { test } from "node:test";
import { buildReport } from "./build.js";
import { NO_FACTS, noOriginFacts } from "./facts.js";

test("reportText: does not call it reuse when no connection could be made", () => {
  const facts = {
    ...noOriginFacts("http://a.test", "trunkline"),
    counts: { requests: 5, failed: 5, dialFailures: 5 },
  };
  const text = String(buildReport({ ...NO_FACTS, origins: [facts] }));
  assert.match(
    text,
    /^5 requests, and no connection was made for them; 5 failed \(other × 5\)\.\n\n1 finding, the worst first:\n/,
  );
  assert.match(text, /\nhttp:\/\/a\.test: 5 requests, 0 connections$/);
  assert.doesNotMatch(text, /reuse/);
});
