import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rejection } from "./contract.js";
import { Waiter } from "./entities/waiter.js";
import { checkInvariants } from "./invariants.js";
import { acquire, dialedFor, ended, makePool, NONE, type Owner, open, release } from "./pool-fixture.js";

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
