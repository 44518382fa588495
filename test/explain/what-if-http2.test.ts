import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecording, whatIf, whatIfText } from "../../src/explain/index.js";
import type { Recording } from "../../src/index.js";
import { clientOf, fetched, rejection, until, World } from "../transport/support.js";
import { answerTogether, atOnce, CERTIFICATE, http2Server, overTls } from "./http2-provocations.js";

/** What is left of a recording in a file. */
const kept = (recording: Recording): Recording => parseRecording(JSON.stringify(recording));

/** The same, with so many requests every 100 ms that take 20 ms each: how busy this machine was does not matter. */
function inSteps(recording: Recording, together: number): Recording {
  const { connections, exchanges, startedAt } = recording;
  const ids = exchanges.map(({ id }) => id).sort((a, b) => a - b);
  return {
    ...recording,
    connections: connections.map((one) => ({ ...one, dial: { attempts: [], connect: 1, tls: 1 } })),
    exchanges: exchanges.map((exchange) => {
      const queuedAt = startedAt + 100 * Math.floor(ids.indexOf(exchange.id) / together);
      return {
        ...exchange,
        queuedAt,
        sentAt: queuedAt + 2,
        ...(exchange.headersAt === undefined ? {} : { headersAt: queuedAt + 20 }),
        endedAt: queuedAt + 20,
      };
    }),
  };
}

/** A burst over HTTP/1.1, all of it under way at the same time. */
async function overHttp1(count: number): Promise<Recording> {
  await using world = await World.start();
  const { key, cert } = CERTIFICATE;
  const gate = world.server.gate();
  const server = await world.another({
    tls: { key, cert },
    script: [{ repeat: ["readRequest", { wait: gate }, { replyOk: "ok" }] }],
  });
  const transport = overTls(world, { http2: false });
  const burst = atOnce(count, () => fetched(transport, server.url()));
  await server.waitForRequests(count);
  gate.open();
  await burst;
  return kept(transport.recording());
}

async function overHttp2(count: number): Promise<Recording> {
  await using world = await World.start();
  const server = await http2Server(world, answerTogether(count), { settings: { maxConcurrentStreams: 50 } });
  const transport = overTls(world);
  await atOnce(count, () => fetched(transport, server.url()));
  return kept(transport.recording());
}

test("what-if: HTTP/2 replayed as it was is one dial; without it, each request of the burst needs its own", async () => {
  const recording = await overHttp2(20);
  const without = whatIf(recording, { http2: false });
  assert.deepEqual(
    [without.actualDials, without.modelledDials, without.predictedDials, without.assumedHttp2],
    [1, 1, 20, []],
  );
  assert.match(
    whatIfText(without),
    /^With http2: false, there would have been 19 dials more: 20 instead of 1\./,
  );
  // What the model says is what happens.
  assert.equal((await overHttp1(20)).connections.length, 20);
});

test("what-if: http2.maxStreams makes more connections, and the server's own limit holds beside it", async () => {
  const recording = await overHttp2(20);
  assert.ok(whatIf(recording, { maxStreams: 5 }).predictedDials > 1);
  assert.equal(whatIf(recording, { maxStreams: 1_000 }).predictedDials, 1);
});

test("what-if: HTTP/1.1 replayed with HTTP/2 says what it takes for granted", async () => {
  const recording = await overHttp1(20);
  const result = whatIf(recording, { http2: true });
  assert.deepEqual([result.modelledDials, result.predictedDials], [20, 1]);
  assert.equal(result.assumedHttp2.length, 1);
  assert.match(
    whatIfText(result),
    /This assumes that https:\S+ speaks HTTP\/2, with 100 requests at a time; `trunkline probe` finds out\./,
  );
  assert.deepEqual(whatIf(recording, { maxIdleConnections: 1 }).assumedHttp2, []);
});

test("what-if: an origin that did not take the HTTP/2 it was offered does not speak it in a replay either", async () => {
  await using world = await World.start();
  const transport = world.transport();
  await atOnce(3, () => fetched(transport, world.server.url()));
  const result = whatIf(kept(transport.recording()), { http2: true });
  assert.deepEqual([result.predictedDials, result.assumedHttp2], [result.modelledDials, []]);
});

test("what-if: a request that was abandoned costs its connection over HTTP/1.1, and a stream over HTTP/2", async () => {
  await using world = await World.start();
  const server = await http2Server(world, async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      if (request.path !== "/never") await connection.reply(request, { body: "ok" });
    }
  });
  const transport = overTls(world);
  for (let round = 0; round < 4; round += 1) {
    await fetched(transport, server.url());
    const abort = new AbortController();
    const given = rejection(clientOf(transport).get(server.url("/never"), { signal: abort.signal }));
    await until(() => transport.snapshot().totals.streams === 1, "the request");
    abort.abort();
    await given;
  }
  const result = whatIf(inSteps(kept(transport.recording()), 1), { http2: false });
  assert.deepEqual([result.actualDials, result.modelledDials, result.predictedDials], [1, 1, 4]);
});

test("what-if: settings of HTTP/2 are checked", async () => {
  const recording = await overHttp2(2);
  assert.throws(
    () => whatIf(recording, { http2: 1 as never }),
    /Cannot replay with 1 for http2: it must be true or false/,
  );
  assert.throws(
    () => whatIf(recording, { http2: { maxStreams: 4 } as never }),
    /Cannot replay with \{"maxStreams":4\} for http2: it must be true or false \(the limit is the setting maxStreams\)/,
  );
  assert.throws(
    () => whatIf(recording, { maxStreams: 0 }),
    /Cannot replay with 0 for maxStreams: it must be a number, at least 1/,
  );
});

test("what-if: GOAWAY ends connections in a replay as it did in the recording", async () => {
  await using world = await World.start();
  const server = await http2Server(world, async (connection) => {
    for (let served = 1; ; served += 1) {
      const request = await connection.readRequest();
      if (served === 20) await connection.send({ type: "GOAWAY", lastStream: request.stream });
      await connection.reply(request, { body: "ok" });
    }
  });
  const transport = overTls(world);
  for (let turn = 0; turn < 10; turn += 1) await atOnce(10, () => fetched(transport, server.url()));
  assert.equal(transport.snapshot().totals.opened, 5);
  const recording = inSteps(kept(transport.recording()), 10);
  const same = whatIf(recording, {});
  assert.deepEqual([same.actualDials, same.modelledDials, same.predictedDials], [5, 5, 5]);
  assert.equal(whatIf(recording, { http2: false }).predictedDials, 10);
});
