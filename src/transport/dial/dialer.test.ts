import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { NetworkError, TimeoutError } from "../../errors/index.js";
import type { LookupFunction, Runtime } from "../../runtime/index.js";
import {
  CONNECT_TIMEOUT,
  DELAY,
  dialOnce,
  freePort,
  gate,
  listen,
  makeDialer,
  SteeredRuntime,
  startDial,
  TLS_TIMEOUT,
} from "./dial-fixture.js";

const servers: Server[] = [];
const serve = async (onSocket: (socket: Socket) => void, where?: string): Promise<number> => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onSocket(socket);
  });
  servers.push(server);
  return listen(server, where);
};
after(() => {
  for (const server of servers) server.close();
});

const lookupOf =
  (...addresses: string[]): LookupFunction =>
  (_host, _options, callback) =>
    process.nextTick(
      callback,
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
const failingLookup =
  (code: string): LookupFunction =>
  (host, _options, callback) =>
    process.nextTick(callback, Object.assign(new Error(`getaddrinfo ${code} ${host}`), { code }), []);
const never: LookupFunction = () => {};

test("Dialer: connects, and bytes that the server sends first arrive through onread after done", async () => {
  const port = await serve((socket) => socket.end("hello"));
  const { promise, resolve } = gate();
  const bytes = { text: "", tooEarly: false, wake: resolve };
  const { result } = await dialOnce(makeDialer(), { port }, bytes);
  assert.ok(result);
  await promise;
  assert.deepEqual([bytes.text, bytes.tooEarly, result.usesOnread], ["hello", false, true]);
  assert.deepEqual(
    [result.remoteAddress, result.remotePort, result.localAddress],
    ["127.0.0.1", port, "127.0.0.1"],
  );
  assert.deepEqual(
    result.attempts.map(({ address, outcome }) => `${address} ${outcome}`),
    ["127.0.0.1 connected"],
  );
  assert.equal(result.dns, undefined, "an address is not looked up");
  assert.ok((result.connect ?? -1) >= 0);
  assert.equal(result.tls, undefined);
  result.socket.destroy();
});

test("Dialer: without onread the bytes come as stream events", async () => {
  const port = await serve((socket) => socket.end("hello"));
  const { result } = await dialOnce(makeDialer(), { port });
  assert.equal(result?.usesOnread, false);
  assert.equal(String((await once(result.socket, "data"))[0]), "hello");
});

test("Dialer: connects to a Unix socket, and the target's path wins over the setting", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trunkline-"));
  try {
    const path = join(folder, "server");
    await serve((socket) => socket.end(), path);
    const bySetting = await dialOnce(makeDialer({ socketPath: path, allowAddress: "public" }), {});
    assert.equal(bySetting.result?.attempts[0]?.address, path);
    const byTarget = await dialOnce(makeDialer({ socketPath: join(folder, "other") }), { socketPath: path });
    assert.ok(byTarget.result);
    const { error } = await dialOnce(makeDialer({ socketPath: join(folder, "none") }), {});
    assert.equal(error?.code, "ERR_TRUNKLINE_CONNECT_FAILED");
    assert.match(error.message, /could not connect to the socket .*none: .*ENOENT.*; check the path/);
    for (const { result } of [bySetting, byTarget]) result?.socket.destroy();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("Dialer: goes on to the next address when one is refused, and tries that one last for a while", async () => {
  const port = await serve((socket) => socket.end());
  const dialer = makeDialer({ lookup: lookupOf("127.0.0.2", "127.0.0.1") });
  const first = await dialOnce(dialer, { host: "two.test", port });
  assert.deepEqual(
    first.result?.attempts.map(({ address, outcome }) => `${address} ${outcome}`),
    ["127.0.0.2 refused", "127.0.0.1 connected"],
  );
  assert.ok((first.result?.dns ?? -1) >= 0);
  const second = await dialOnce(dialer, { host: "two.test", port });
  assert.deepEqual(
    second.result?.attempts.map(({ address }) => address),
    ["127.0.0.1"],
  );
  dialer.close();
  const third = await dialOnce(dialer, { host: "two.test", port });
  assert.equal(third.result?.attempts.length, 2, "close forgets");
  for (const { result } of [first, second, third]) result?.socket.destroy();
});

test("Dialer: races past an address that never answers", async () => {
  const port = await serve((socket) => socket.end());
  const steered = new SteeredRuntime();
  steered.blackHoles.add("2001:db8::1");
  const dialer = makeDialer({ lookup: lookupOf("2001:db8::1", "127.0.0.1") }, steered.runtime);
  const { settled } = startDial(dialer, { host: "two.test", port });
  await new Promise(setImmediate);
  steered.fire(DELAY);
  const { result } = await settled;
  assert.deepEqual(
    result?.attempts.map(({ address, outcome }) => `${address} ${outcome}`),
    ["127.0.0.1 connected", "2001:db8::1 lost-race"],
  );
  assert.deepEqual(steered.held, { timers: 0, sockets: 1 });
  result?.socket.destroy();
});

test("Dialer: one failed address is reported with its remedy, several with the outcome of each", async () => {
  const port = await freePort(createServer());
  const one = await dialOnce(makeDialer(), { port });
  assert.ok(one.error instanceof NetworkError);
  assert.equal(
    one.error.message,
    `could not connect to 127.0.0.1:${port}: refused; check that the server is running and listens on that port`,
  );
  assert.deepEqual(
    [one.error.code, one.error.phase, one.error.retryable],
    ["ERR_TRUNKLINE_CONNECTION_REFUSED", "connect", true],
  );
  assert.equal((one.error.cause as NodeJS.ErrnoException).code, "ECONNREFUSED");
  assert.ok((one.timings?.connect ?? -1) >= 0);
  const two = await dialOnce(makeDialer({ lookup: lookupOf("127.0.0.1", "127.0.0.2") }), {
    host: "two.test",
    port,
  });
  assert.match(
    two.error?.message ?? "",
    /^could not connect to two\.test:\d+: 127\.0\.0\.1 refused, 127\.0\.0\.2 refused; check/,
  );
  const cause = two.error?.cause;
  assert.ok(cause instanceof AggregateError);
  assert.equal(cause.errors.length, 2);
});

test("Dialer: a name without an address is a dns error that says what to check", async () => {
  const cases: readonly [LookupFunction, RegExp, boolean][] = [
    [failingLookup("ENOTFOUND"), /no address was found for gone\.test: check the spelling/, false],
    [failingLookup("EAI_AGAIN"), /the DNS server did not answer for gone\.test/, true],
    [
      failingLookup("ESERVFAIL"),
      /the DNS server could not tell whether gone\.test exists \(SERVFAIL\)/,
      true,
    ],
    [lookupOf(), /the lookup of gone\.test returned no usable IP address/, false],
  ];
  for (const [lookup, message, retryable] of cases) {
    const { error, attempts, timings } = await dialOnce(makeDialer({ lookup }), { host: "gone.test" });
    assert.deepEqual([error?.code, error?.phase, error?.retryable], ["ERR_TRUNKLINE_DNS", "dns", retryable]);
    assert.match(error?.message ?? "", message);
    assert.deepEqual(attempts, []);
    assert.ok((timings?.dns ?? -1) >= 0);
  }
});

test("Dialer: connectTimeout covers the lookup, and the error says the time went there", async () => {
  const steered = new SteeredRuntime();
  const { settled } = startDial(makeDialer({ lookup: never }, steered.runtime), {
    host: "slow.test",
    port: 80,
  });
  steered.fire(CONNECT_TIMEOUT);
  const { error, timings } = await settled;
  assert.ok(error instanceof TimeoutError);
  assert.deepEqual(
    [error.code, error.phase, error.timeout, error.milliseconds],
    ["ERR_TRUNKLINE_CONNECT_TIMEOUT", "dns", "connectTimeout", CONNECT_TIMEOUT],
  );
  assert.match(
    error.message,
    /slow\.test:80 within connectTimeout \(10001 ms\): the name was still being resolved/,
  );
  assert.deepEqual([Object.keys(timings ?? {}), Object.keys(error.spent)], [["dns"], ["dns"]]);
  assert.deepEqual(steered.held, { timers: 0, sockets: 0 });
});

test("Dialer: connectTimeout ends the race, and the error lists every address", async () => {
  const steered = new SteeredRuntime();
  for (const address of ["192.0.2.1", "2001:db8::1"]) steered.blackHoles.add(address);
  const { settled } = startDial(
    makeDialer({ lookup: lookupOf("192.0.2.1", "2001:db8::1") }, steered.runtime),
    { host: "hole.test", port: 80 },
  );
  await new Promise(setImmediate);
  steered.fire(DELAY);
  steered.fire(CONNECT_TIMEOUT);
  const { error, attempts, timings } = await settled;
  assert.ok(error instanceof TimeoutError);
  assert.equal(error.phase, "connect");
  assert.match(
    error.message,
    /hole\.test:80 within connectTimeout \(10001 ms\): 192\.0\.2\.1 timed out after \d+ ms, 2001:db8::1 timed out after \d+ ms; check/,
  );
  assert.deepEqual(
    attempts?.map(({ outcome }) => outcome),
    ["timed-out", "timed-out"],
  );
  assert.deepEqual(Object.keys(timings ?? {}), ["dns", "connect"]);
  assert.deepEqual(steered.held, { timers: 0, sockets: 0 });
});

test("Dialer: limits of Infinity set no timer", async () => {
  const steered = new SteeredRuntime();
  const dialer = makeDialer({ lookup: never, connectTimeout: Number.POSITIVE_INFINITY }, steered.runtime);
  const { pending } = startDial(dialer, { host: "slow.test" });
  assert.equal(steered.timers.size, 0);
  pending.cancel();
});

test("Dialer: allowAddress is asked before each connect, for literals too", async () => {
  const port = await serve((socket) => socket.end());
  const asked: string[] = [];
  const onlyFirst = (address: string, host: string): boolean => {
    asked.push(`${host} ${address}`);
    return address === "127.0.0.1";
  };
  const steered = new SteeredRuntime();
  const dialer = makeDialer(
    { allowAddress: onlyFirst, lookup: lookupOf("127.0.0.2", "127.0.0.1") },
    steered.runtime,
  );
  const { result } = await dialOnce(dialer, { host: "two.test", port });
  assert.deepEqual(
    result?.attempts.map(({ address, outcome }) => `${address} ${outcome}`),
    ["127.0.0.2 not-allowed", "127.0.0.1 connected"],
  );
  assert.deepEqual(
    steered.opened.map(({ host }) => host),
    ["127.0.0.1"],
  );
  result?.socket.destroy();

  const literal = await dialOnce(dialer, { host: "127.0.0.2", port });
  assert.deepEqual(
    [literal.error?.code, literal.error?.phase, literal.error?.retryable],
    ["ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED", "connect", false],
  );
  assert.match(literal.error?.message ?? "", /^allowAddress refuses the address 127\.0\.0\.2/);
  assert.deepEqual(asked, ["two.test 127.0.0.2", "two.test 127.0.0.1", "127.0.0.2 127.0.0.2"]);

  const inside = makeDialer({ allowAddress: "public", lookup: lookupOf("10.0.0.1", "::1") }, steered.runtime);
  const named = await dialOnce(inside, { host: "intern.test", port });
  assert.match(named.error?.message ?? "", /^allowAddress refuses intern\.test \(10\.0\.0\.1, ::1\)/);

  const throwing = makeDialer({
    allowAddress: () => {
      throw new Error("no list");
    },
  });
  const thrown = await dialOnce(throwing, { port });
  assert.match(thrown.error?.message ?? "", /^allowAddress failed for the address 127\.0\.0\.1: no list/);
  assert.equal(steered.opened.length, 1, "nothing else was connected to");
});

test("Dialer: localAddress is used, and it decides the family of the lookup", async () => {
  const port = await serve((socket) => socket.end());
  const families: unknown[] = [];
  const lookup: LookupFunction = (host, options, callback) => {
    families.push(options.family);
    lookupOf("127.0.0.1")(host, options, callback);
  };
  const { result } = await dialOnce(makeDialer({ localAddress: "127.0.0.3", lookup }), {
    host: "a.test",
    port,
  });
  assert.equal(result?.localAddress, "127.0.0.3");
  assert.deepEqual(families, [4]);
  result.socket.destroy();
  const wrong = await dialOnce(makeDialer({ localAddress: "not an address" }), { port });
  assert.match(wrong.error?.message ?? "", /the option localAddress must be an IP address/);
});

test("PendingDial.cancel: nothing is left and no handler is called, whatever the dial is doing", async () => {
  const port = await serve((socket) => socket.end());
  const steered = new SteeredRuntime();
  steered.blackHoles.add("192.0.2.1");
  const late: (() => void)[] = [];
  const lateLookup: LookupFunction = (_host, _options, callback) =>
    late.push(() => callback(null, [{ address: "127.0.0.1", family: 4 }]));
  const dials = [
    startDial(makeDialer({ lookup: lateLookup }, steered.runtime), { host: "a.test", port }),
    startDial(makeDialer({}, steered.runtime), { host: "192.0.2.1" }),
    startDial(makeDialer({}, steered.runtime), { port }),
    startDial(makeDialer({ allowAddress: "public" }, steered.runtime), { port }),
    startDial(makeDialer({ tls: { cert: "no certificate" } }, steered.runtime), { port, tls: true }),
  ];
  let told = 0;
  for (const { pending, settled } of dials) {
    settled.then(
      () => told++,
      () => told++,
    );
    pending.cancel();
    pending.cancel();
  }
  for (const answer of late) answer();
  assert.deepEqual(steered.held, { timers: 0, sockets: 0 });
  await once(steered.sockets.at(-1) ?? assert.fail("no socket"), "close");
  await new Promise(setImmediate);
  assert.equal(told, 0);
  assert.equal(steered.sockets.length, 2);
});

test("Dialer: connections do not keep the caller's AsyncLocalStorage", async () => {
  const port = await serve((socket) => socket.end("hello"));
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const { promise, resolve } = gate();
  storage.run("the caller's", () => {
    const shared = Buffer.alloc(100);
    const onread = {
      buffer: () => shared,
      callback: () => {
        seen.push(storage.getStore());
        resolve();
        return true;
      },
    };
    makeDialer().dial({ host: "localhost", port, tls: false, origin: "http://test" }, onread, {
      done: ({ socket }) => {
        seen.push(storage.getStore());
        socket.on("error", () => {});
      },
      failed: (error) => seen.push(error),
    });
    assert.equal(storage.getStore(), "the caller's");
  });
  await promise;
  assert.deepEqual(seen, [undefined, undefined]);
});

test("PendingDial.setRef: reaches the timers and sockets that are there and those to come", async () => {
  const { runtime } = new SteeredRuntime();
  const calls: string[] = [];
  const spied: Runtime = {
    ...runtime,
    setTimer: (callback, milliseconds) => ({
      ...runtime.setTimer(callback, milliseconds),
      setRef: (keepAlive) => calls.push(`timer ${milliseconds} ${keepAlive}`),
    }),
    connect: (options) =>
      Object.assign(runtime.connect(options), {
        ref: () => calls.push("socket ref"),
        unref: () => calls.push("socket unref"),
      }),
  };
  const port = await serve((socket) => socket.resume());
  const plain = startDial(makeDialer({}, spied), { port });
  plain.pending.setRef(false);
  plain.pending.setRef(true);
  plain.pending.cancel();
  plain.pending.setRef(false);
  assert.deepEqual(calls.splice(0), [
    `timer ${CONNECT_TIMEOUT} false`,
    "socket unref",
    `timer ${CONNECT_TIMEOUT} true`,
    "socket ref",
  ]);
  const secure = startDial(makeDialer({ lookup: lookupOf("127.0.0.1") }, spied), {
    host: "a.test",
    port,
    tls: true,
  });
  secure.pending.setRef(false);
  while (!calls.includes(`timer ${TLS_TIMEOUT} false`)) await new Promise(setImmediate);
  secure.pending.cancel();
  assert.deepEqual(calls, [
    `timer ${CONNECT_TIMEOUT} false`,
    "socket unref",
    "socket unref",
    `timer ${TLS_TIMEOUT} false`,
  ]);
});
