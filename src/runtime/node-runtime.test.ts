import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { nodeRuntime } from "./node-runtime.js";

describe("nodeRuntime", () => {
  test("setTimer: a time beyond what one of Node's timers takes is that time, not at once", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      let fired = 0;
      const timer = nodeRuntime.setTimer(() => {
        fired += 1;
      }, 2 ** 32);
      timer.setRef(false);
      mock.timers.tick(2 ** 31 - 1);
      mock.timers.tick(2 ** 31 - 1);
      assert.equal(fired, 0);
      mock.timers.tick(2);
      assert.equal(fired, 1);
      const other = nodeRuntime.setTimer(() => {
        fired += 1;
      }, 2 ** 32);
      mock.timers.tick(2 ** 31);
      other.clear();
      mock.timers.tick(2 ** 32);
      assert.equal(fired, 1);
    } finally {
      mock.timers.reset();
    }
  });

  test("setTimer: timers may be numbers, as in a browser's environment", () => {
    const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
    const cleared: unknown[] = [];
    globalThis.setTimeout = (() => 7) as never;
    globalThis.clearTimeout = (id) => cleared.push(id);
    try {
      const timer = nodeRuntime.setTimer(() => undefined, 10);
      timer.setRef(false);
      timer.setRef(true);
      timer.clear();
    } finally {
      Object.assign(globalThis, real);
    }
    assert.deepEqual(cleared, [7]);
  });

  test("setImmediate: a turn of the event loop is not a time that a test can stop", async () => {
    const { setImmediate } = globalThis;
    globalThis.setImmediate = (() => undefined) as never;
    try {
      await new Promise<void>((resolve) => nodeRuntime.setImmediate(resolve));
    } finally {
      globalThis.setImmediate = setImmediate;
    }
  });
});
