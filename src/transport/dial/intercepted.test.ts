import assert from "node:assert/strict";
import { createServer, Socket } from "node:net";
import { test } from "node:test";
import { makeDialer } from "./dial-fixture.js";
import { isIntercepted } from "./socket-view.js";

test("isIntercepted: sockets of Node's are not; one with a method or a handle of another's is", () => {
  assert.equal(isIntercepted(new Socket()), false);
  const patched = Object.assign(new Socket(), { connect: () => undefined });
  assert.equal(isIntercepted(patched as unknown as Socket), true);
  const handled = Object.assign(new Socket(), { _handle: { constructor: { name: "InternalSocket" } } });
  assert.equal(isIntercepted(handled), true);
});

test("Dialer: a socket that another took over is read as a stream, although onread was given", async () => {
  const server = createServer((socket) => socket.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const { connect } = Socket.prototype;
  // As the interceptors of nock and msw do it.
  Socket.prototype.connect = function (this: Socket, ...given: never[]) {
    Object.defineProperty(this, "connect", { value: connect, configurable: true });
    return Reflect.apply(connect, this, given) as Socket;
  } as typeof connect;
  try {
    const text = await new Promise<string>((resolve, reject) => {
      const onread = { buffer: () => Buffer.alloc(64), callback: () => assert.fail("onread was used") };
      makeDialer().dial({ host: "127.0.0.1", port, tls: false, origin: "http://test" }, onread, {
        done: ({ socket, usesOnread }) => {
          assert.equal(usesOnread, false);
          socket.on("data", (chunk: Buffer) => resolve(chunk.toString()));
        },
        failed: reject,
      });
    });
    assert.equal(text, "hello");
  } finally {
    Socket.prototype.connect = connect;
    server.close();
  }
});
