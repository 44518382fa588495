import assert from "node:assert/strict";
import { test } from "node:test";
import type { Http2WireConnection, Http2WireRequest } from "../../../src/testing/index.js";
import { seededRandom } from "../../../src/testing/index.js";
import { clientOf, turns, until } from "../../transport/support.js";
import { H2World, settled } from "./h2-world.js";

// Pool and session together, through the transport, against a server that does anything a server may do and some that it
// may not, by a seed. `TRUNKLINE_SEEDS` says how many seeds.

const SEEDS = Number(process.env["TRUNKLINE_SEEDS"] ?? 12);
const CALLS = 60;

interface Fate {
  /** How often the server got it and did not say that it would not process it. */
  processed: number;
  readonly method: string;
}

class Chaos {
  readonly random: () => number;
  readonly fates = new Map<string, Fate>();
  /** What the server sent of bodies, and what it was credited for, of each connection. */
  readonly sentOctets = new Map<Http2WireConnection, number>();
  calm = false;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  chance(of: number): boolean {
    return !this.calm && this.random() < of;
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  async serve(connection: Http2WireConnection): Promise<void> {
    if (this.chance(0.15)) await turns(this.below(10));
    await connection.send({ type: "SETTINGS", settings: { maxConcurrentStreams: 1 + this.below(12) } });
    void this.#restless(connection).catch(() => undefined);
    for (;;) {
      const request = await connection.readHead();
      void this.#answer(connection, request).catch(() => undefined);
    }
  }

  /** What has nothing to do with any one request. */
  async #restless(connection: Http2WireConnection): Promise<void> {
    for (;;) {
      await turns(1 + this.below(20));
      if (this.chance(0.1)) {
        await connection.send({ type: "SETTINGS", settings: { maxConcurrentStreams: this.below(10) } });
      }
      if (this.chance(0.1)) await connection.send({ type: "PING", data: "anybody?" });
      if (this.chance(0.03)) await this.#goAway(connection);
      if (this.chance(0.01)) await connection.wire.reset();
      if (this.chance(0.01)) await connection.wire.end();
      if (this.chance(0.01)) await connection.send({ type: 6, payload: "no PING" });
      if (this.calm) await connection.send({ type: "SETTINGS", settings: { maxConcurrentStreams: 100 } });
      if (this.calm) return;
    }
  }

  async #goAway(connection: Http2WireConnection): Promise<void> {
    const last = connection.frames.reduce(
      (most, { type, stream }) => (type === "HEADERS" ? Math.max(most, stream) : most),
      0,
    );
    const lastStream = Math.max(0, last - 2 * this.below(4));
    // What is above it was not processed, whatever the server had done with it until then.
    for (const [stream, path] of this.#streams.get(connection) ?? []) {
      const fate = this.fates.get(path);
      if (stream > lastStream && fate !== undefined) fate.processed -= 1;
    }
    const open = this.#streams.get(connection);
    for (const stream of [...(open?.keys() ?? [])]) if (stream > lastStream) open?.delete(stream);
    this.#last.set(connection, lastStream);
    await connection.send({ type: "GOAWAY", lastStream, code: this.chance(0.2) ? 11 : 0 });
    if (this.chance(0.3)) await connection.wire.end();
  }

  /** Requests in progress, and the last one taken. */
  readonly #streams = new Map<Http2WireConnection, Map<number, string>>();
  readonly #last = new Map<Http2WireConnection, number>();

  async #answer(connection: Http2WireConnection, request: Http2WireRequest): Promise<void> {
    const { stream, path } = request;
    if (stream > (this.#last.get(connection) ?? Number.POSITIVE_INFINITY)) return;
    if (this.chance(0.1)) {
      await connection.send({ type: "RST_STREAM", stream, code: 7 });
      return;
    }
    const fate = this.fates.get(path);
    assert.ok(fate !== undefined, path);
    fate.processed += 1;
    const open = this.#streams.get(connection) ?? new Map<number, string>();
    this.#streams.set(connection, open.set(stream, path));
    await turns(this.below(8));
    if (!open.has(stream)) return;
    if (this.chance(0.08)) {
      open.delete(stream);
      await connection.send({ type: "RST_STREAM", stream, code: [1, 2, 8, 11][this.below(4)] ?? 2 });
      return;
    }
    if (this.chance(0.05)) await connection.send({ type: "HEADERS", stream, status: 103 });
    open.delete(stream);
    const size = this.chance(0.2) ? this.below(200_000) : this.below(2_000);
    await connection.send({ type: "HEADERS", stream, status: 200, headers: ["x-size", String(size)] });
    for (let left = size; left > 0; ) {
      const bytes = Math.min(left, 1 + this.below(16_384));
      left -= bytes;
      if (this.chance(0.02)) {
        await connection.send({ type: "RST_STREAM", stream, code: 2 });
        return;
      }
      this.sentOctets.set(connection, (this.sentOctets.get(connection) ?? 0) + bytes);
      await connection.send({ type: "DATA", stream, data: Buffer.alloc(bytes, "x") });
      if (this.chance(0.2)) await turns(this.below(4));
    }
    await connection.send({ type: "DATA", stream, endStream: true });
  }
}

