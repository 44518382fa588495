import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { type Init, Request } from "../../src/index.js";
import { BrittleStream } from "../transport/brittle-stream.js";
import { clientOf, closedOnes, fetched, rejection, turns, until, World } from "../transport/support.js";

// Ported by meaning: transport_dial_test.go, transport_internal_test.go. docs/go-tests.md has the table.

test("Go TestTransportPoolConnReusePriorConnection: sequential requests share connection 1", async () => {
  await using world = await World.start();
  const transport = world.transport();
  for (let i = 1; i <= 3; i += 1) {
    const response = await clientOf(transport).get(world.server.url());
    assert.equal(response.connection.requestNumber, i);
    await response.text();
  }
  assert.equal(world.server.connections, 1);
});

test("Go TestTransportPoolConnCannotReuseConnectionInUse: a second call at the same time dials connection 2", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script([{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }]);
  const transport = world.transport();
  const calls = [fetched(transport, world.server.url()), fetched(transport, world.server.url())];
  await world.server.waitForRequests(2);
  assert.equal(world.server.connections, 2);
  gate.open();
  await Promise.all(calls);
});

test("Go TestTransportPoolConnConnectionBecomesAvailableDuringDial: waiters take what comes free first, their dials serve others", async () => {
  await using world = await World.start();
  const dialGates = [world.server.gate(), world.server.gate(), world.server.gate()];
  let dials = 0;
  const transport = world.transport({
    dial: async ({ host, port }) => {
      await dialGates[dials++]?.promise;
      return connect({ host, port });
    },
  });
  const answers = [world.server.gate(), world.server.gate(), world.server.gate()];
  let requests = 0;
  world.server.script(async (connection) => {
    for await (const _ of connection.eachRequest()) {
      await answers[requests++]?.promise;
      await connection.replyOk("ok");
    }
  });
  const first = clientOf(transport).get(world.server.url());
  dialGates[0]?.open();
  await world.server.waitForRequests(1);
  const second = clientOf(transport).get(world.server.url());
  await until(() => dials === 2, "the second dial");
  answers[0]?.open();
  const one = await first;
  await world.server.waitForRequests(2); // the second went out on connection 1, though it was dialing
  const third = clientOf(transport).get(world.server.url());
  await turns(2);
  dialGates[1]?.open();
  await world.server.waitForRequests(3); // the third goes out on the dial of the second
  answers[1]?.open();
  answers[2]?.open();
  const [two, three] = await Promise.all([second, third]);
  assert.equal(two.connection.id, one.connection.id);
  assert.notEqual(three.connection.id, one.connection.id);
  assert.equal(three.connection.requestNumber, 1);
  // Here a waiter counts on the dial that is under way already, so there is no third dial as in Go.
  assert.equal(dials, 2);
  dialGates[2]?.open();
});

test("Go TestTransportPoolDisableKeepAlives: each request has a connection of its own", async () => {
  await using world = await World.start();
  const transport = world.transport({ keepAlive: false });
  for (let i = 0; i < 3; i += 1) await fetched(transport, world.server.url());
  assert.equal(world.server.connections, 3);
  await world.server.waitForOpen(0);
});

test("Go TestTransportPoolCancelRequestReusesConn: the connection of a cancelled call goes to the pool when its dial is done", async () => {
  await using world = await World.start();
  const transport = world.transport();
  const abort = new AbortController();
  const call = rejection(clientOf(transport).get(world.server.url(), { signal: abort.signal }));
  abort.abort();
  await call;
  await until(() => transport.snapshot().totals.idle === 1, "the dial to be done");
  await fetched(transport, world.server.url());
  assert.equal(world.server.connections, 1);
});

test("Go TestTransportPoolCancelRequestWithDisableKeepAlive: without keep-alive it is closed instead", async () => {
  await using world = await World.start();
  const transport = world.transport({ keepAlive: false });
  const abort = new AbortController();
  const call = rejection(clientOf(transport).get(world.server.url(), { signal: abort.signal }));
  abort.abort();
  await call;
  assert.equal((await closedOnes(transport, 1))[0]?.closed?.reason, "surplus");
});

test("Go TestTransportPoolConnectionBroken: a broken connection is never handed out", async () => {
  await using world = await World.start();
  world.server.onConnection(1, ["readRequest", { replyOk: "ok" }, "reset"]);
  const transport = world.transport();
  await fetched(transport, world.server.url());
  await closedOnes(transport, 1);
  const response = await clientOf(transport).get(world.server.url());
  assert.equal(response.connection.reused, false);
  assert.equal(response.attempts, 1);
});

test("Go TestTransportPoolClosesConnsPastMaxIdleConnsPerHost: what exceeds the cap is closed", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script([{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }]);
  const transport = world.transport({ maxIdleConnectionsPerOrigin: 1 });
  const calls = [1, 2, 3].map(() => fetched(transport, world.server.url()));
  await world.server.waitForRequests(3);
  gate.open();
  await Promise.all(calls);
  const closed = await closedOnes(transport, 2);
  assert.deepEqual(
    closed.map((record) => record.closed?.reason),
    ["max-idle-per-origin", "max-idle-per-origin"],
  );
  assert.equal(transport.snapshot().totals.idle, 1);
});

