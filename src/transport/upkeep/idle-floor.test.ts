import assert from "node:assert/strict";
import { test } from "node:test";
import { PoolRoute } from "../../pool/index.js";
import { FakeRuntime } from "../../testing/index.js";
import type { Link } from "../exchange/index.js";
import { Clock } from "./clock.js";
import { IdleFloor } from "./idle-floor.js";

/** A floor of two on a clock of its own; `filled`: when it asked for connections. */
function setUp() {
  const runtime = new FakeRuntime();
  const clock = new Clock(runtime, () => {});
  const filled: number[] = [];
  const floor = new IdleFloor(2, clock, (_route, count, now) => {
    assert.equal(count, 2);
    filled.push(now);
  });
  return { runtime, filled, floor, route: new PoolRoute<Link>("key", "http://a.test") };
}

test("IdleFloor: fills at the first request, then not more than once a second, and not while enough are idle", async () => {
  const { runtime, filled, floor, route } = setUp();
  floor.used(route, runtime.now());
  floor.used(route, runtime.now());
  assert.deepEqual(filled, [0]);
  route.counts.idle = 2;
  floor.used(route, 5000);
  await runtime.advance(5000);
  assert.deepEqual(filled, [0]);
  route.counts.idle = 1;
  floor.lost(route, "server-closed-idle", runtime.now());
  await runtime.advance(1);
  floor.lost(route, "server-closed-idle", runtime.now());
  await runtime.advance(2000);
  assert.deepEqual(filled, [0, 5001, 6001]);
});

test("IdleFloor: waits longer after each dial that failed, a minute at most", async () => {
  const { runtime, filled, floor, route } = setUp();
  floor.used(route, 0);
  for (let failures = 0; failures < 8; failures += 1) {
    const before = filled.length;
    floor.lost(route, "dial-failed", runtime.now());
    while (filled.length === before) await runtime.advance(1000);
    floor.used(route, runtime.now());
  }
  const pauses = filled.slice(1).map((at, index) => at - (filled[index] as number));
  assert.deepEqual(pauses, [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test("IdleFloor: an origin without a request for five minutes is left to run empty", async () => {
  const { runtime, filled, floor, route } = setUp();
  floor.used(route, 0);
  await runtime.advance(299_000);
  floor.lost(route, "idle-timeout", runtime.now());
  await runtime.advance(500);
  assert.equal(filled.length, 2);
  await runtime.advance(1000);
  floor.lost(route, "idle-timeout", runtime.now());
  await runtime.advance(60_000);
  assert.equal(filled.length, 2);
});
