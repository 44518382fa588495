import assert from "node:assert/strict";
import { test } from "node:test";
import { buildReport, mergeFacts, NO_FACTS, type OriginFacts } from "../explain/index.js";
import { Ledger } from "./ledger.js";
import { Owners } from "./owners.js";
import { Pulse } from "./pulse.js";
import type { Pool, Watched } from "./watched.js";

const ORIGIN = "http://a.test";

/** A ledger on a clock that stands still until it is told to go on. */
function ledger(): {
  ledger: Ledger;
  pool: Pool;
  owners: Owners;
  clock: { now: number };
  facts: () => OriginFacts;
} {
  const clock = { now: 1000 };
  const owners = new Owners();
  const made = new Ledger(
    { process: "p", pulse: new Pulse({ now: () => 0, date: () => 0 }) },
    owners,
    () => clock.now,
    () => {},
  );
  const pool = made.pool(made.tally(ORIGIN, "node:http"), undefined);
  const facts = (): OriginFacts => mergeFacts([made.news(), made.present(true)]).origins[0]!;
  return { ledger: made, pool, owners, clock, facts };
}

function opened(made: Ledger, pool: Pool, unread: (one: Watched) => boolean = () => false): Watched {
  const connection = made.dial(pool, unread);
  made.established(connection);
  return connection;
}

function exchange(made: Ledger, connection: Watched): void {
  made.begins(connection, {});
  made.answered(connection, {});
  made.ends(connection);
}

test("Ledger: a dial is for the first use, then because all are busy, then for what was lost", () => {
  const { ledger: made, pool, clock } = ledger();
  const first = opened(made, pool);
  assert.equal(first.reason, "first-use");
  assert.equal(opened(made, pool).reason, "all-busy");
  for (const connection of [...pool.connections]) made.closes(connection, "idle-timeout");
  assert.equal(opened(made, pool).reason, "idle-expired");
  assert.equal(opened(made, pool).reason, "idle-expired");
  assert.equal(opened(made, pool).reason, "all-busy");
  for (const [reason, dialedFor] of [
    ["keep-alive-off", "keep-alive-off"],
    ["max-age", "aged-out"],
    ["server-said-close", "previous-not-kept"],
  ] as const) {
    for (const connection of [...pool.connections]) made.closes(connection, reason);
    assert.equal(opened(made, pool).reason, dialedFor);
    clock.now += 100_000;
  }
});

test("Ledger: a close is redialed once, and only within a minute", () => {
  const { ledger: made, pool, clock, facts } = ledger();
  const [one, two] = [opened(made, pool), opened(made, pool)];
  made.closes(one, "max-idle-per-origin");
  made.closes(two, "max-idle-per-origin");
  clock.now += 59_000;
  opened(made, pool);
  clock.now += 2_000;
  opened(made, pool);
  assert.deepEqual(facts().redialed, { "max-idle-per-origin": 1 });
});

test("Ledger: a connection that never carried a request is unused, open or closed", () => {
  const { ledger: made, pool, facts } = ledger();
  made.closes(opened(made, pool), "server-closed-idle");
  opened(made, pool);
  const used = opened(made, pool);
  exchange(made, used);
  made.closes(used, "transport-closed");
  const { counts } = facts();
  assert.deepEqual([counts.unused, counts.connections, counts.requests], [2, 3, 1]);
});

test("Ledger: a failed dial is not a connection, one that was abandoned is neither", () => {
  const { ledger: made, pool, clock, facts } = ledger();
  const failed = made.dial(pool, () => false);
  const abandoned = made.dial(pool, () => false);
  clock.now += 30;
  made.failed(failed, "ECONNREFUSED");
  made.givenUp(abandoned);
  made.failed(abandoned, "ECONNREFUSED");
  const { counts, errors, openedFor, most } = facts();
  assert.deepEqual(
    [counts.connections, counts.dialFailures, counts.dialFailureMs, counts.delayedByDials],
    [undefined, 1, 30, 1],
  );
  assert.deepEqual([errors, openedFor, most.dialingAtOnce], [{ ECONNREFUSED: 1 }, {}, 2]);
});

test("Ledger: what is known of an origin is the sum of its lines", () => {
  const { ledger: made, pool } = ledger();
  const connection = opened(made, pool);
  const lines = [made.news()];
  for (let count = 0; count < 5; count++) {
    exchange(made, connection);
    lines.push(made.news());
  }
  made.closes(connection, "transport-closed");
  lines.push(made.news(), made.news());
  assert.deepEqual(lines.at(-1)?.origins, []);
  const [facts] = mergeFacts(lines).origins;
  assert.deepEqual(
    [facts?.counts.requests, facts?.counts.connections, facts?.closed],
    [5, 1, { "transport-closed": 1 }],
  );
});

test("Ledger: phases of a dial are told apart", () => {
  const { ledger: made, pool, facts } = ledger();
  const connection = made.dial(pool, () => false);
  Object.assign(connection.times, { lookedUpAt: 1010, connectedAt: 1015, securedAt: 1040, resumed: true });
  made.established(connection);
  const { dnsLookups, dnsMs, connectMs, tlsHandshakes, tlsResumed, tlsMs } = facts().counts;
  assert.deepEqual([dnsLookups, dnsMs, connectMs, tlsHandshakes, tlsResumed, tlsMs], [1, 10, 5, 1, 1, 25]);
});

