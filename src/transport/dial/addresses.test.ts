import assert from "node:assert/strict";
import { test } from "node:test";
import { FAILURE_MEMORY_MS, FailedAddresses, interleaveFamilies, MAX_FAILED_ADDRESSES } from "./addresses.js";

const v4 = (last: number) => ({ address: `192.0.2.${last}`, family: 4 });
const v6 = (last: number) => ({ address: `2001:db8::${last}`, family: 6 });

test("interleaveFamilies: families take turns, the resolver's first family first", () => {
  assert.deepEqual(interleaveFamilies([v6(1), v6(2), v6(3), v4(1)]), [v6(1), v4(1), v6(2), v6(3)]);
  assert.deepEqual(interleaveFamilies([v4(1), v6(1), v6(2), v4(2)]), [v4(1), v6(1), v4(2), v6(2)]);
  assert.deepEqual(interleaveFamilies([v4(1), v6(1), v6(2)]), [v4(1), v6(1), v6(2)]);
  assert.deepEqual(interleaveFamilies([v4(2), v4(1)]), [v4(2), v4(1)]);
  assert.deepEqual(interleaveFamilies([]), []);
});

test("FailedAddresses: an address that failed lately goes last, until it connects or is forgiven", () => {
  const memory = new FailedAddresses();
  const all = [v6(1), v4(1), v6(2)];
  memory.failed("2001:db8::1", 443, 1_000);
  assert.deepEqual(memory.order(all, 443, 2_000), [v4(1), v6(2), v6(1)]);
  assert.deepEqual(memory.order(all, 80, 2_000), all, "another port is another server");
  assert.deepEqual(memory.order(all, 443, 1_000 + FAILURE_MEMORY_MS), all);
  memory.connected("2001:db8::1", 443);
  assert.deepEqual(memory.order(all, 443, 2_000), all);
});

test("FailedAddresses: remembers a bounded number, the latest", () => {
  const memory = new FailedAddresses();
  for (let port = 0; port <= MAX_FAILED_ADDRESSES; port++) memory.failed("192.0.2.1", port, 0);
  const order = (port: number) => memory.order([v4(1), v4(2)], port, 1);
  assert.deepEqual(order(0), [v4(1), v4(2)], "the oldest is forgotten");
  assert.deepEqual(order(1), [v4(2), v4(1)]);
  memory.clear();
  assert.deepEqual(order(1), [v4(1), v4(2)]);
});
