import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transport, TransportOptions } from "../../src/index.js";
import type { WireConnection } from "../../src/testing/index.js";
import { clientOf, turn, until, World } from "./support.js";

// Random calls against a server that misbehaves at random, with aborts, limits and closes thrown in. Whatever
// happens, each call settles once, no slot is lost, and the figures agree.

/** A small generator (mulberry32), so that a seed that fails can be run again. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

async function misbehave(connection: WireConnection, random: () => number): Promise<void> {
  for await (const request of connection.eachRequest()) {
    const dice = random();
    const body = request.target.repeat(1 + Math.floor(random() * 3000));
    if (dice < 0.05) return connection.reset();
    if (dice < 0.1) return connection.end();
    if (dice < 0.13) await connection.reply("garbage\r\n");
    else if (dice < 0.18) {
      await connection.reply(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length + 9}\r\n\r\n${body}`);
      return connection.end();
    } else if (dice < 0.25) {
      await connection.replyOk(body, { Connection: "close" });
      return connection.end();
    } else if (dice < 0.3) {
      await connection.reply(`HTTP/1.1 200 OK\r\n\r\n${body}`);
      return connection.end();
    } else if (dice < 0.5) {
      await connection.reply(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
      );
      await turn();
      await connection.reply("0\r\n\r\n");
    } else if (dice < 0.53) await connection.replyOk("ok and more").then(() => connection.reply("?"));
    else await connection.replyOk(body);
    if (random() < 0.05) return connection.end();
  }
}

async function call(transport: Transport, url: string, random: () => number): Promise<"good" | "failed"> {
  const abort = new AbortController();
  const dice = random();
  const path = `/${Math.floor(random() * 1e6)}`;
  const body = Buffer.alloc(Math.floor(random() * 50_000), "u");
  const init = { signal: abort.signal, ...(random() < 0.2 ? { timeout: 30 } : {}) };
  try {
    const client = clientOf(transport);
    const sent = random() < 0.3 ? client.post(url + path, { ...init, body }) : client.get(url + path, init);
    sent.catch(() => undefined); // it may reject before we come to await it
    if (dice < 0.15) {
      for (let i = Math.floor(random() * 5); i > 0; i -= 1) await turn();
      abort.abort();
    }
    const response = await sent;
    if (dice < 0.3) await response.close();
    else if (dice < 0.4) for await (const _ of response) break;
    else if (dice < 0.5)
      return "good"; // never read: small enough to be read ahead, or found to be cut
    else assert.match(await response.text(), /^(\/\d+)+$|^ok and more$/);
    return "good";
  } catch (error) {
    assert.ok(error instanceof Error, String(error));
    return "failed";
  }
}

/** Another storm altogether with `TRUNKLINE_SEED`. */
const SEED = Number(process.env["TRUNKLINE_SEED"] ?? 31_249);

const SETTINGS: readonly TransportOptions[] = [
  {},
  { maxConnectionsPerOrigin: 3 },
  { maxConnectionsPerOrigin: 2, maxIdleConnections: 1, maxWaiting: 20, queueTimeout: 50 },
  { keepAlive: false, maxDialingPerOrigin: 2 },
  { maxRequestsPerConnection: 3, maxConnections: 4 },
];

for (const [index, options] of SETTINGS.entries()) {
  test(`storm ${index + 1}: 400 calls of 20 workers against a misbehaving server leave everything accounted for`, async () => {
    const random = randomOf(SEED + index);
    await using world = await World.start();
    world.server.script((connection) =>
      misbehave(connection, random).catch((error: unknown) => {
        // The client may leave at any time, in the middle of a request too.
        if (!/peer|closed/.test(String(error))) throw error;
      }),
    );
    const transport = world.transport(options);
    const outcomes: string[] = [];
    const worker = async (): Promise<void> => {
      for (let i = 0; i < 20; i += 1) {
        outcomes.push(await call(transport, world.server.origin, random));
        if (random() < 0.05) transport.closeIdle();
      }
    };
    await Promise.all(Array.from({ length: 20 }, worker));
    assert.equal(outcomes.length, 400);
    assert.ok(outcomes.filter((outcome) => outcome === "good").length > 20);
    await until(() => transport.snapshot().totals.waiting === 0, "nobody to wait");
    const { totals } = transport.snapshot();
    const { dialing, active, idle, draining } = totals;
    assert.equal(totals.opened - totals.closed, dialing + active + idle + draining);
    await transport.close();
    const after = transport.snapshot().totals;
    assert.equal(after.opened, after.closed);
    assert.deepEqual([after.dialing, after.active, after.idle, after.draining], [0, 0, 0, 0]);
    const ids = transport.connections().map((record) => record.id);
    assert.equal(new Set(ids).size, ids.length);
    for (const record of transport.connections()) assert.notEqual(record.closed, undefined);
    await until(() => world.server.open === 0, "the server to see every connection end");
  });
}
