import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireScript } from "../../src/testing/index.js";
import { clientOf, closedOnes, fetched, rejection, turns, until, World } from "./support.js";

const hold: WireScript = ["readRequest", "stall"];

test("maxWaiting: one more is refused at once, with who holds the connections", async () => {
  await using world = await World.start({ script: hold });
  const transport = world.stepped({ maxConnectionsPerOrigin: 1, maxWaiting: 1 });
  const abort = new AbortController();
  const client = clientOf(transport);
  const calls = [
    client.get(world.server.url("/slow/report?secret=1"), { signal: abort.signal }),
    client.get(world.server.url("/2"), { signal: abort.signal }),
  ];
  const settled = Promise.allSettled(calls);
  await world.server.waitForRequests(1);
  world.clock.advance(250);
  const error = await rejection(client.get(world.server.url("/3")));
  assert.equal(error["code"], "ERR_TRUNKLINE_TOO_MANY_WAITING");
  assert.equal(error["phase"], "queue");
  assert.match(error.message, /1 request waits for a connection already \(maxWaiting is 1\)/);
  assert.match(
    error.message,
    /1 connection to http:\/\/127\.0\.0\.1:\d+ is held, the longest by GET \/slow\/report for 250 ms/,
  );
  assert.doesNotMatch(error.message, /secret/);
  abort.abort();
  await settled;
});

test("queueTimeout: rejects with who holds the connections, and only those without a dial", async () => {
  await using world = await World.start({ script: hold });
  const transport = world.stepped({ maxConnectionsPerOrigin: 1, queueTimeout: 100 });
  const abort = new AbortController();
  const client = clientOf(transport);
  const first = rejection(client.post(world.server.url("/held"), { body: "x", signal: abort.signal }));
  await world.server.waitForRequests(1);
  const waiting = rejection(client.get(world.server.url()));
  world.clock.advance(101);
  const error = await waiting;
  assert.equal(error.name, "TimeoutError");
  assert.equal(error["timeout"], "queueTimeout");
  assert.equal(error["milliseconds"], 100);
  assert.equal(error["phase"], "queue");
  assert.match(
    error.message,
    /no connection was free within the queueTimeout of 100 ms \(queued 10[01] ms\)/,
  );
  assert.match(error.message, /the longest by POST \/held for 10[01] ms/);
  assert.equal(transport.snapshot().totals.waiting, 0);
  abort.abort();
  await first;
});

test("queueTimeout: says which origin holds the connections when maxConnections is the limit", async () => {
  await using world = await World.start({ script: hold });
  await using other = await World.start({ script: hold });
  const transport = world.stepped({ maxConnections: 1, queueTimeout: 100 });
  const abort = new AbortController();
  const client = clientOf(transport);
  const first = rejection(client.get(world.server.url(), { signal: abort.signal }));
  await world.server.waitForRequests(1);
  const waiting = rejection(client.get(other.server.url()));
  world.clock.advance(101);
  const { origin } = new URL(world.server.url());
  assert.match(
    (await waiting).message,
    new RegExp(`other origins hold the connections; ${origin} holds the most, 1`),
  );
  abort.abort();
  await first;
});

test("queueTimeout: a call whose connection is being dialed is under connectTimeout instead", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  const { connect } = await import("node:net");
  const transport = world.stepped({
    queueTimeout: 10,
    dial: async ({ host, port }) => {
      await gate.promise;
      return connect({ host, port });
    },
  });
  const call = fetched(transport, world.server.url());
  world.clock.advance(50);
  gate.open();
  assert.equal(await call, "ok");
});

test("maxConnectionsPerOrigin: 10 at once over one connection are served in order", async () => {
  const order: string[] = [];
  await using world = await World.start({
    script: async (connection) => {
      for await (const request of connection.eachRequest()) {
        order.push(request.target);
        await connection.replyOk(request.target);
      }
    },
  });
  const transport = world.transport({ maxConnectionsPerOrigin: 1 });
  const paths = Array.from({ length: 10 }, (_, index) => `/${index}`);
  const bodies = await Promise.all(paths.map((path) => fetched(transport, world.server.url(path))));
  assert.deepEqual(bodies, paths);
  assert.deepEqual(order, paths);
  assert.equal(world.server.connections, 1);
});

test("maxConnectionsPerOrigin: a dial under way counts, and a cancelled waiter frees nothing it did not hold", async () => {
  await using world = await World.start();
  const transport = world.transport({ maxConnectionsPerOrigin: 1 });
  const abort = new AbortController();
  const client = clientOf(transport);
  const first = rejection(client.get(world.server.url(), { signal: abort.signal }));
  const second = client.get(world.server.url()).text();
  assert.equal(transport.snapshot().totals.dialing, 1);
  abort.abort();
  await first;
  assert.equal(await second, "ok");
  assert.equal(world.server.connections, 1);
});