test("Go TestTransportPersistConnReadLoopEOF: a server that closes right after it accepted gives an error of that class", async () => {
  await using world = await World.start({ script: ["end"] });
  const transport = world.transport();
  for (let i = 0; i < 10; i += 1) {
    const error = await rejection(fetched(transport, world.server.url()));
    assert.match(String(error["code"]), /SERVER_CLOSED|CONNECTION_RESET|WRITE/);
  }
});

// Rows of TestTransportShouldRetryRequest; each names what Go's row is about.
interface RetryRow {
  readonly name: string;
  readonly method: string;
  readonly init?: Init;
  readonly fresh?: true;
  /** How the connection fails the request. */
  readonly failure: "nothing-written" | "read-error" | "server-closed-idle";
  readonly retried: boolean;
}

async function* once(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("foo");
}

const SHOULD_RETRY: readonly RetryRow[] = [
  {
    name: "a fresh connection, nothing written",
    method: "GET",
    fresh: true,
    failure: "nothing-written",
    retried: false,
  },
  { name: "a reused connection, nothing written", method: "GET", failure: "nothing-written", retried: true },
  { name: "POST, read error", method: "POST", failure: "read-error", retried: false },
  { name: "GET, read error", method: "GET", failure: "read-error", retried: true },
  { name: "GET, server closed idle", method: "GET", failure: "server-closed-idle", retried: true },
  {
    name: "POST with a replayable body, nothing written",
    method: "POST",
    init: { body: "foo" },
    failure: "nothing-written",
    retried: true,
  },
  {
    name: "POST with a one-shot body, nothing written",
    method: "POST",
    init: { body: once() },
    failure: "nothing-written",
    retried: false,
  },
];

for (const row of SHOULD_RETRY) {
  test(`Go TestTransportShouldRetryRequest, TestRetryRequestsOnError: ${row.name}: ${row.retried ? "yes" : "no"}`, async () => {
    await using world = await World.start();
    const streams: BrittleStream[] = [];
    class Failing extends BrittleStream {
      override _write(chunk: Buffer, encoding: string, done: (error?: Error) => void): void {
        const failsNow = streams.length === 1 && this.writes.length === (row.fresh === true ? 0 : 1);
        if (!failsNow || row.failure === "nothing-written") {
          super._write(chunk, encoding, done);
          return;
        }
        this.writes.push(chunk.toString());
        done();
        if (row.failure === "server-closed-idle") this.push(null);
        else
          this.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" }));
      }
    }
    const transport = world.transport({
      dial: async () => {
        const failAt =
          row.failure === "nothing-written" && streams.length === 0
            ? row.fresh === true
              ? 1
              : 2
            : Number.POSITIVE_INFINITY;
        const stream = new Failing({ failAt });
        streams.push(stream);
        return stream;
      },
    });
    if (row.fresh !== true) await fetched(transport, "http://any.test/");
    const call = clientOf(transport).fetch("http://any.test/", { method: row.method, ...row.init });
    if (row.retried) assert.equal((await call).attempts, 2);
    else await rejection(call);
    assert.equal(streams.length, row.retried ? 2 : 1);
  });
}

for (const [name, method, init, replayable] of [
  ["GET", "GET", {}, true],
  ["GET with no body set", "GET", { body: null }, true],
  ["a one-shot body", "PUT", { body: once() }, false],
  ["POST", "POST", {}, false],
  ["POST and Idempotency-Key", "POST", { headers: { "Idempotency-Key": "x" } }, true],
  ["POST and X-Idempotency-Key", "POST", { headers: { "X-Idempotency-Key": "x" } }, true],
  ["a key and a one-shot body", "POST", { body: once(), headers: { "X-Idempotency-Key": "x" } }, false],
] as readonly (readonly [string, string, Init, boolean])[]) {
  test(`Go TestTransportRequestReplayable: ${name}: ${replayable}`, async () => {
    await using world = await World.start({
      script: ["readRequest", { replyOk: "ok" }, "readRequest", "end"],
    });
    const transport = world.transport();
    await fetched(transport, world.server.url());
    const request = new Request(world.server.url(), { method, duplex: "half", ...init });
    const call = clientOf(transport).do(request);
    if (replayable) assert.equal((await call).attempts, 2);
    else await rejection(call);
  });
}

test("Go TestCacheKeys: origins and ports are apart, default ports and case are not", async () => {
  await using world = await World.start();
  const transport = world.transport({ dial: async () => new BrittleStream() });
  for (const url of [
    "http://foo.test/",
    "http://FOO.test:80/x",
    "http://foo.test:8080/",
    "http://bar.test/",
  ]) {
    await fetched(transport, url);
  }
  assert.deepEqual(
    transport.snapshot().origins.map((origin) => [origin.origin, origin.opened]),
    [
      ["http://foo.test", 1],
      ["http://foo.test:8080", 1],
      ["http://bar.test", 1],
    ],
  );
});
