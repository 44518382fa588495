import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision, Transport } from "../../../src/index.js";
import type { Http2WireConnection } from "../../../src/testing/index.js";
import { clientOf, fetched, rejection, until } from "../../transport/support.js";
import { H2World, recordOf, sent } from "./h2-world.js";

/** What is left to the script, so that the server's SETTINGS come when it wants. */
const BY_HAND = { settings: false, answer: false, credit: false } as const;
const REFUSED = 7;

/** Says that it takes one stream at a time when so many have come; it answers none, and refuses all but the first. */
async function refuseAllButOne(connection: Http2WireConnection, count: number): Promise<void> {
  await connection.until(() => sent(connection, "HEADERS").length === count, `${count} requests`);
  const [, ...beyond] = sent(connection, "HEADERS");
  await connection.send(
    { type: "SETTINGS", settings: { maxConcurrentStreams: 1 } },
    ...beyond.map(({ stream }) => ({ type: "RST_STREAM" as const, stream, code: REFUSED })),
  );
  await connection.stall();
}

function refusals(transport: Transport, count: number): Promise<void> {
  return until(() => recordOf(transport).streams?.refused === count, `${count} refusals`);
}

/** The decisions on requests that got no connection. */
function unserved(transport: Transport): readonly Decision[] {
  return transport.recording().decisions.filter(({ connection }) => connection === 0);
}

test("queueTimeout: a request sent beyond the limit that SETTINGS set later waits like any other", async () => {
  await using world = await H2World.start((connection) => refuseAllButOne(connection, 2), BY_HAND);
  const transport = world.stepped({ maxConnectionsPerOrigin: 1, queueTimeout: 500 });
  const held = rejection(fetched(transport, world.url("/held")));
  const waits = rejection(clientOf(transport).post(world.url("/waits"), { body: "x" }));
  await refusals(transport, 1);
  assert.equal(transport.snapshot().totals.waiting, 1);
  world.clock.advance(501);
  const error = await waits;
  assert.equal(error["timeout"], "queueTimeout");
  assert.equal(error["phase"], "queue");
  assert.match(
    error.message,
    /queueTimeout of 500 ms \(queued 50[01] ms\); 1 connection to \S+ is held by 1 request, as many as it may carry at once, the longest by GET \/held for/,
  );
  // It is on no connection any more.
  assert.deepEqual([error["connection"], error["reused"], error["bytesWritten"]], [undefined, false, 0]);
  const [decision] = unserved(transport);
  assert.equal(decision?.limitedBy, "maxConnectionsPerOrigin");
  const candidates = decision?.candidates.map(({ verdict, facts }) => [verdict, facts["limit"]]);
  assert.deepEqual(candidates, [["full", 1]]);
  transport.destroy();
  await held;
});

test("timeout: of a call that waits once more, the error says that it waited", async () => {
  await using world = await H2World.start((connection) => refuseAllButOne(connection, 2), BY_HAND);
  const transport = world.stepped({ maxConnectionsPerOrigin: 1 });
  const held = rejection(fetched(transport, world.url("/held")));
  const waits = rejection(clientOf(transport).get(world.url("/waits"), { timeout: 500 }));
  await refusals(transport, 1);
  world.clock.advance(501);
  const error = await waits;
  assert.equal(error["timeout"], "timeout");
  assert.equal(error["phase"], "queue");
  assert.match(error.message, /timeout of 500 ms \(queued 50[01] ms\)/);
  transport.destroy();
  await held;
});

test("maxWaiting: requests sent beyond the limit that SETTINGS set later count", async () => {
  await using world = await H2World.start((connection) => refuseAllButOne(connection, 3), BY_HAND);
  const transport = world.stepped({ maxConnectionsPerOrigin: 1, maxWaiting: 1 });
  const held = rejection(fetched(transport, world.url("/held")));
  const waits = rejection(fetched(transport, world.url("/waits")));
  const error = await rejection(fetched(transport, world.url("/one too many")));
  assert.equal(error["code"], "ERR_TRUNKLINE_TOO_MANY_WAITING");
  assert.equal(error["connection"], undefined);
  assert.match(error.message, /1 request waits for a connection already \(maxWaiting is 1\)/);
  assert.equal(transport.snapshot().totals.waiting, 1);
  transport.destroy();
  await Promise.all([held, waits]);
});

test("maxWaiting: of a cold burst, those for whom the connection has no room count from its dial on", async () => {
  // 100 go out before its SETTINGS come.
  await using world = await H2World.start((connection) => connection.stall(), BY_HAND);
  const transport = world.stepped({ maxConnectionsPerOrigin: 1, maxWaiting: 2 });
  const errors: (Error & Record<string, unknown>)[] = [];
  const calls = Array.from({ length: 105 }, async (_, i) => {
    errors.push(await rejection(fetched(transport, world.url(`/${i}`))));
  });
  await until(() => errors.length > 0, "those that are too many");
  const { streams, waiting } = transport.snapshot().totals;
  assert.deepEqual([streams, waiting, errors.length], [100, 2, 3]);
  assert.ok(errors.every(({ code }) => code === "ERR_TRUNKLINE_TOO_MANY_WAITING"));
  transport.destroy();
  await Promise.all(calls);
  // Those turned away, and those that waited to the end.
  const limited = unserved(transport).filter(({ limitedBy }) => limitedBy === "maxConnectionsPerOrigin");
  assert.equal(limited.length, 5);
});
