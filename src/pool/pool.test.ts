import assert from "node:assert/strict";
import { test } from "node:test";
import type { CloseCause, CloseReason } from "../trace/index.js";
import type { PoolEffects, PoolLimits, Rejection } from "./contract.js";
import type { Member } from "./entities/member.js";
import type { PoolRoute } from "./entities/route.js";
import { Waiter } from "./entities/waiter.js";
import { checkInvariants } from "./invariants.js";
import { Pool } from "./pool.js";

type Owner = string;
type TestPool = Pool<Owner, Waiter<Owner>>;

const NONE = Number.POSITIVE_INFINITY;
const NO_LIMITS: PoolLimits = {
  maxConnections: NONE,
  maxConnectionsPerOrigin: NONE,
  maxIdleConnections: NONE,
  maxIdleConnectionsPerOrigin: NONE,
  maxDialingPerOrigin: NONE,
  maxWaiting: NONE,
  queueTimeout: NONE,
  idleTimeout: NONE,
  maxConnectionAge: NONE,
  maxRequestsPerConnection: NONE,
  keepAlive: true,
};

/** Who was last assigned to a connection. */
const lastOn = new WeakMap<Member<Owner>, Waiter<Owner>>();

function release(pool: TestPool, member: Member<Owner>, now: number): void {
  pool.released(member, lastOn.get(member) as Waiter<Owner>, now);
}

function makePool(
  limits: Partial<PoolLimits>,
  effects: Partial<PoolEffects<Owner, Waiter<Owner>>> = {},
  random: () => number = () => 0.5,
): { pool: TestPool; route: PoolRoute<Owner>; dials: Member<Owner>[]; wakes: number[] } {
  const dials: Member<Owner>[] = [];
  const wakes: number[] = [];
  let ids = 0;
  const pool: TestPool = new Pool(
    { ...NO_LIMITS, ...limits },
    {
      dial: (member) => {
        dials.push(member);
      },
      reject: () => {},
      close: () => {},
      wake: (at) => {
        wakes.push(at);
      },
      check: () => undefined,
      ...effects,
      assign: (waiter, member) => {
        lastOn.set(member, waiter);
        effects.assign?.(waiter, member);
      },
    },
    { random, nextId: () => ++ids },
  );
  return { pool, route: pool.route("a", "http://a"), dials, wakes };
}

function acquire(pool: TestPool, route: PoolRoute<Owner>, now: number): Waiter<Owner> {
  const waiter = new Waiter<Owner>();
  pool.acquire(waiter, route, now);
  return waiter;
}

function open(pool: TestPool, route: PoolRoute<Owner>, now: number): Member<Owner> {
  const { member } = dialedFor(pool, acquire(pool, route, now), now);
  assert.ok(member);
  return member;
}

function ended(reason: CloseReason): CloseCause {
  return { reason, by: "server", evidence: `it ended for ${reason}` };
}

function dialedFor(pool: TestPool, waiter: Waiter<Owner>, now: number): Waiter<Owner> {
  assert.ok(waiter.dial);
  pool.dialed(waiter.dial, now);
  return waiter;
}

test("Pool: does not recurse, when 20,000 waiters' dials all fail at once from within the dial effect", () => {
  const rejected: Rejection<Owner>[] = [];
  const { pool, route } = makePool(
    { maxDialingPerOrigin: 1 },
    {
      dial: (member) => {
        if (failing) pool.dialFailed(member, "refused", 0);
      },
      reject: (_waiter, why) => {
        rejected.push(why);
      },
    },
  );
  let failing = false;
  const first = acquire(pool, route, 0);
  for (let index = 0; index < 20_000; index += 1) acquire(pool, route, 0);
  assert.ok(first.dial);
  failing = true;
  pool.dialFailed(first.dial, "refused", 0);
  assert.equal(rejected.length, 20_001);
  assert.equal(pool.counts.open + pool.counts.waiting, 0);
  checkInvariants(pool);
});

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