async function run(seed: number): Promise<void> {
  const chaos = new Chaos(seed);
  await using world = await H2World.start((connection) => chaos.serve(connection), { settings: false });
  const transport = world.transport({
    maxConnectionsPerOrigin: 1 + chaos.below(4),
    http2: { priorKnowledge: true, maxConnectionWindow: 65_535 + chaos.below(1_000_000) },
    headersTimeout: 20_000,
    bodyTimeout: 20_000,
  });
  const client = clientOf(transport);
  const settlings = new Map<string, number>();
  const call = async (id: number): Promise<void> => {
    await turns(chaos.below(60));
    const path = `/${seed}/${id}`;
    const kind = chaos.random();
    const method = kind < 0.5 ? "GET" : "POST";
    chaos.fates.set(path, { processed: 0, method });
    const controller = new AbortController();
    if (chaos.chance(0.15)) void turns(chaos.below(30)).then(() => controller.abort(new Error("given up")));
    const size = chaos.chance(0.2) ? 100_000 : 200;
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let sent = 0; sent < size; sent += 100) {
        yield new Uint8Array(100);
        if (sent % 1_000 === 0) await turns(1);
      }
    }
    const body = kind < 0.6 ? undefined : kind < 0.75 ? new Uint8Array(size) : pieces();
    const settle = (): void => void settlings.set(path, (settlings.get(path) ?? 0) + 1);
    try {
      const response = await client.fetch(world.url(path), {
        method,
        signal: controller.signal,
        ...(body === undefined ? {} : { body }),
      });
      const announced = Number(response.headers.get("x-size"));
      if (chaos.chance(0.2)) {
        await response.close();
      } else {
        assert.equal((await response.bytes()).length, announced);
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    settle();
  };
  const calls = Array.from({ length: CALLS }, (_, id) => call(id));
  await Promise.all(calls);
  chaos.calm = true;
  await settled(transport);
  const problem = `seed ${seed}`;
  assert.equal(settlings.size, CALLS, problem);
  for (const times of settlings.values()) assert.equal(times, 1, problem);
  for (const [path, { processed, method }] of chaos.fates) {
    if (method === "POST")
      assert.ok(processed <= 1, `${problem}: POST ${path} was processed ${processed} times`);
  }
  // Rule of the windows: never more was credited than was sent, and what is owed is less than half the window. This
  // server sends on whatever its windows say, also on a connection that the client has given up; that gets no credit.
  const kept = transport.connections().map(({ state }) => state !== "closed");
  for (const [connection, octets] of chaos.sentOctets) {
    const updates = connection.frames.filter(({ type, stream }) => type === "WINDOW_UPDATE" && stream === 0);
    const settings = connection.frames.findIndex(({ type }) => type === "SETTINGS");
    const first = connection.frames[settings + 1];
    const granted = first?.type === "WINDOW_UPDATE" && first.stream === 0 ? (first.increment ?? 0) : 0;
    const credited = updates.reduce((sum, { increment }) => sum + (increment ?? 0), 0) - granted;
    assert.ok(credited <= octets, `${problem}: ${credited} credited of ${octets}`);
    const window = 65_535 + granted;
    if (kept[connection.wire.id - 1] === true && connection.wire.socket.readable) {
      assert.ok(octets - credited <= window, `${problem}: ${octets - credited} of ${window} owed`);
    }
  }
  // It still works, on whatever connection it has.
  await until(() => transport.snapshot().totals.waiting === 0, "nobody to wait");
  chaos.fates.set("/end", { processed: 0, method: "GET" });
  const end = await client.get(world.url("/end"));
  assert.equal((await end.bytes()).length, Number(end.headers.get("x-size")), problem);
  await transport.close();
  const { totals } = transport.snapshot();
  assert.equal(totals.opened, totals.closed, problem);
}

for (let seed = 1; seed <= SEEDS; seed += 1) {
  test(`chaos over HTTP/2, seed ${seed}: each call settles once, no POST is processed twice, no window leaks`, async () => {
    await run(seed);
  });
}
