import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transport } from "../../src/index.js";
import {
  type Http2Script,
  type Http2WireConnection,
  type Http2WireRequest,
  http2Script,
  seededRandom,
} from "../../src/testing/index.js";
import { clientOf, until, World } from "../transport/support.js";

// As soundness.test.ts, over HTTP/2: the server notes each stream of each connection, what it did with it, and what it
// did to the connection. The recording must agree: which request went where, in which order, what was refused and reset,
// what each connection was allowed, and who ended it.

/** Random runs; `TRUNKLINE_SEEDS=3000` for a long one. */
const SEEDS = Number(process.env["TRUNKLINE_SEEDS"] ?? 60);
const FIRST = Number(process.env["TRUNKLINE_SEED"] ?? 1);

const ACTS = ["keep", "keep", "keep", "keep", "reset", "refuse", "goaway", "cut"] as const;
type Act = (typeof ACTS)[number];

interface Seen {
  readonly limit: number;
  readonly streams: { readonly stream: number; readonly path: string }[];
  refused: number;
  reset: number;
  ended: "goaway" | "cut" | undefined;
  /** It was cut off, after a GOAWAY or not: what it sent just before may be lost with it. */
  cut: boolean;
  /** The most that were unanswered at the same time. */
  most: number;
  open: number;
}

class Oracle {
  readonly seen: Seen[] = [];
  readonly #met = new Set<string>();
  readonly #limit: () => number;

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  readonly script: Http2Script = async (connection) => {
    const limit = this.#limit();
    const seen: Seen = {
      limit,
      streams: [],
      refused: 0,
      reset: 0,
      ended: undefined,
      cut: false,
      most: 0,
      open: 0,
    };
    this.seen.push(seen);
    await connection.send({ type: "SETTINGS", settings: { maxConcurrentStreams: limit } });
    for (;;) {
      const request = await connection.readRequest();
      const { stream, path } = request;
      seen.streams.push({ stream, path });
      seen.open += 1;
      seen.most = Math.max(seen.most, seen.open);
      await this.#answer(connection, seen, request);
      seen.open -= 1;
      if (seen.cut) return;
    }
  };

  async #answer(connection: Http2WireConnection, seen: Seen, request: Http2WireRequest): Promise<void> {
    const { stream, path } = request;
    // Each does its worst once: what goes out again is answered.
    const act: Act = this.#met.has(path) ? "keep" : (path.slice(path.lastIndexOf("/") + 1) as Act);
    this.#met.add(path);
    switch (act) {
      case "reset":
        seen.reset += 1;
        return connection.send({ type: "RST_STREAM", stream, code: 2 });
      case "refuse":
        seen.refused += 1;
        return connection.send({ type: "RST_STREAM", stream, code: 7 });
      case "goaway":
        if (seen.ended === undefined) {
          seen.ended = "goaway";
          await connection.send({ type: "GOAWAY", lastStream: 2 ** 31 - 1, code: 0, debug: "moved" });
        }
        return connection.reply(request, { body: "ok" });
      case "cut":
        seen.ended ??= "cut";
        seen.cut = true;
        return connection.wire.end();
      default:
        return connection.reply(request, { body: "ok" });
    }
  }
}

async function ask(transport: Transport, url: string): Promise<void> {
  try {
    await (await clientOf(transport).get(url)).text();
  } catch {
    // What fails is looked at in the recording.
  }
}

async function run(seed: number): Promise<number> {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const oracle = new Oracle(() => 1 + below(4));
  await using world = await World.start({ script: http2Script(oracle.script, { settings: false }) });
  const transport = world.transport({ http2: { priorKnowledge: true } });
  let number = 0;
  for (let step = 0; step < 6; step += 1) {
    if (random() < 0.15) transport.closeIdle();
    const acts = Array.from({ length: 1 + below(6) }, () => ACTS[below(ACTS.length)] as Act);
    await Promise.all(acts.map((act) => ask(transport, world.server.url(`/${++number}/${act}`))));
    await until(() => {
      const { dialing, active, draining } = transport.snapshot().totals;
      return dialing + active + draining === 0;
    }, `seed ${seed}: the end of the batch`);
  }
  transport.closeIdle();
  await until(
    () => transport.snapshot().totals.closed === transport.snapshot().totals.opened,
    "the end of all connections",
  );
  judge(seed, oracle, transport);
  return number;
}

