import assert from "node:assert/strict";
import { test } from "node:test";
import { TimerHeap } from "../../runtime/index.js";
import { Member } from "./member.js";
import { PoolRoute, RouteEntry } from "./route.js";
import { Waiter } from "./waiter.js";

const NONE = Number.POSITIVE_INFINITY;

test("Member: a new one is dialing, has carried nothing, and nothing limits it but one exchange at a time", () => {
  const route = new PoolRoute<string>("a", "http://a");
  const member = new Member<string>(7, route, "all-busy", 3, 2, 1000);
  const { id, openedFor, previous, room, dialStartedAt, state, active, requests, openedAt } = member;
  assert.deepEqual(
    { id, openedFor, previous, room, dialStartedAt, state, active, requests, openedAt },
    {
      id: 7,
      openedFor: "all-busy",
      previous: 3,
      room: 2,
      dialStartedAt: 1000,
      state: "dialing",
      active: 0,
      requests: 0,
      openedAt: 0,
    },
  );
  const { idleSince, lastIdleFor, restedFor, multiplexed, limit, refusing } = member;
  assert.deepEqual(
    { idleSince, lastIdleFor, restedFor, multiplexed, limit, refusing },
    { idleSince: 0, lastIdleFor: 0, restedFor: 0, multiplexed: false, limit: 1, refusing: false },
  );
  assert.equal(member.route, route);
  assert.equal(member.awaiting.size, 0);
  for (const time of [member.at, member.serverRequestsLeft, member.serverIdleLimit, member.expiresAt])
    assert.equal(time, NONE);
});

test("PoolRoute, Waiter: a new one has nothing", () => {
  const route = new PoolRoute<string>("a", "http://a");
  const { alwaysSingle, single, limit, barren, listed, resting } = route;
  assert.deepEqual(
    { alwaysSingle, single, limit, barren, listed, resting },
    {
      alwaysSingle: true,
      single: true,
      limit: undefined,
      barren: 0,
      listed: false,
      resting: false,
    },
  );
  assert.deepEqual(
    { ...route.counts },
    {
      idle: 0,
      active: 0,
      streams: 0,
      waiting: 0,
      requests: 0,
      reused: 0,
      dialing: 0,
      draining: 0,
      opened: 0,
      closed: 0,
    },
  );
  assert.equal(new PoolRoute<string>("b", "http://b", false).single, false);
  const { ticket, waitingSince, repeatable } = new Waiter<string>();
  assert.deepEqual([ticket, waitingSince, repeatable], [0, 0, true]);
});

test("Member, RouteEntry: a new one is in no heap", () => {
  const route = new PoolRoute<string>("a", "http://a");
  const members = new TimerHeap<Member<string>>();
  const entries = new TimerHeap<RouteEntry<string>>();
  const member = new Member<string>(1, route, "first-use", undefined, 1, 0);
  const entry = new RouteEntry(route);
  assert.deepEqual([member.heapIndex, entry.heapIndex], [-1, -1]);
  members.set(member, 5);
  entries.set(entry, 5);
  assert.deepEqual([members.nextAt, entries.nextAt], [5, 5]);
});
