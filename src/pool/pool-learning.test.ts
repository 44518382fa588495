import assert from "node:assert/strict";
import { test } from "node:test";
import type { CloseReason } from "../trace/index.js";
import type { Member } from "./entities/member.js";
import { Waiter } from "./entities/waiter.js";
import { acquire, ended, makePool, NONE, type Owner, open, release } from "./pool-fixture.js";

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
    "it was idle for 1 s; the limit is 500 ms, idleTimeout",
    "it was idle for 1 s; the limit is 200 ms, what the server announced in Keep-Alive, minus a margin",
  ]);
});

test("learning: takes the age of an idle connection that a check finds ended", () => {
  let dead = false;
  const { pool, route } = makePool({}, { check: () => (dead ? ended("server-closed-idle") : undefined) });
  release(pool, open(pool, route, 0), 0);
  dead = true;
  acquire(pool, route, 1500);
  assert.equal(pool.learnedIdleLimit(route), 1500);
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
