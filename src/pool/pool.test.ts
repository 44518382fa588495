import assert from "node:assert/strict";
import { test } from "node:test";
import type { CloseCause } from "../trace/index.js";
import type { Member } from "./entities/member.js";
import { Waiter } from "./entities/waiter.js";
import { checkInvariants } from "./invariants.js";
import { acquire, dialedFor, ended, makePool, NONE, type Owner, open, release } from "./pool-fixture.js";

test("Pool: counts a slot free once, when the close effect reports the same connection closed", () => {
  const { pool, route } = makePool(
    { maxIdleConnections: 0 },
    { close: (m) => pool.closed(m, ended("reset"), 0) },
  );
  release(pool, open(pool, route, 0), 0);
  assert.equal(pool.counts.closed, 1);
  assert.equal(pool.counts.open, 0);
  checkInvariants(pool);
});

test("Pool: works on, when an effect breaks its promise and throws", () => {
  let broken = true;
  const { pool, route } = makePool(
    {},
    {
      dial: () => {
        if (broken) throw new Error("broken effect");
      },
    },
  );
  assert.throws(() => acquire(pool, route, 0), /broken effect/);
  broken = false;
  const waiter = acquire(pool, route, 1);
  assert.ok(waiter.dial, "the next one still gets a dial");
});

test("retire: a busy connection, and one that nobody needs when its dial is done, closes for the cause given", () => {
  const closed: CloseCause[] = [];
  const { pool, route } = makePool({}, { close: (_member, cause) => closed.push(cause) });
  const cause: CloseCause = { reason: "address-gone", by: "client", evidence: "a.test is elsewhere now." };
  const busy = open(pool, route, 0);
  pool.retire(busy, cause, 1);
  assert.deepEqual(closed, []);
  release(pool, busy, 2);
  const [dialing] = pool.preconnect(route, 1, 3);
  assert.ok(dialing);
  pool.retire(dialing, cause, 4);
  pool.dialed(dialing, 5);
  assert.deepEqual(closed, [cause, cause]);
});

test("retire: a second cause does not replace the first", () => {
  const closed: CloseCause[] = [];
  const { pool, route } = makePool({}, { close: (_member, cause) => closed.push(cause) });
  const busy = open(pool, route, 0);
  pool.retire(busy, ended("goaway"), 1);
  pool.retire(busy, ended("max-age"), 2);
  pool.shutdown(3);
  release(pool, busy, 4);
  assert.deepEqual(closed, [ended("goaway")]);
});

test("wake: is asked for the earliest deadline, and again after each tick", () => {
  const { pool, route, wakes } = makePool({
    idleTimeout: 100,
    queueTimeout: 500,
    maxConnectionsPerOrigin: 1,
  });
  const other = pool.route("b", "http://b");
  const member = open(pool, route, 0);
  acquire(pool, route, 10);
  assert.deepEqual(wakes, [510]);
  release(pool, open(pool, other, 20), 20);
  assert.deepEqual(wakes, [510, 120]);
  pool.tick(119);
  assert.deepEqual(wakes, [510, 120, 120], "too early, so it is asked for again");
  pool.tick(120);
  assert.deepEqual(wakes, [510, 120, 120, 510]);
  release(pool, member, 130);
  pool.tick(510);
  assert.equal(wakes.at(-1), NONE, "nothing is left to wake up for");
});

test("wake: costs nothing, when a connection goes idle again and again", () => {
  const { pool, route, wakes } = makePool({ idleTimeout: 1000 });
  release(pool, open(pool, route, 0), 0);
  for (let now = 1; now < 100; now += 1) {
    const { member } = acquire(pool, route, now);
    assert.ok(member);
    release(pool, member, now);
  }
  assert.deepEqual(wakes, [1000]);
});

test("maxConnectionAge: varies by a tenth either way", () => {
  for (const [random, expiresAt] of [
    [0, 1900],
    [0.5, 2000],
    [0.999, 2100],
  ] as const) {
    const { pool, route } = makePool({ maxConnectionAge: 1000 }, {}, () => random);
    assert.equal(Math.round(open(pool, route, 1000).expiresAt), expiresAt);
  }
});

test("route: keeps a route's object and what was learned, while few others come and go", () => {
  const { pool, route } = makePool({});
  const member = open(pool, route, 0);
  release(pool, member, 0);
  pool.closed(member, ended("server-closed-idle"), 2000);
  for (let index = 0; index < 1000; index += 1) pool.route(`other ${index}`, "http://other");
  assert.equal(pool.route("a", "http://a"), route);
  assert.equal(pool.learnedIdleLimit(route), 2000);
});