test("Pool: judges maxWaiting by who is left without a dial, when a waiter comes from within an effect", () => {
  let late: Waiter<Owner> | undefined;
  const rejected: Waiter<Owner>[] = [];
  const { pool, route } = makePool(
    { maxWaiting: 0, maxConnectionsPerOrigin: 2 },
    {
      dial: () => {
        late ??= acquire(pool, route, 0);
      },
      reject: (waiter) => {
        rejected.push(waiter);
      },
    },
  );
  acquire(pool, route, 0);
  assert.ok(late?.dial, "there was room for a second dial");
  assert.deepEqual(rejected, []);
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

test("dialedFor: names the starter while its dial is handed out, and nobody once that one is gone", () => {
  const seen: (Waiter<Owner> | undefined)[] = [];
  const { pool, route, dials } = makePool(
    {},
    {
      assign: (_waiter, member) => {
        seen.push(member.dialedFor);
      },
    },
  );
  const first = acquire(pool, route, 0);
  const second = acquire(pool, route, 0);
  const [one, two] = dials;
  assert.ok(one && two);
  pool.dialed(two, 1);
  assert.equal(first.member, two);
  pool.dialed(one, 2);
  assert.equal(second.member, one);
  assert.deepEqual(seen, [second, undefined]);
  assert.equal(two.dialedFor, undefined, "it holds no waiter for longer than needed");
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

test("preconnect: returns the connections on their way, and none when enough are idle", () => {
  const { pool, route, dials } = makePool({});
  const [one, two] = pool.preconnect(route, 2, 0);
  assert.ok(one && two);
  pool.dialed(one, 1);
  assert.deepEqual(pool.preconnect(route, 2, 2), [two]);
  pool.dialed(two, 3);
  assert.deepEqual(pool.preconnect(route, 2, 4), []);
  assert.equal(dials.length, 2);
});

test("learning: takes nothing from a connection that was never used, nor from one busy without a pause", () => {
  const { pool, route } = makePool({});
  const [unused] = pool.preconnect(route, 1, 0);
  assert.ok(unused);
  pool.dialed(unused, 0);
  pool.closed(unused, ended("server-closed-idle"), 1000);
  pool.closed(open(pool, route, 1000), ended("server-closed-unanswered"), 1500);
  assert.equal(pool.learnedIdleLimit(route), undefined);
});

test("learning: takes the idle age of a connection that ended on reuse, before any answer", () => {
  for (const reason of ["server-closed-unanswered", "reset", "write-error", "server-idle-timeout"] as const) {
    const { pool, route } = makePool({});
    const member = open(pool, route, 0);
    release(pool, member, 0);
    acquire(pool, route, 700);
    pool.closed(member, ended(reason), 5000);
    assert.equal(pool.learnedIdleLimit(route), 700, reason);
  }
});

/** POSTs at a steady pace against a server that ends connections idle for 2 s; returns how many were lost. */
function lostPosts(pace: number, posts: number): number {
  const limit = 2000;
  const delay = 1;
  let lost = 0;
  const { pool, route } = makePool({ idleTimeout: 55_000 });
  let now = 0;
  /** Ends by the server that reach the client by `time`. */
  const letServerEnd = (time: number): void => {
    for (const member of pool.holders(route)) {
      const endsAt = member.idleSince + limit + delay;
      if (member.state === "idle" && endsAt <= time) {
        pool.tick(endsAt);
        pool.closed(member, ended("server-closed-idle"), endsAt);
      }
    }
    pool.tick(time);
  };
  for (let index = 0; index < posts; index += 1) {
    letServerEnd(now);
    const post = new Waiter<Owner>();
    post.repeatable = false;
    pool.acquire(post, route, now);
    if (post.dial !== undefined) pool.dialed(post.dial, now);
    const { member } = post;
    assert.ok(member);
    // What is written while the server's end is under way is lost.
    if (member.lastIdleFor < limit) {
      release(pool, member, now);
    } else {
      lost += 1;
      pool.closed(member, ended("server-closed-unanswered"), now);
    }
    now += pace;
  }
  return lost;
}

test("learning: at most the first POST is lost, when they come around an unannounced idle limit of 2 s", () => {
  for (const pace of [1700, 1999, 2000, 2000.5, 2001, 2100, 3000]) {
    assert.ok(lostPosts(pace, 600) <= 1, `POSTs ${pace} ms apart`);
  }
  assert.equal(lostPosts(2000.5, 600), 1, "the model does lose one");
});

// ── what is learned, remembered and forgotten ────────────────────────────────────────────────────────────────

test("learning: takes the age at which a server ended an idle connection, by an end, a 408 or a reset, and by nothing else", () => {
  const told: [CloseReason, number | undefined][] = [
    ["server-closed-idle", 1500],
    ["server-idle-timeout", 1500],
    ["reset", 1500],
    ["unsolicited-data", undefined],
    ["idle-closed-by-caller", undefined],
    ["goaway", undefined],
  ];
  for (const [reason, learned] of told) {
    const { pool, route } = makePool({});
    const member = open(pool, route, 0);
    release(pool, member, 500);
    pool.closed(member, ended(reason), 2000);
    assert.equal(pool.learnedIdleLimit(route), learned, reason);
  }
});

test("learning: takes nothing from an end in the middle of an answer, nor from one after a first success", () => {
  const { pool, route } = makePool({});
  const member = open(pool, route, 0);
  release(pool, member, 0);
  acquire(pool, route, 700);
  pool.closed(member, ended("server-closed-mid-response"), 800);
  assert.equal(pool.learnedIdleLimit(route), undefined);
  const shared = pool.route("m", "http://m", true);
  const first = acquire(pool, shared, 0);
  assert.ok(first.dial);
  const several = first.dial;
  pool.dialed(several, 0, NONE);
  pool.released(several, first, 0);
  const [one, two] = [acquire(pool, shared, 700), acquire(pool, shared, 700)];
  assert.equal(one.member, several);
  pool.released(several, two, 710);
  pool.closed(several, ended("reset"), 720);
  assert.equal(pool.learnedIdleLimit(shared), undefined, "it had been found alive");
});

test("learning: an end met on writing only may be a silent middlebox's, so that connections that look open prove nothing", () => {
  const { pool, route } = makePool({});
  const member = open(pool, route, 0);
  release(pool, member, 0);
  acquire(pool, route, 20_000);
  pool.closed(member, ended("write-error"), 20_001);
  assert.equal(pool.learnedIdleLimit(route), 20_000);
  for (let index = 0; index < 4; index += 1) {
    const open2 = open(pool, route, 30_000 + index);
    release(pool, open2, 30_000 + index);
    const once = new Waiter<Owner>();
    once.repeatable = false;
    pool.acquire(once, route, 80_000 + index * 60_000);
    pool.closeIdle(80_000 + index * 60_000);
    if (once.dial !== undefined) pool.closed(once.dial, ended("dial-failed"), 80_000 + index * 60_000);
    pool.cancel(once, 80_000 + index * 60_000);
  }
  assert.equal(pool.learnedIdleLimit(route), 20_000);
});

test("learning: an end that was seen while the connection was idle is contradicted by those that look open", () => {
  const { pool, route } = makePool({});
  const members = [open(pool, route, 0), open(pool, route, 0)];
  for (const member of members) release(pool, member, 0);
  pool.closed(members[0] as Member<Owner>, ended("server-closed-idle"), 20_000);
  assert.equal(pool.learnedIdleLimit(route), 20_000);
  for (const now of [30_000, 40_000]) {
    const once = new Waiter<Owner>();
    once.repeatable = false;
    pool.acquire(once, route, now);
    assert.equal(once.skipped, members[1]);
    pool.cancel(once, now);
  }
  assert.equal(pool.learnedIdleLimit(route), undefined);
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

test("maxWaiting: turns away who comes from within an effect too, when no dial is left for it", () => {
  const rejected: Rejection<Owner>[] = [];
  let late: Waiter<Owner> | undefined;
  const { pool, route } = makePool(
    { maxWaiting: 0, maxConnectionsPerOrigin: 1 },
    {
      dial: () => {
        late ??= acquire(pool, route, 0);
      },
      reject: (waiter, why) => {
        assert.equal(waiter, late);
        rejected.push(why);
      },
    },
  );
  acquire(pool, route, 0);
  assert.deepEqual(rejected, [{ kind: "max-waiting", waiting: 0 }]);
  checkInvariants(pool);
});

test("queueTimeout: says how long the waiter had waited", () => {
  const rejected: Rejection<Owner>[] = [];
  const { pool, route } = makePool(
    { queueTimeout: 100, maxConnectionsPerOrigin: 1 },
    { reject: (_waiter, why) => rejected.push(why) },
  );
  open(pool, route, 0);
  acquire(pool, route, 10);
  acquire(pool, route, 50);
  pool.tick(130);
  assert.deepEqual(rejected, [{ kind: "queue-timeout", waited: 120 }]);
});

test("preconnect: counts on a dial that one waiter shares, and does nothing while the pool closes", () => {
  const { pool, dials } = makePool({});
  const shared = pool.route("m", "http://m", true);
  acquire(pool, shared, 0);
  assert.deepEqual(pool.preconnect(shared, 2, 0), dials);
  assert.equal(dials.length, 1);
  const spare = pool.route("n", "http://n", true);
  const first = pool.preconnect(spare, 1, 0);
  assert.deepEqual(pool.preconnect(spare, 1, 0), first);
  assert.equal(dials.length, 2);
  pool.shutdown(1);
  assert.deepEqual(pool.preconnect(pool.route("b", "http://b"), 1, 1), []);
  assert.equal(dials.length, 2);
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

test("dialed: notes when the connection was open", () => {
  const { pool, route } = makePool({});
  assert.equal(open(pool, route, 5).openedAt, 5);
});

test("dialFailed: a waiter that another one's failure makes give up, or come again, is not turned away", () => {
  const rejected: Waiter<Owner>[] = [];
  const { pool, dials } = makePool(
    {},
    {
      reject: (waiter) => {
        rejected.push(waiter);
        if (rejected.length > 1) return;
        pool.cancel(two, 1);
        pool.cancel(three, 1);
        pool.acquire(three, shared, 1);
      },
    },
  );
  const shared = pool.route("m", "http://m", true);
  const [one, two, three] = [acquire(pool, shared, 0), acquire(pool, shared, 0), acquire(pool, shared, 0)];
  assert.ok(dials[0]);
  pool.dialFailed(dials[0], "refused", 1);
  assert.deepEqual(rejected, [one]);
  assert.equal(three.dial, dials[1]);
  assert.equal(dials[0].dialedFor, undefined, "it holds no waiter for longer than needed");
  checkInvariants(pool);
});

test("tick: the evidence of an idle limit says whose it was", () => {
  const said: string[] = [];
  const { pool, route } = makePool(
    { idleTimeout: 500 },
    { close: (_member, { evidence }) => said.push(evidence) },
  );
  for (const announced of [NONE, 200]) {
    const member = open(pool, route, 0);
    member.serverIdleLimit = announced;
    release(pool, member, 0);
    pool.tick(1000);
  }
  assert.deepEqual(said, [
    "it was idle for 1.0 s; the limit is 500 ms, idleTimeout",
    "it was idle for 1.0 s; the limit is 200 ms, what the server announced in Keep-Alive, minus a margin",
  ]);
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

test("acquire: a waiter that comes again is on no connection while it waits", () => {
  const { pool, route } = makePool({});
  const waiter = acquire(pool, route, 0);
  const { member } = dialedFor(pool, waiter, 0);
  assert.ok(member);
  pool.closed(member, ended("reset"), 1);
  pool.acquire(waiter, route, 1);
  assert.equal(waiter.member, undefined);
  pool.shutdown(2);
  const late = new Waiter<Owner>();
  late.member = member;
  pool.acquire(late, route, 2);
  assert.equal(late.member, undefined);
});

test("acquire: a waiter that leaves an idle connection alone forgets it once it is served", () => {
  const { pool, dials } = makePool({});
  const shared = pool.route("m", "http://m", true);
  const first = acquire(pool, shared, 0);
  assert.ok(dials[0]);
  pool.dialed(dials[0], 0);
  acquire(pool, shared, 0);
  assert.ok(dials[1]);
  pool.dialed(dials[1], 0, NONE);
  pool.released(dials[0], first, 0);
  const once = new Waiter<Owner>();
  once.repeatable = false;
  pool.acquire(once, shared, 5000);
  assert.equal(once.member, dials[1]);
  assert.equal(once.skipped, undefined);
  const other = pool.route("a", "http://a");
  release(pool, open(pool, other, 5000), 5000);
  const late = new Waiter<Owner>();
  late.repeatable = false;
  pool.acquire(late, other, 10_000);
  const dial = dials.at(-1);
  assert.ok(late.skipped && dial);
  assert.equal(late.started, dial);
  pool.dialed(dial, 10_001);
  const { skipped, started, dial: counted, waitingIn } = late;
  assert.deepEqual([skipped, started, counted, waitingIn], [undefined, undefined, undefined, undefined]);
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

test("learning: takes the age of an idle connection that a check finds ended", () => {
  let dead = false;
  const { pool, route } = makePool({}, { check: () => (dead ? ended("server-closed-idle") : undefined) });
  release(pool, open(pool, route, 0), 0);
  dead = true;
  acquire(pool, route, 1500);
  assert.equal(pool.learnedIdleLimit(route), 1500);
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

test("learning: connections that stay open until their idle time is over contradict an early end", () => {
  const { pool, route } = makePool({ idleTimeout: 1000 });
  const members = [open(pool, route, 0), open(pool, route, 0), open(pool, route, 0)];
  for (const member of members) release(pool, member, 0);
  pool.closed(members[0] as Member<Owner>, ended("server-closed-idle"), 50);
  assert.equal(pool.learnedIdleLimit(route), 50);
  pool.tick(1000);
  assert.equal(pool.counts.closed, 3);
  assert.equal(pool.learnedIdleLimit(route), undefined);
});

test("wake: is asked for once, when several connections go idle at the same time", () => {
  const { pool, route, wakes } = makePool({ idleTimeout: 1000 });
  const members = [open(pool, route, 0), open(pool, route, 0)];
  for (const member of members) release(pool, member, 0);
  assert.deepEqual(wakes, [1000]);
});

test("dialFailed: what one of several waiters does about it is done when all have been told", () => {
  const did: string[] = [];
  const { pool, dials } = makePool(
    {},
    {
      dial: (member) => {
        did.push(`dial ${member.id}`);
        dials.push(member);
      },
      reject: () => {
        did.push("reject");
        if (did.length === 2) acquire(pool, shared, 1);
      },
    },
  );
  const shared = pool.route("m", "http://m", true);
  for (let index = 0; index < 3; index += 1) acquire(pool, shared, 0);
  assert.ok(dials[0]);
  pool.dialFailed(dials[0], "refused", 1);
  assert.deepEqual(did, ["dial 1", "reject", "reject", "reject", "dial 2"]);
  checkInvariants(pool);
});

test("cancel: a waiter that gave up counts on no dial, and no dial on it", () => {
  const { pool, route, dials } = makePool({});
  const waiter = acquire(pool, route, 0);
  assert.deepEqual([waiter.dial, waiter.started, dials[0]?.dialedFor], [dials[0], dials[0], waiter]);
  pool.cancel(waiter, 1);
  assert.deepEqual([waiter.dial, waiter.started, dials[0]?.dialedFor], [undefined, undefined, undefined]);
});
