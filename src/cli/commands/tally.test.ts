import assert from "node:assert/strict";
import { test } from "node:test";
import { Tally } from "./tally.js";

test("Tally: latency is exact, by nearest rank, in milliseconds with microseconds", () => {
  const tally = new Tally();
  for (let value = 2000; value >= 1; value--) tally.answered(200, value + 0.00049, 10);
  assert.deepEqual(tally.latency(), { p50: 1000, p90: 1800, p99: 1980, max: 2000 });
  assert.equal(tally.received, 20_000);
});

test("Tally: latency of nothing is empty, and failures do not count in it", () => {
  const tally = new Tally();
  tally.failedWith("refused");
  assert.deepEqual(tally.latency(), {});
  assert.equal(tally.status, undefined);
  assert.deepEqual([tally.requests, tally.failed], [1, 1]);
  tally.answered(200, 5, 0);
  assert.deepEqual(tally.latency(), { p50: 5, p90: 5, p99: 5, max: 5 });
});

test("Tally: status is the commonest one", () => {
  const tally = new Tally();
  for (const status of [503, 200, 200, 404]) tally.answered(status, 1, 0);
  assert.equal(tally.status, 200);
});

test("Tally: counts failures by message, and an endless variety together", () => {
  const tally = new Tally();
  for (let index = 0; index < 150; index++) tally.failedWith(`failure ${index}`);
  tally.failedWith("failure 0");
  assert.equal(tally.failures.get("failure 0"), 2);
  assert.equal(tally.failures.get("other failures"), 50);
  assert.equal(tally.failures.size, 101);
});
