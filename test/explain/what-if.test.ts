import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { type WhatIfSettings, whatIf, whatIfText } from "../../src/explain/index.js";
import type { Transport, TransportOptions } from "../../src/index.js";
import { seededRandom, type WireScript } from "../../src/testing/index.js";
import { clientOf, fetched, World } from "../transport/support.js";

// Traffic is run with one setting and replayed with another; then it is run again for real with that one, and the
// dials that were predicted are compared with those that happened.

type Traffic = (world: World, transport: Transport) => Promise<void>;

/** Batches of `size` requests, each sent when all of the one before are answered. */
const batches =
  (count: number, size: number): Traffic =>
  async (world, transport) => {
    for (let batch = 0; batch < count; batch += 1) {
      await Promise.all(Array.from({ length: size }, () => fetched(transport, world.server.url())));
    }
  };

/** Callers that make one request after the other. */
const workers =
  (count: number, each: number): Traffic =>
  async (world, transport) => {
    await Promise.all(
      Array.from({ length: count }, async () => {
        for (let n = 0; n < each; n += 1) await fetched(transport, world.server.url());
      }),
    );
  };

/** Single requests with pauses of the given lengths (milliseconds) between them, in the transport's own time. */
const paused =
  (seed: number, count: number, upTo: number): Traffic =>
  async (world, transport) => {
    const random = seededRandom(seed);
    for (let n = 0; n < count; n += 1) {
      await fetched(transport, world.server.url());
      world.clock.advance(random() * upTo);
    }
  };

/** A server that takes 25 ms for an answer, which is longer than a dial takes on a machine that is busy. */
const unhurried: WireScript = async (connection) => {
  for (;;) {
    await connection.readRequest();
    await setTimeout(25); // real time on purpose: what is compared is how real traffic falls out
    await connection.replyOk("ok");
  }
};

interface Case {
  readonly name: string;
  readonly traffic: Traffic;
  readonly from: TransportOptions & WhatIfSettings;
  readonly to: WhatIfSettings;
  readonly stepped?: boolean;
  readonly script?: WireScript;
}

const CASES: readonly Case[] = [
  {
    name: "a larger idle cap",
    traffic: batches(12, 20),
    script: unhurried,
    from: { maxIdleConnectionsPerOrigin: 2 },
    to: { maxIdleConnectionsPerOrigin: 20 },
  },
  {
    name: "a smaller idle cap",
    traffic: batches(12, 20),
    script: unhurried,
    from: {},
    to: { maxIdleConnectionsPerOrigin: 5 },
  },
  {
    name: "a limit on connections",
    traffic: batches(12, 20),
    script: unhurried,
    from: { maxIdleConnectionsPerOrigin: 2 },
    to: { maxConnectionsPerOrigin: 4, maxIdleConnectionsPerOrigin: 4 },
  },
  {
    name: "a larger idle cap for steady callers",
    traffic: workers(16, 20),
    from: { maxIdleConnectionsPerOrigin: 2 },
    to: { maxIdleConnectionsPerOrigin: 16 },
  },
  {
    name: "a longer idle timeout",
    traffic: paused(1, 60, 2_000),
    from: { idleTimeout: 500 },
    to: { idleTimeout: 5_000 },
    stepped: true,
  },
  {
    name: "a shorter idle timeout",
    traffic: paused(2, 60, 2_000),
    from: { idleTimeout: 5_000 },
    to: { idleTimeout: 500 },
    stepped: true,
  },
  {
    name: "fewer requests a connection",
    traffic: workers(4, 100),
    from: { maxRequestsPerConnection: 20 },
    to: { maxRequestsPerConnection: 10 },
  },
  { name: "keep-alive off", traffic: workers(4, 30), from: {}, to: { keepAlive: false } },
];

async function run(
  one: Case,
  options: TransportOptions,
): Promise<{ transport: Transport; dials: number; recording: ReturnType<Transport["recording"]> }> {
  await using world = await World.start(one.script === undefined ? {} : { script: one.script });
  const transport = one.stepped === true ? world.stepped(options) : world.transport(options);
  await one.traffic(world, transport);
  return { transport, dials: world.server.connections, recording: transport.recording() };
}

// The first dials of a process take many times as long as the others, and would be taken for the usual ones.
before(() => run(CASES[0] as Case, {}));

for (const one of CASES) {
  test(`whatIf: ${one.name}: predicted and real dials are within 10 %`, async () => {
    const recorded = await run(one, one.from);
    const predicted = whatIf(recorded.recording, one.to);
    assert.equal(predicted.actualDials, recorded.dials);
    const after = await run(one, { ...one.from, ...one.to });
    const off = Math.abs(predicted.predictedDials - after.dials);
    assert.ok(
      off <= Math.max(1, after.dials * 0.1),
      `${predicted.predictedDials} predicted, ${after.dials} real; ${recorded.dials} before, of which the model gives ${predicted.modelledDials}`,
    );
    assert.match(whatIfText(predicted), /^With /);
  });
}

test("whatIf: a name that is not a setting and a value out of range are refused in a sentence", async () => {
  await using world = await World.start();
  const transport = world.transport();
  await clientOf(transport).get(world.server.url()).text();
  const recording = transport.recording();
  assert.throws(
    () => whatIf(recording, { maxIdle: 2 } as WhatIfSettings),
    /"maxIdle": it is not a pool setting; the settings are maxConnections,/,
  );
  assert.throws(() => whatIf(recording, { idleTimeout: -1 }), RangeError);
  assert.throws(() => whatIf(recording, { keepAlive: 1 } as unknown as WhatIfSettings), RangeError);
});

test("whatIf: of a recording of nothing predicts nothing", async () => {
  await using world = await World.start();
  const result = whatIf(world.transport().recording(), { maxConnections: 1 });
  assert.deepEqual([result.requests, result.actualDials, result.predictedDials], [0, 0, 0]);
});
