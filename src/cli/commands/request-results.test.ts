import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestResults } from "./request-results.js";

test("RequestResults: latency is exact, by nearest rank, in milliseconds with microseconds", () => {
  const results = new RequestResults();
  for (let value = 2000; value >= 1; value--) results.answered(200, value + 0.00049, 10);
  assert.deepEqual(results.latency(), { p50: 1000, p90: 1800, p99: 1980, max: 2000 });
  assert.equal(results.received, 20_000);
});

test("RequestResults: latency of nothing is empty, and failures do not count in it", () => {
  const results = new RequestResults();
  results.failedWith("refused");
  assert.deepEqual(results.latency(), {});
  assert.equal(results.status, undefined);
  assert.deepEqual([results.requests, results.failed], [1, 1]);
  results.answered(200, 5, 0);
  assert.deepEqual(results.latency(), { p50: 5, p90: 5, p99: 5, max: 5 });
});

test("RequestResults: status is the commonest one", () => {
  const results = new RequestResults();
  for (const status of [503, 200, 200, 404]) results.answered(status, 1, 0);
  assert.equal(results.status, 200);
});

test("RequestResults: counts failures by message, and an endless variety together", () => {
  const results = new RequestResults();
  for (let index = 0; index < 150; index++) results.failedWith(`failure ${index}`);
  results.failedWith("failure 0");
  assert.equal(results.failures.get("failure 0"), 2);
  assert.equal(results.failures.get("other failures"), 50);
  assert.equal(results.failures.size, 101);
});