test("route: forgets routes with nothing in them, when thousands come, but none that has something", () => {
  const { pool, route } = makePool({});
  const busy = pool.route("busy", "http://busy");
  open(pool, busy, 0);
  for (let index = 0; index < 10_000; index += 1) pool.route(`other ${index}`, "http://other");
  assert.ok(pool.slots.table.size < 5000);
  assert.equal(pool.route("busy", "http://busy"), busy);
  assert.notEqual(pool.route("a", "http://a"), route);
  checkInvariants(pool);
});

test("acquire: uses the pool's route of the key, when it is given one that was forgotten", () => {
  const { pool, route } = makePool({});
  for (let index = 0; index < 10_000; index += 1) pool.route(`other ${index}`, "http://other");
  const first = acquire(pool, route, 0);
  assert.equal(first.waitingIn, route, "nobody has taken its place");
  const { pool: second, route: forgotten } = makePool({});
  for (let index = 0; index < 10_000; index += 1) second.route(`other ${index}`, "http://other");
  const current = second.route("a", "http://a");
  assert.equal(acquire(second, forgotten, 0).waitingIn, current);
  checkInvariants(second);
});

test("snapshot: has totals and the figures of each route that was used, as plain data", () => {
  const { pool, route } = makePool({ maxConnectionsPerOrigin: 1 });
  pool.route("unused", "http://unused");
  const member = open(pool, route, 0);
  release(pool, member, 1);
  acquire(pool, route, 2);
  acquire(pool, route, 3);
  const figures = {
    dialing: 0,
    active: 1,
    idle: 0,
    draining: 0,
    waiting: 1,
    opened: 1,
    closed: 0,
    requests: 2,
    reused: 1,
    streams: 1,
  };
  assert.deepEqual(pool.snapshot(), {
    totals: figures,
    origins: [{ origin: "http://a", route: "a", ...figures }],
  });
  const { pool: full, route: only } = makePool({ maxConnections: 0 });
  acquire(full, only, 0);
  assert.deepEqual(
    full.snapshot().origins.map(({ route: key, waiting, opened }) => [key, waiting, opened]),
    [["a", 1, 0]],
  );
});

test("holders: lists the route's connections, oldest first", () => {
  const { pool, route } = makePool({});
  const members = [open(pool, route, 0), open(pool, route, 0)];
  acquire(pool, route, 0);
  assert.deepEqual(
    pool.holders(route).map(({ id, state }) => [id, state]),
    [...members.map(({ id }) => [id, "active"]), [3, "dialing"]],
  );
  pool.closed(members[0] as Member<Owner>, ended("aborted"), 1);
  assert.deepEqual(
    pool.holders(route).map(({ id }) => id),
    [2, 3],
  );
});

test("holders: stops at 64", () => {
  const { pool, route } = makePool({});
  for (let index = 0; index < 100; index += 1) acquire(pool, route, 0);
  assert.equal(pool.holders(route).length, 64);
});

test("route: what was learned of one that was forgotten is forgotten with it, its protocol included", () => {
  const { pool, dials } = makePool({});
  const before = pool.route("m", "http://m", true);
  acquire(pool, before, 0);
  assert.ok(dials[0]);
  pool.dialed(dials[0], 0);
  assert.equal(before.single, true);
  pool.closed(dials[0], ended("reset"), 1);
  for (let index = 0; index < 10_000; index += 1) pool.route(`other ${index}`, "http://other");
  const after = pool.route("m", "http://m", true);
  assert.notEqual(after, before);
  assert.equal(after.single, false, "nobody knows what it speaks");
  assert.equal(pool.learnedIdleLimit(after), undefined);
});

test("route: forgets those that have rested for longest, and keeps 4096", () => {
  const { pool } = makePool({});
  const routes = Array.from({ length: 4100 }, (_, index) => pool.route(`r${index}`, "http://r"));
  // The pool of the helper has a route of its own, the oldest of all.
  assert.equal(pool.slots.table.size, 4096);
  assert.notEqual(pool.route("r3", "http://r"), routes[3]);
  assert.equal(pool.route("r4099", "http://r"), routes[4099]);
});

test("capacity: a limit of one that falls to none counts as a server that takes nothing", () => {
  const { pool, dials } = makePool({});
  const shared = pool.route("m", "http://m", true);
  for (const at of [0, 1]) {
    acquire(pool, shared, at);
    const dial = dials[at];
    assert.ok(dial);
    pool.dialed(dial, at, 1);
    pool.capacity(dial, 0, at);
  }
  acquire(pool, shared, 3);
  assert.equal(dials.length, 2, "two such are enough");
});

