import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import { hasHandle, isMock } from "./real-socket.js";

function withHandle(handle: object): Socket {
  return Object.assign(new Socket(), { _handle: handle, connecting: false });
}

test("isMock: a handle that an interceptor has put methods on and never opened is none of the system's", () => {
  const own = { getpeername: () => {} };
  const mocked = withHandle({ fd: -1, ...own });
  const opened = withHandle({ fd: 7, ...own });
  const real = withHandle(Object.create({ fd: -1, ...own }) as object);
  assert.deepEqual([mocked, opened, real].map(isMock), [true, false, false]);
  assert.deepEqual([mocked, opened, real].map(hasHandle), [false, true, true]);
});