test("Ledger: a response counts as left unread at the end, but not in the moment it came", () => {
  const { ledger: made, pool, clock, facts } = ledger();
  const connection = opened(made, pool, () => true);
  connection.site = "/app.js:1:1";
  made.begins(connection, {});
  assert.equal(facts().counts.leakedBodies, undefined);
  made.answered(connection, {});
  assert.deepEqual(made.present(true).origins, []);
  clock.now += 5;
  assert.equal(made.present(true).origins[0]?.counts.leakedBodies, 1);
  assert.deepEqual(made.present(true).origins[0]?.sites, { "body-unread": { "/app.js:1:1": 1 } });
  // While the program runs it may still be read.
  assert.deepEqual(made.present(false).origins, []);
  clock.now += 3000;
  assert.equal(made.present(false).origins[0]?.counts.leakedBodies, 1);
});

const limitOf = (facts: OriginFacts): number | undefined =>
  buildReport({ ...NO_FACTS, origins: [facts] }).origins[0]?.learnedIdleLimit;

test("Ledger: a server's idle limit is learned from two ends at about the same age", () => {
  const { ledger: made, pool, clock, facts } = ledger();
  for (const age of [5000, 40_000, 5100, 200, 210]) {
    const connection = opened(made, pool);
    exchange(made, connection);
    clock.now += age;
    made.closes(connection, "server-closed-idle");
  }
  const ends = facts();
  assert.ok(Math.abs((limitOf(ends) ?? 0) - 200) < 20);
  // An age after which one was still used is below the limit.
  const used = { ...ends, most: { ...ends.most, reusedAfter: 3000 } };
  assert.ok(Math.abs((limitOf(used) ?? 0) - 5000) < 500);
  assert.equal(limitOf({ ...used, least: { announcedIdleLimit: 60_000 } }), undefined);
});

test("Ledger: idle connections that the server ends in one moment show no limit", () => {
  const { ledger: made, pool, clock, facts } = ledger();
  const several = [1, 2, 3].map(() => opened(made, pool));
  for (const one of several) exchange(made, one);
  clock.now += 700;
  for (const one of several) made.closes(one, "server-closed-idle");
  assert.equal(limitOf(facts()), undefined);
});

test("Ledger: a request lost without an answer is a hang-up, unless its connection had been idle", () => {
  const { ledger: made, pool, clock, facts } = ledger();
  const fresh = opened(made, pool);
  made.begins(fresh, {});
  clock.now += 3;
  made.closes(fresh, "server-closed-unanswered");
  const busy = opened(made, pool);
  exchange(made, busy);
  clock.now += 1;
  made.begins(busy, {});
  made.closes(busy, "reset");
  const idle = opened(made, pool);
  exchange(made, idle);
  clock.now += 900;
  made.begins(idle, {});
  made.closes(idle, "reset");
  const { counts, least } = facts();
  assert.deepEqual(
    [counts.hangUps, counts.hangUpsOnNew, counts.staleFailures, least.failedAfter],
    [2, 1, 1, 900],
  );
});

test("Ledger: a time limit that the first request after a pause runs into is counted apart", () => {
  const { ledger: made, pool, clock, facts } = ledger();
  for (const pause of [5, 60_000]) {
    const connection = opened(made, pool);
    exchange(made, connection);
    clock.now += pause;
    made.begins(connection, {});
    clock.now += 1000;
    made.closes(connection, "timeout");
  }
  const { counts, least } = facts();
  assert.deepEqual(
    [counts.timeLimits, counts.timeLimitMs, counts.timeLimitsAfterPause, least.failedAfter],
    [2, 2000, 1, 60_000],
  );
});

test("Ledger: a dial that the client's own time limit cuts off is a time limit, not a failed dial", () => {
  const { ledger: made, pool, clock, facts } = ledger();
  const connection = made.dial(pool, () => false);
  clock.now += 40;
  made.cutOff(connection);
  const { counts, errors } = facts();
  assert.deepEqual(
    [counts.timeLimits, counts.timeLimitMs, counts.timeLimitsDialing, counts.dialFailures, errors],
    [1, 40, 1, undefined, {}],
  );
});

test("Ledger: idleness ends when a request takes the connection, however late its head and body go out", () => {
  const { ledger: made, pool, clock } = ledger();
  const connection = opened(made, pool);
  exchange(made, connection);
  clock.now += 100;
  connection.taken = true;
  connection.takenAt = clock.now;
  clock.now += 5000;
  made.begins(connection, {});
  assert.equal(connection.idleBefore, 100);
});

test("Ledger: origins beyond the bound are counted together and said to be", () => {
  const { ledger: made } = ledger();
  for (let count = 0; count < 2100; count++) made.tally(`http://h${count}.test`, "fetch");
  assert.equal(made.tally("http://new.test", "fetch").origin, "other://origins");
  assert.ok(made.news().dropped > 0);
});

test("Tally: demand is the most requests at a time", () => {
  const { ledger: made, pool, facts } = ledger();
  const { tally } = pool;
  for (const change of [1, 1, -1, 1, 1, -1, -1]) {
    if (change > 0) tally.demanded();
    else tally.demand--;
  }
  exchange(made, opened(made, pool));
  assert.equal(facts().most.demandAtOnce, 3);
});

test("Owners: those of one place are counted together, and told again only when something changed", () => {
  const { owners } = ledger();
  for (let count = 0; count < 3; count++) owners.made({}, "undici", "Agent", "/a.js:1:1");
  const other = owners.made({}, "undici", "Agent", "/b.js:1:1");
  assert.deepEqual(
    owners.facts("p").map(({ site, created }) => [site, created]),
    [
      ["/a.js:1:1", 3],
      ["/b.js:1:1", 1],
    ],
  );
  assert.deepEqual(owners.facts("p"), []);
  other.requests++;
  assert.equal(owners.facts("p").length, 2);
});