function judge(seed: number, oracle: Oracle, transport: Transport): void {
  const { connections, exchanges } = transport.recording();
  const opened = connections.filter(({ protocol }) => protocol !== undefined);
  const pathsOf = (id: number): string[] =>
    exchanges
      .filter(({ connection, stream }) => connection === id && stream !== undefined)
      .sort((a, b) => (a.stream ?? 0) - (b.stream ?? 0))
      .map(({ stream, path }) => `${stream} ${path}`);
  const free = new Set(oracle.seen);
  for (const record of opened) {
    const paths = pathsOf(record.id);
    const told = `seed ${seed}: connection ${record.id} (${paths.join(", ")}), ${record.closed?.reason} by ${record.closed?.by}: ${record.closed?.evidence}`;
    // What left as the connection was cut need not have been read.
    // One that carried nothing may have been closed before the server had said anything.
    if (paths.length === 0) continue;
    const seen = [...free].find(({ streams, cut }) => {
      const known = streams.map(({ stream, path }) => `${stream} ${path}`);
      return cut
        ? known.length > 0 && known.join() === paths.slice(0, known.length).join()
        : known.join() === paths.join();
    });
    assert.ok(seen !== undefined, `${told}; the server knows of ${JSON.stringify([...free])}`);
    free.delete(seen);
    const { streams, closed } = record;
    assert.equal(record.protocol, "h2", told);
    assert.deepEqual([streams?.active, streams?.limit], [0, seen.limit], told);
    for (const turned of ["refused", "reset"] as const) {
      const count = streams?.[turned] ?? -1;
      assert.ok(seen.cut ? count <= seen[turned] : count === seen[turned], `${told}, ${turned} ${count}`);
    }
    assert.ok((streams?.most ?? 0) >= seen.most, told);
    const expected = seen.ended === undefined ? "client" : "server";
    assert.equal(closed?.by === "caller" ? "client" : closed?.by, expected, told);
    if (seen.ended === "goaway")
      assert.match(`${closed?.reason} ${closed?.evidence}`, /^goaway .*NO_ERROR.*"moved"/, told);
    // A write may meet the end before a read does; it says then that the server takes no more.
    if (seen.ended === "cut")
      assert.match(closed?.reason ?? "", /^server-closed-|^reset$|^goaway$|^write-error$/, told);
    judgeExchanges(record.id, transport, told);
  }
  const [origin] = transport.explain().origins;
  assert.deepEqual(origin?.protocols, { h2: opened.length });
  const refused = oracle.seen.reduce((sum, one) => sum + one.refused, 0);
  assert.ok((origin.streams?.refused ?? -1) <= refused, `seed ${seed}: refused in all`);
  const limits = oracle.seen.map(({ limit }) => limit);
  assert.ok(limits.includes(origin.streams?.limit ?? -1), `seed ${seed}: the limit of some connection`);
}

/** Of a connection's requests the first is not reused, unless its dial was for another and it was idle; the others are. */
function judgeExchanges(id: number, transport: Transport, told: string): void {
  const own = transport
    .recording()
    .exchanges.filter(({ connection, stream }) => connection === id && stream !== undefined)
    .sort((a, b) => (a.stream ?? 0) - (b.stream ?? 0));
  for (const [index, { reused, idleFor = 0 }] of own.entries())
    assert.equal(reused, index > 0 || idleFor > 0, `${told}, request ${index + 1}`);
}

test(`soundness: ${SEEDS} random runs over HTTP/2 are explained as the server saw them`, async () => {
  let requests = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) requests += await run(seed);
  assert.ok(requests > SEEDS);
});
