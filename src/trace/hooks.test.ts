import assert from "node:assert/strict";
import { test } from "node:test";
import { composeTraces, guardTrace, type Trace } from "./hooks.js";

test("composeTraces: calls every trace's hooks in order, with their own this, and has no hook that none has", () => {
  const seen: string[] = [];
  const first = {
    name: "first",
    wroteHeaders() {
      seen.push(this.name);
    },
  };
  const trace = composeTraces(first, undefined, {
    wroteHeaders: () => seen.push("second"),
    closed: () => {},
  });
  trace.wroteHeaders?.();
  assert.deepEqual(seen, ["first", "second"]);
  assert.deepEqual(Object.keys(trace).sort(), ["closed", "wroteHeaders"]);
  assert.deepEqual(Object.keys(composeTraces()), []);
  const only: Trace = { queued: () => {} };
  assert.equal(composeTraces(undefined, only), only);
});

test("composeTraces: a hook that throws does not keep the others from being called", () => {
  const seen: string[] = [];
  const trace = composeTraces(
    {
      wroteHeaders: () => {
        throw new Error("mine");
      },
    },
    { wroteHeaders: () => seen.push("second") },
  );
  assert.throws(() => trace.wroteHeaders?.(), /mine/);
  assert.deepEqual(seen, ["second"]);
});

test("guardTrace: runs hooks through run, and what one throws surfaces in a later turn", async () => {
  let inside = 0;
  const trace = guardTrace(
    {
      wroteHeaders: () => {
        throw new Error("mine");
      },
    },
    (callback) => {
      inside += 1;
      callback();
    },
  );
  const surfaced = new Promise<unknown>((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve);
  });
  trace.wroteHeaders?.();
  assert.equal(inside, 1);
  assert.match(String(await surfaced), /mine/);
  process.setUncaughtExceptionCaptureCallback(null);
});
