import assert from "node:assert/strict";
import { test } from "node:test";
import { isBarren, learnLimit, learnProtocol, mostDials, roomOf, roomOfDial } from "./capacity.js";
import type { PoolLimits } from "./contract.js";
import { Member, PoolRoute } from "./entities/index.js";

const NONE = Number.POSITIVE_INFINITY;
const LIMITS: PoolLimits = {
  maxConnections: NONE,
  maxConnectionsPerOrigin: NONE,
  maxIdleConnections: NONE,
  maxIdleConnectionsPerOrigin: NONE,
  maxDialingPerOrigin: 8,
  maxWaiting: NONE,
  queueTimeout: NONE,
  idleTimeout: NONE,
  maxConnectionAge: NONE,
  maxRequestsPerConnection: 50,
  keepAlive: true,
};

function member(alwaysSingle: boolean): Member<string> {
  return new Member(1, new PoolRoute("a", "http://a", alwaysSingle), "first-use", undefined, 1, 0);
}

/** What is known of the connection and of its route. */
function known({ limit, multiplexed, route }: Member<string>) {
  return { limit, multiplexed, single: route.single, next: route.limit, barren: route.barren };
}

test("roomOf: is the least of what the server, this client and the announcement leave", () => {
  const one = member(false);
  one.limit = 10;
  assert.equal(roomOf(one, LIMITS), 10);
  one.active = 3;
  assert.equal(roomOf(one, LIMITS), 7);
  one.requests = 45;
  assert.equal(roomOf(one, LIMITS), 5);
  one.serverRequestsLeft = 4;
  assert.equal(roomOf(one, LIMITS), 4);
  one.refusing = true;
  assert.equal(roomOf(one, LIMITS), 0);
  one.refusing = false;
  one.closeWhenReleased = { reason: "goaway", by: "server", evidence: "it said so" };
  assert.equal(roomOf(one, LIMITS), 0);
});

test("roomOfDial: is one, any number where nothing is known, else what the last connection took", () => {
  const route = new PoolRoute<string>("a", "http://a", true);
  assert.equal(roomOfDial(route, LIMITS), 1);
  route.setSingle(false);
  assert.equal(roomOfDial(route, LIMITS), NONE);
  route.limit = 20;
  assert.equal(roomOfDial(route, LIMITS), 20);
  route.limit = 100;
  assert.equal(roomOfDial(route, LIMITS), 50);
});

test("mostDials: is the limit, one where connections are shared, and none while servers that take nothing are there", () => {
  const route = new PoolRoute<string>("a", "http://a", true);
  route.barren = 2;
  route.counts.idle = 1;
  assert.equal(mostDials(route, LIMITS), 8);
  assert.equal(isBarren(route), false);
  route.setSingle(false);
  assert.equal(mostDials(route, LIMITS), 0);
  assert.equal(isBarren(route), true);
  route.counts.idle = 0;
  assert.equal(mostDials(route, LIMITS), 1);
  assert.equal(isBarren(route), true);
  route.counts.idle = 1;
  route.barren = 1;
  assert.equal(mostDials(route, LIMITS), 1);
  assert.equal(isBarren(route), false);
  assert.equal(mostDials(route, { ...LIMITS, maxDialingPerOrigin: 0 }), 0);
});

test("learnProtocol: a connection without a limit is for one exchange at a time, and so are the next ones", () => {
  const one = member(false);
  one.route.barren = 2;
  one.limit = 7;
  learnProtocol(one, undefined);
  assert.deepEqual(known(one), { limit: 1, multiplexed: false, single: true, next: undefined, barren: 0 });
});

test("learnProtocol: what the server said before the dial was over holds, as far as one at a time allows", () => {
  for (const [said, limit] of [
    [0, 0],
    [1, 1],
    [5, 1],
  ] as const) {
    const one = member(false);
    learnLimit(one, said);
    learnProtocol(one, undefined);
    assert.deepEqual([one.limit, one.multiplexed, one.route.single], [limit, false, true], `${said}`);
  }
});

test("learnProtocol: a connection with a limit takes that, what the last one took, or 100", () => {
  const one = member(false);
  learnProtocol(one, NONE);
  assert.deepEqual(known(one), { limit: 100, multiplexed: true, single: false, next: 100, barren: 0 });
  const two = member(false);
  two.route.single = true;
  two.route.limit = 6;
  learnProtocol(two, NONE);
  assert.deepEqual(known(two), { limit: 6, multiplexed: true, single: false, next: 6, barren: 0 });
  const three = member(false);
  three.route.limit = 6;
  learnProtocol(three, 4);
  assert.deepEqual(known(three), { limit: 4, multiplexed: true, single: false, next: 6, barren: 0 });
  const told = member(false);
  learnLimit(told, 300);
  learnProtocol(told, NONE);
  assert.deepEqual(known(told), { limit: 300, multiplexed: true, single: false, next: 300, barren: 0 });
});

test("learnProtocol: a server that said none before the dial was over counts as one that takes nothing, once", () => {
  const one = member(false);
  learnLimit(one, 0);
  assert.equal(one.route.barren, 0);
  learnProtocol(one, NONE);
  assert.deepEqual([one.limit, one.route.barren], [0, 1]);
  const always = member(true);
  always.route.barren = 1;
  learnProtocol(always, 0);
  assert.deepEqual(known(always), { limit: 1, multiplexed: false, single: true, next: undefined, barren: 0 });
});

test("learnLimit: is what the connection takes, and the next one of its route", () => {
  const one = member(false);
  learnProtocol(one, NONE);
  one.state = "active";
  one.route.barren = 1;
  learnLimit(one, 5);
  assert.deepEqual(known(one), { limit: 5, multiplexed: true, single: false, next: 5, barren: 0 });
  learnLimit(one, 0);
  assert.deepEqual(known(one), { limit: 0, multiplexed: true, single: false, next: 5, barren: 1 });
  learnLimit(one, 0);
  assert.equal(one.route.barren, 1, "said twice, it is one connection");
  learnLimit(one, 1);
  learnLimit(one, 0);
  assert.equal(one.route.barren, 1);
});

test("learnLimit: makes no connection of a route that is for one at a time a shared one", () => {
  for (const [said, limit] of [
    [0, 0],
    [1, 1],
    [9, 1],
  ] as const) {
    const one = member(true);
    one.state = "active";
    learnLimit(one, said);
    assert.deepEqual(known(one), { limit, multiplexed: false, single: true, next: undefined, barren: 0 });
    const dialing = member(true);
    learnLimit(dialing, said);
    learnProtocol(dialing, 3);
    assert.deepEqual(known(dialing), { limit, multiplexed: false, single: true, next: undefined, barren: 0 });
  }
});
