import assert from "node:assert/strict";
import { test } from "node:test";
import { Pulse } from "./pulse.js";

function beating(): { pulse: Pulse; clock: { now: number; date: number; cpu: number } } {
  const clock = { now: 1000, date: 5_000_000, cpu: 0 };
  const pulse = new Pulse({ now: () => clock.now, date: () => clock.date, cpu: () => clock.cpu });
  pulse.start();
  return { pulse, clock };
}

test("Pulse: a time in which nothing ran is a standstill, for what began before it", () => {
  const { pulse, clock } = beating();
  clock.now += 30_000;
  clock.date += 30_000;
  assert.equal(pulse.stoodStillSince(1500), true);
  assert.equal(pulse.stoodStillSince(31_000), false);
  assert.equal(pulse.stoodStillMs, 29_500);
});

test("Pulse: a machine that slept is seen by the clock that went on alone", () => {
  const { pulse, clock } = beating();
  clock.date += 60_000;
  clock.now += 10;
  assert.equal(pulse.stoodStillSince(500), true);
});

test("Pulse: code that kept the event loop busy is not a standstill, and is counted as what it is", () => {
  const { pulse, clock } = beating();
  clock.now += 5000;
  clock.date += 5000;
  clock.cpu += 4900;
  assert.equal(pulse.stoodStillSince(500), false);
  assert.deepEqual([pulse.stoodStillMs, pulse.busyMs], [0, 4500]);
});
