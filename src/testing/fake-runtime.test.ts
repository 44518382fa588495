import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { SocketOptions } from "../runtime/index.js";
import { FakeRuntime, type FakeSocket } from "./index.js";

test("FakeRuntime.advance: runs timers in the order of their times, immediates and promises in between", async () => {
  const runtime = new FakeRuntime();
  runtime.setTimer(() => runtime.note("late"), 20);
  const dropped = runtime.setTimer(() => runtime.note("never"), 5);
  runtime.setTimer(() => {
    runtime.note("first");
    dropped.clear();
    void Promise.resolve().then(() => runtime.note("promise"));
    runtime.setImmediate(() => {
      runtime.note("immediate");
      runtime.setImmediate(() => runtime.note("next immediate"));
    });
    runtime.setTimer(() => runtime.note("second"), 0);
  }, 2.5);
  await runtime.advance(10);
  assert.deepEqual(runtime.log, [
    "at(2.5) first",
    "at(2.5) promise",
    "at(2.5) immediate",
    "at(2.5) next immediate",
    "at(3.5) second",
  ]);
  assert.deepEqual([runtime.now(), runtime.timers], [10, { set: 1, refed: 1 }]);
  assert.equal(runtime.wallNow(), Date.UTC(2024, 0, 1) + 10);
  runtime.jumpWallClock(5000);
  await runtime.advance(10);
  assert.equal(runtime.wallNow(), Date.UTC(2024, 0, 1) + 5020);
  assert.equal(runtime.log.at(-1), "at(20) late");
  assert.equal(runtime.timers.set, 0);
});

test("FakeRuntime.setTimer: an unref'd timer is counted as such, and a cleared one not at all", () => {
  const runtime = new FakeRuntime();
  const timer = runtime.setTimer(() => {}, 5);
  timer.setRef(false);
  assert.deepEqual(runtime.timers, { set: 1, refed: 0 });
  timer.clear();
  timer.clear();
  assert.deepEqual(runtime.timers, { set: 0, refed: 0 });
});

const lookup = (runtime: FakeRuntime, name: string, family?: number): Promise<string[]> =>
  new Promise((resolve, reject) => {
    runtime.lookup(name, { all: true, ...(family !== undefined && { family }) }, (error, addresses) =>
      error === null
        ? resolve(addresses.map(({ address, family: of }) => `${of} ${address}`))
        : reject(error),
    );
  });

test("FakeRuntime.lookup: answers, fails and delays as told", async () => {
  const runtime = new FakeRuntime();
  runtime.host("a.test", { addresses: ["192.0.2.1", "2001:db8::1"], after: 20 });
  runtime.host("b.test", { fails: "EAI_AGAIN" });
  assert.deepEqual(await runtime.run(lookup(runtime, "a.test")), ["4 192.0.2.1", "6 2001:db8::1"]);
  assert.deepEqual(await runtime.run(lookup(runtime, "a.test", 6)), ["6 2001:db8::1"]);
  assert.deepEqual(await runtime.run(lookup(runtime, "::1")), ["6 ::1"]);
  await assert.rejects(runtime.run(lookup(runtime, "b.test")), { code: "EAI_AGAIN", syscall: "getaddrinfo" });
  await assert.rejects(runtime.run(lookup(runtime, "c.test")), { code: "ENOTFOUND", hostname: "c.test" });
  assert.deepEqual(runtime.log.slice(0, 2), [
    "at(0) lookup a.test",
    "at(20) resolved a.test 192.0.2.1 2001:db8::1",
  ]);
  runtime.host("d.test", { blackHole: true });
  await assert.rejects(
    runtime.run(lookup(runtime, "d.test")),
    /nothing is left to happen and the condition does not hold; what happened:\nat\(0\) lookup a.test/,
  );
});

test("FakeRuntime.connect: connects, fails, stays silent and is cancelled on the virtual clock", async () => {
  const runtime = new FakeRuntime();
  runtime.address("192.0.2.1", { after: 30, fails: "ECONNREFUSED" }, { after: 5 });
  runtime.address("[2001:db8::1]:443", { blackHole: true });
  const refused = runtime.connect({ host: "192.0.2.1", port: 80 });
  const silent = runtime.connect({ host: "2001:db8::1", port: 443 });
  const failure = once(refused, "error");
  await runtime.advance(100);
  const [error] = (await failure) as [NodeJS.ErrnoException];
  assert.equal(error.message, "connect ECONNREFUSED 192.0.2.1:80");
  assert.equal(silent.connecting, true);
  silent.destroy();
  const second = runtime.connect({ host: "192.0.2.1", port: 80 });
  assert.equal(second.remoteAddress, undefined);
  await runtime.run(once(second, "connect"));
  assert.deepEqual([second.connecting, second.remoteAddress, second.remotePort], [false, "192.0.2.1", 80]);
  assert.deepEqual(runtime.openSockets, [second]);
  assert.deepEqual(runtime.log, [
    "at(0) dial 192.0.2.1:80",
    "at(0) dial [2001:db8::1]:443",
    "at(30) failed 192.0.2.1:80 ECONNREFUSED",
    "at(100) cancelled [2001:db8::1]:443",
    "at(100) dial 192.0.2.1:80",
    "at(105) connected 192.0.2.1:80",
  ]);
});