test("maxConnectionAge: its jitter spreads the ends by 10 % both ways", async () => {
  for (const [random, ended, kept] of [
    [0, 901, 899],
    [0.999, 1101, 1098],
  ] as const) {
    await using world = await World.start();
    world.clock.random = random;
    const transport = world.stepped({ maxConnectionAge: 1000 });
    await fetched(transport, world.server.url());
    world.clock.advance(kept);
    assert.equal(transport.snapshot().totals.idle, 1);
    world.clock.advance(ended - kept);
    assert.equal(transport.snapshot().totals.idle, 0);
  }
});

test("maxConnectionAge: never cuts an exchange off", async () => {
  await using world = await World.start();
  const gate = world.server.gate();
  world.server.script(["readRequest", { wait: gate }, { replyOk: "late" }, "stall"]);
  const transport = world.stepped({ maxConnectionAge: 1000 });
  const call = fetched(transport, world.server.url());
  await world.server.waitForRequests(1);
  world.clock.advance(5000);
  gate.open();
  assert.equal(await call, "late");
  const [record] = await closedOnes(transport, 1);
  assert.equal(record?.closed?.reason, "max-age");
});

test("idle limit: POSTs spaced around an unannounced 2 s idle close lose at most the first", async () => {
  await using world = await World.start();
  // The server closes a connection that has been idle for 2 s of the stepped clock, unseen by the client until it writes:
  // the close comes as the answer to the next request.
  let lastUse = new Map<number, number>();
  world.server.script(async (connection) => {
    for await (const _ of connection.eachRequest()) {
      const last = lastUse.get(connection.id);
      if (last !== undefined && world.clock.now - last >= 2000) {
        await connection.end();
        return;
      }
      lastUse.set(connection.id, world.clock.now);
      await connection.replyOk("ok");
    }
  });
  const transport = world.stepped();
  let failed = 0;
  for (const pause of [2100, 2100, 1500, 2500, 3000, 2100, 1700, 2200, 3900, 2050]) {
    try {
      await clientOf(transport).post(world.server.url(), { body: "x" }).text();
    } catch {
      failed += 1;
    }
    world.clock.advance(pause);
  }
  assert.ok(failed <= 1, `${failed} POSTs failed`);
  lastUse = new Map();
});

test("idle limit: an end that was seen shows the origin's limit, which report and later requests use", async () => {
  await using world = await World.start();
  const gates = [world.server.gate(), world.server.gate(), world.server.gate()];
  for (const [index, gate] of gates.entries()) {
    world.server.onConnection(index + 1, ["readRequest", { replyOk: "ok" }, { wait: gate }, "end"]);
  }
  const transport = world.stepped();
  for (const [index, gate] of gates.entries()) {
    await fetched(transport, world.server.url());
    world.clock.advance(2000);
    gate.open();
    await closedOnes(transport, index + 1);
    world.clock.advance(10_000);
  }
  assert.equal(transport.explain().origins[0]?.learnedIdleLimit, 2000);
  await fetched(transport, world.server.url());
  world.clock.advance(1790);
  assert.equal(transport.snapshot().totals.idle, 1);
  world.clock.advance(20);
  assert.equal(transport.snapshot().totals.idle, 0);
});

test("too-long-idle: a POST leaves a connection alone that a GET would take", async () => {
  await using world = await World.start();
  const transport = world.stepped();
  await fetched(transport, world.server.url());
  world.clock.advance(5000);
  const response = await clientOf(transport).get(world.server.url());
  assert.equal(response.connection.reused, true);
  assert.equal(response.connection.idleFor, 5000);
  world.clock.advance(6000);
  const posted = await clientOf(transport).post(world.server.url(), { body: "x" });
  assert.equal(posted.connection.reused, false);
  assert.match(String(posted.why()), /too-long-idle/);
});

test("evicted: with maxConnections reached the oldest idle connection of another origin makes room", async () => {
  await using world = await World.start();
  const second = await world.another();
  const third = await world.another();
  const transport = world.transport({ maxConnections: 2 });
  await fetched(transport, world.server.url());
  await fetched(transport, second.url());
  await fetched(transport, third.url());
  const [record] = await closedOnes(transport, 1);
  assert.equal(record?.origin, world.server.origin);
  assert.equal(record.closed?.reason, "evicted");
  assert.equal(transport.snapshot().totals.idle, 2);
});

test("maxDialingPerOrigin: a burst ramps up, and every call is answered", async () => {
  await using world = await World.start();
  const transport = world.transport({ maxDialingPerOrigin: 4 });
  const calls = Array.from({ length: 50 }, () => fetched(transport, world.server.url()));
  await turns(0);
  assert.equal(transport.snapshot().totals.dialing, 4);
  await Promise.all(calls);
  await until(() => transport.snapshot().totals.dialing === 0, "the dials to end");
  assert.equal(transport.snapshot().totals.requests, 50);
});
