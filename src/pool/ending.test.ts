import assert from "node:assert/strict";
import { test } from "node:test";
import type { PoolLimits } from "./contract.js";
import { endOfAge, endOfEvicted, endOfIdleness, endOfUnneeded } from "./ending.js";
import { Member, PoolRoute, Waiter } from "./entities/index.js";
import { NO_LIMITS } from "./pool-fixture.js";
import { endAfterExchange } from "./serving.js";

const LIMITS: PoolLimits = {
  ...NO_LIMITS,
  maxConnections: 7,
  maxConnectionsPerOrigin: 3,
  maxConnectionAge: 60_000,
  maxRequestsPerConnection: 5,
};

function member(): Member<string> {
  return new Member(1, new PoolRoute("a", "http://a"), "first-use", undefined, 1, 0);
}

test("endAfterExchange: names the first of the reasons that hold, with its figures", () => {
  const one = member();
  one.openedAt = 1000;
  assert.equal(endAfterExchange(one, LIMITS, 2000), undefined);
  one.expiresAt = 3000;
  assert.deepEqual(endAfterExchange(one, LIMITS, 3000), {
    reason: "max-age",
    by: "client",
    evidence: "it was 2 s old; maxConnectionAge is 60 s, plus or minus 10 %",
  });
  one.requests = 4;
  one.serverRequestsLeft = 1;
  assert.equal(endAfterExchange(one, LIMITS, 2999), undefined);
  one.serverRequestsLeft = 0;
  assert.deepEqual(endAfterExchange(one, LIMITS, 3000), {
    reason: "max-requests",
    by: "server",
    evidence: "it carried 4 requests, as many as the server's Keep-Alive header allows",
  });
  one.requests = 5;
  assert.deepEqual(endAfterExchange(one, LIMITS, 3000), {
    reason: "max-requests",
    by: "client",
    evidence: "it carried 5 requests; maxRequestsPerConnection is 5",
  });
  assert.deepEqual(endAfterExchange(one, { ...LIMITS, keepAlive: false }, 3000), {
    reason: "keep-alive-off",
    by: "client",
    evidence: "keepAlive is false",
  });
  one.closeWhenReleased = { reason: "goaway", by: "server", evidence: "GOAWAY" };
  assert.equal(endAfterExchange(one, { ...LIMITS, keepAlive: false }, 3000), one.closeWhenReleased);
});

test("endOfAge, endOfIdleness: say how old or idle it was, and the limit", () => {
  const one = member();
  one.openedAt = 500;
  one.idleSince = 700;
  assert.match(endOfAge(one, LIMITS, 1000).evidence, /^it was 500 ms old;/);
  assert.deepEqual(endOfIdleness(one, 200, "idleTimeout", 1000), {
    reason: "idle-timeout",
    by: "client",
    evidence: "it was idle for 300 ms; the limit is 200 ms, idleTimeout",
  });
});

test("endOfUnneeded: only where it cannot be kept", () => {
  const why = "it was no longer needed when its dial was done";
  assert.equal(endOfUnneeded(LIMITS, false), undefined);
  assert.deepEqual(endOfUnneeded(LIMITS, true), { reason: "transport-closed", by: "caller", evidence: why });
  assert.deepEqual(endOfUnneeded({ ...LIMITS, keepAlive: false }, false), {
    reason: "surplus",
    by: "client",
    evidence: `${why}, and keepAlive is false`,
  });
});

test("endOfEvicted: names who waited, how long, and for which limit", () => {
  const route = new PoolRoute<string>("b", "http://b");
  const waiter = new Waiter<string>();
  waiter.waitingSince = 100;
  route.undialed.insert(waiter);
  const evidence = "a request to http://b that could not use it had waited 300 ms because of";
  assert.deepEqual(endOfEvicted(route, LIMITS, true, 400), {
    reason: "evicted",
    by: "client",
    evidence: `${evidence} maxConnectionsPerOrigin (3)`,
  });
  assert.equal(endOfEvicted(route, LIMITS, false, 400).evidence, `${evidence} maxConnections (7)`);
});