test("FakeRuntime.connect: for TLS there is connect, then secureConnect, or an error", async () => {
  const runtime = new FakeRuntime();
  runtime.address(
    "192.0.2.1",
    { after: 10, secureAfter: 20, alpn: "h2" },
    { secureFails: "CERT_HAS_EXPIRED" },
  );
  const tls = { servername: "a.test" };
  const socket = runtime.connect({ host: "192.0.2.1", port: 443, tls });
  socket.on("connect", () => runtime.note("connect event"));
  await runtime.run(once(socket, "secureConnect"));
  assert.deepEqual([socket.alpnProtocol, socket.authorized, socket.getProtocol()], ["h2", true, "TLSv1.3"]);
  const failure = once(runtime.connect({ host: "192.0.2.1", port: 443, tls }), "error");
  await runtime.advance(0);
  assert.equal(((await failure) as [NodeJS.ErrnoException])[0].code, "CERT_HAS_EXPIRED");
  assert.deepEqual(runtime.log.slice(1, 4), [
    "at(10) connected 192.0.2.1:443",
    "at(10) connect event",
    "at(30) secured 192.0.2.1:443",
  ]);
});

const open = async (runtime: FakeRuntime, options: SocketOptions = {}): Promise<FakeSocket> => {
  const socket = runtime.connect({ host: "192.0.2.1", port: 80, ...options });
  await runtime.run(once(socket, "connect"));
  return socket;
};

test("FakeSocket: bytes, ends and resets travel both ways, each after the latency", async () => {
  const runtime = new FakeRuntime().address("192.0.2.1", { latency: 5 });
  runtime.onConnect((connected) => connected.peer.write("hello"));
  const socket = runtime.connect({ host: "192.0.2.1", port: 80 });
  socket.write("early ");
  socket.on("data", (chunk: Buffer) => runtime.note(`client got ${chunk}`));
  socket.on("end", () => runtime.note("client got the end"));
  socket.on("close", () => runtime.note("client closed"));
  const { peer } = socket;
  peer.on("end", () => runtime.note("peer got the end"));
  await runtime.advance(10);
  socket.write("bytes");
  await runtime.advance(10);
  assert.equal(peer.received.toString(), "early bytes");
  peer.end("bye");
  await runtime.advance(100);
  assert.deepEqual(runtime.log, [
    "at(0) dial 192.0.2.1:80",
    "at(0) connected 192.0.2.1:80",
    "at(5) client got hello",
    "at(25) client got bye",
    "at(25) client got the end",
    "at(25) end 192.0.2.1:80",
    "at(25) closed 192.0.2.1:80",
    "at(25) client closed",
    "at(30) peer got the end",
  ]);
  const reset = await open(runtime);
  const failure = once(reset, "error");
  reset.peer.reset();
  await runtime.advance(5);
  assert.equal(((await failure) as [NodeJS.ErrnoException])[0].code, "ECONNRESET");
  const mine = await open(runtime);
  const seen = once(mine.peer, "error");
  mine.resetAndDestroy();
  await runtime.advance(5);
  assert.equal(((await seen) as [NodeJS.ErrnoException])[0].code, "ECONNRESET");
});

test("FakeSocket with onread: fills the buffer it is given, stops at false, goes on at resume", async () => {
  const runtime = new FakeRuntime();
  const got: string[] = [];
  let goOn = false;
  let asked = 0;
  const small = Buffer.alloc(4);
  const socket = await open(runtime, {
    onread: {
      buffer: () => {
        asked += 1;
        return small;
      },
      callback: (count, buffer) => {
        got.push(Buffer.from(buffer.subarray(0, count)).toString());
        return goOn;
      },
    },
  });
  socket.on("data", () => assert.fail("onread takes the place of data"));
  socket.pause();
  socket.resume();
  socket.on("end", () => got.push("end"));
  socket.peer.end("abcdefghij");
  await runtime.advance(0);
  assert.deepEqual([got, asked, socket.bytesRead], [["abcd"], 2, 4]);
  goOn = true;
  socket.resume();
  await runtime.advance(0);
  assert.deepEqual([got, asked], [["abcd", "efgh", "ij", "end"], 4]);
  assert.equal(socket.destroyed, true);
});

test("FakeSocket with onread: an empty buffer is ENOBUFS", async () => {
  const runtime = new FakeRuntime();
  const socket = await open(runtime, { onread: { buffer: new Uint8Array(0), callback: () => true } });
  const failure = once(socket, "error");
  socket.peer.write("x");
  await runtime.advance(0);
  assert.equal(((await failure) as [NodeJS.ErrnoException])[0].code, "ENOBUFS");
});

test("FakeSocket: a peer that does not read holds the client's writes back, and the reverse", async () => {
  const runtime = new FakeRuntime();
  const socket = await open(runtime);
  socket.peer.pause();
  const block = Buffer.alloc(65_536);
  let flushed = 0;
  for (let count = 0; count < 4; count += 1) socket.write(block, () => (flushed += 1));
  await runtime.advance(0);
  assert.equal(flushed, 1);
  socket.peer.resume();
  await runtime.advance(0);
  assert.equal(flushed, 4);
  let sent = 0;
  for (let count = 0; count < 4; count += 1) socket.peer.write(block, () => (sent += 1));
  await runtime.advance(0);
  assert.ok(sent < 4);
  socket.resume();
  await runtime.advance(0);
  assert.equal(sent, 4);
});