test("capacity: is heard before the dial is done, too", () => {
  const { pool, dials } = makePool({});
  const shared = pool.route("m", "http://m", true);
  const waiters = [acquire(pool, shared, 0), acquire(pool, shared, 0), acquire(pool, shared, 0)];
  const [dial] = dials;
  assert.ok(dial);
  pool.capacity(dial, 2, 1);
  pool.dialed(dial, 2, NONE);
  assert.deepEqual(
    waiters.map(({ member }) => member?.id),
    [1, 1, undefined],
  );
});

test("capacity: raises nothing where a connection is for one request at a time", () => {
  const { pool, dials } = makePool({ keepAlive: false });
  const shared = pool.route("m", "http://m", true);
  acquire(pool, shared, 0);
  assert.ok(dials[0]);
  pool.dialed(dials[0], 0, NONE);
  pool.capacity(dials[0], 100, 0);
  assert.equal(dials[0].limit, 1);
  assert.notEqual(acquire(pool, shared, 1).member, dials[0]);
});

test("route: is for one exchange at a time where connections carry one request, or are not kept", () => {
  for (const [limits, single] of [
    [{ maxRequestsPerConnection: 1 }, true],
    [{ maxRequestsPerConnection: 2 }, false],
    [{ keepAlive: false }, true],
  ] as const) {
    assert.equal(makePool(limits).pool.route("m", "http://m", true).alwaysSingle, single);
  }
  assert.equal(makePool({}).pool.route("a", "http://a").alwaysSingle, true);
});

test("released, refused: do nothing for a waiter that is on no connection, on another, or on one that has ended", () => {
  for (const over of ["released", "refused"] as const) {
    const { pool, route } = makePool({});
    const [one, two] = [acquire(pool, route, 0), acquire(pool, route, 0)];
    const [first, second] = [dialedFor(pool, one, 0).member, dialedFor(pool, two, 0).member];
    assert.ok(first && second);
    pool[over](first, two, 1);
    pool[over](first, new Waiter<Owner>(), 1);
    assert.deepEqual([pool.counts.active, pool.counts.streams, pool.counts.idle], [2, 2, 0]);
    pool.closed(second, ended("reset"), 2);
    pool[over](second, two, 2);
    assert.deepEqual([pool.counts.active, pool.counts.streams, pool.counts.idle], [1, 1, 0]);
    pool[over](first, one, 3);
    pool[over](first, one, 3);
    assert.deepEqual([pool.counts.active, pool.counts.streams, pool.counts.idle], [0, 0, 1]);
    checkInvariants(pool);
  }
});

test("closed: a connection that has ended carries nothing, and serves no other route", () => {
  const { pool, dials } = makePool({});
  const [host, guest, other] = [
    pool.route("m", "http://m", true),
    pool.route("n", "http://n", true),
    pool.route("o", "http://o", true),
  ];
  acquire(pool, host, 0);
  const [member] = dials;
  assert.ok(member);
  pool.dialed(member, 0, NONE);
  for (const route of [guest, other]) pool.share(route, member);
  assert.deepEqual(member.guests, [guest, other]);
  pool.unshare(guest);
  assert.deepEqual([member.guests, guest.hosts, other.hosts], [[other], undefined, [member]]);
  pool.retire(member, ended("goaway"), 1);
  assert.deepEqual([member.guests, other.hosts], [undefined, undefined]);
  pool.closed(member, ended("reset"), 2);
  assert.deepEqual([member.active, pool.counts.streams, host.counts.streams], [0, 0, 0]);
});

test("released: a connection that others have waited too long for goes, and its evidence names the limit", () => {
  const said: string[] = [];
  const { pool, route } = makePool(
    { maxConnections: 1, maxConnectionsPerOrigin: 1 },
    { close: (_member, { reason, evidence }) => said.push(`${reason}: ${evidence}`) },
  );
  const member = open(pool, route, 0);
  acquire(pool, pool.route("b", "http://b"), 0);
  acquire(pool, route, 1001);
  release(pool, member, 1500);
  assert.deepEqual(said, [
    "evicted: a request to http://b that could not use it had waited 1.5 s because of maxConnections (1)",
  ]);
});

test("wake: is asked for once, when several connections go idle at the same time", () => {
  const { pool, route, wakes } = makePool({ idleTimeout: 1000 });
  const members = [open(pool, route, 0), open(pool, route, 0)];
  for (const member of members) release(pool, member, 0);
  assert.deepEqual(wakes, [1000]);
});
