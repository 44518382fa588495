import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClosedBy, ConnectionRecord, DialReason, ExchangeRecord, Transport } from "../../src/index.js";
import { seededRandom, type WireConnection, type WireScript } from "../../src/testing/index.js";
import { clientOf, until, World } from "../transport/support.js";

// An oracle that knows nothing of Trunkline: the server notes what it does to each connection and when it saw the
// client end one. From that alone it derives who ended each connection, how many dials each batch of requests needed and
// what each dial stands in for; the recording must agree.

/** Random runs; `TRUNKLINE_SEEDS=3000` for a long one. */
const SEEDS = Number(process.env["TRUNKLINE_SEEDS"] ?? 150);
const FIRST = Number(process.env["TRUNKLINE_SEED"] ?? 1);

/** What the server does with a request, by the last part of its path. */
const ACTS = ["keep", "keep", "keep", "close", "http10", "endless", "cut", "large", "broken"] as const;
type Act = (typeof ACTS)[number] | "unanswered";

/** What the server knows of one connection. */
interface Seen {
  /** What it did that ends the connection, if it did. */
  ended?: "said-close" | "http-1.0" | "no-length" | "cut" | "unanswered" | "idle" | "garbage";
  /** It is over: no request can come on it any more. */
  over: boolean;
  readonly paths: string[];
}

const LARGE = "x".repeat(400_000);

class Oracle {
  readonly seen = new Map<number, Seen>();
  readonly connections = new Map<number, WireConnection>();
  #waiting = 0;
  #expected = 0;
  #release: (() => void)[] = [];

  readonly script: WireScript = async (connection) => {
    const seen: Seen = { over: false, paths: [] };
    this.seen.set(connection.id, seen);
    this.connections.set(connection.id, connection);
    void connection.closed.then(() => {
      seen.over = true;
    });
    for (;;) {
      const { target } = await connection.readRequest();
      seen.paths.push(target);
      await this.#together();
      if (!(await this.#answer(connection, seen, target))) return;
    }
  };

  /** Requests of a batch are answered when all of them have come, so that each needs a connection of its own. */
  expect(count: number): void {
    this.#expected = count;
    this.#waiting = 0;
  }

  #together(): Promise<void> {
    this.#waiting += 1;
    if (this.#waiting >= this.#expected) {
      for (const release of this.#release.splice(0)) release();
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#release.push(resolve));
  }

  async #answer(connection: WireConnection, seen: Seen, target: string): Promise<boolean> {
    const act = target.slice(target.lastIndexOf("/") + 1) as Act;
    switch (act) {
      case "close":
        seen.ended = "said-close";
        await connection.replyOk("ok", { Connection: "close" });
        await connection.end();
        return false;
      case "http10":
        seen.ended = "http-1.0";
        await connection.reply("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await connection.end();
        return false;
      case "endless":
        seen.ended = "no-length";
        await connection.reply("HTTP/1.1 200 OK\r\n\r\nok");
        await connection.end();
        return false;
      case "cut":
        seen.ended = "cut";
        await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok");
        await connection.end();
        return false;
      case "broken":
        seen.ended = "garbage";
        await connection.reply("HTTP/1.1 banana\r\n\r\n");
        await connection.closed;
        return false;
      case "unanswered":
        if (
          [...this.seen.values()].flatMap((one) => one.paths).filter((path) => path === target).length === 1
        ) {
          seen.ended = "unanswered";
          await connection.end();
          return false;
        }
        await connection.replyOk("ok");
        return true;
      case "large":
        await connection.replyOk(LARGE);
        return true;
      default:
        await connection.replyOk("ok");
        return true;
    }
  }

  /** Connections that could take a request now. */
  idle(): number[] {
    return [...this.seen].filter(([, seen]) => !seen.over && seen.ended === undefined).map(([id]) => id);
  }
}

async function ask(transport: Transport, url: string, act: Act): Promise<void> {
  try {
    const response = await clientOf(transport).get(url);
    if (act === "large") await response.close();
    else await response.text();
  } catch {
    // What fails is looked at in the recording.
  }
}

async function run(seed: number): Promise<{ connections: number; requests: number }> {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const oracle = new Oracle();
  await using world = await World.start({ script: oracle.script });
  const cap = random() < 0.5 ? 1 + below(3) : 100;
  const transport = world.transport({ maxIdleConnectionsPerOrigin: cap });
  let number = 0;
  /** Both sides have seen what the other did. */
  const settle = (): Promise<void> =>
    until(
      () =>
        transport.snapshot().totals.dialing === 0 &&
        world.server.open === oracle.idle().length &&
        transport.snapshot().totals.idle === world.server.open,
      `seed ${seed}: both sides to agree (${world.server.open} open, ${oracle.idle().length} idle, ${JSON.stringify(transport.snapshot().totals)})`,
    );

  for (let step = 0; step < 8; step += 1) {
    const idle = oracle.idle();
    const before = world.server.connections;
    const choice = random();
    if (choice < 0.15 && idle.length > 0) {
      const id = idle[below(idle.length)] as number;
      (oracle.seen.get(id) as Seen).ended = "idle";
      await oracle.connections.get(id)?.end();
    } else if (choice < 0.22) {
      transport.closeIdle();
    } else if (choice < 0.35) {
      oracle.expect(1);
      await ask(transport, world.server.url(`/${++number}/unanswered`), "unanswered");
      // On a connection that had been used it goes out again; on a new one it does not.
      const needed = idle.length === 0 ? 1 : idle.length === 1 ? 1 : 0;
      assert.equal(
        world.server.connections - before,
        needed,
        `seed ${seed}, step ${step}: dials for a request that is not answered`,
      );
    } else {
      const acts = Array.from({ length: 1 + below(5) }, () => ACTS[below(ACTS.length)] as Act);
      oracle.expect(acts.length);
      await Promise.all(acts.map((act) => ask(transport, world.server.url(`/${++number}/${act}`), act)));
      // What is no response goes out again, on a new connection, where it met that on one that was used before.
      const again = acts.slice(0, idle.length).filter((act) => act === "broken").length;
      const needed = Math.max(0, acts.length - idle.length) + again;
      assert.equal(
        world.server.connections - before,
        needed,
        `seed ${seed}, step ${step}: dials for ${acts.length} at once with ${idle.length} idle`,
      );
    }
    await settle();
  }
  transport.closeIdle();
  await until(
    () => transport.snapshot().totals.closed === transport.snapshot().totals.opened,
    "the end of all connections",
  );
  judge(seed, oracle, transport, world.server.connections);
  return { connections: world.server.connections, requests: number };
}

/** Compares the recording with what the server saw. */
function judge(seed: number, oracle: Oracle, transport: Transport, accepted: number): void {
  const { connections, exchanges } = transport.recording();
  const report = transport.explain();
  assert.equal(report.connections, accepted, `seed ${seed}: connections`);
  assert.equal(connections.length, accepted);
  const pairs = match(connections, exchanges, oracle);
  const replaced = new Set<number>();
  for (const record of connections) {
    const seen = pairs.get(record.id);
    assert.ok(seen !== undefined, `seed ${seed}: connection ${record.id} is not known to the server`);
    const { closed } = record;
    assert.ok(closed !== undefined);
    const told = `seed ${seed}: connection ${record.id} ${closed.reason} by ${closed.by}; the server ${seen.ended ?? "did nothing"}`;
    const byServer: ClosedBy = seen.ended === undefined ? "client" : "server";
    assert.equal(closed.by === "caller" ? "client" : closed.by, byServer, told);
    if (seen.ended !== undefined) assert.ok(REASONS[seen.ended].includes(closed.reason), told);
    judgeDial(seed, record, connections, pairs, replaced);
  }
}

const REASONS: Readonly<Record<NonNullable<Seen["ended"]>, readonly string[]>> = {
  "said-close": ["server-said-close"],
  "http-1.0": ["http-1.0"],
  "no-length": ["closed-by-eof-body"],
  cut: ["server-closed-mid-response"],
  unanswered: ["server-closed-unanswered"],
  idle: ["server-closed-idle"],
  garbage: ["protocol-error"],
};

/** A dial's reason, from what the server saw of the connection that it stands in for. */
function judgeDial(
  seed: number,
  record: ConnectionRecord,
  all: readonly ConnectionRecord[],
  pairs: ReadonlyMap<number, Seen>,
  replaced: Set<number>,
): void {
  const told = `seed ${seed}: connection ${record.id} was dialed for ${record.openedFor}, previous ${record.previous}`;
  const first = all.every((other) => other.openedAt >= record.openedAt);
  if (record.openedFor === "first-use") assert.ok(first, told);
  if (record.previous === undefined) {
    assert.ok(["first-use", "all-busy", "retry"].includes(record.openedFor), told);
    return;
  }
  const previous = all.find((other) => other.id === record.previous);
  const seen = pairs.get(record.previous);
  assert.ok(previous?.closedAt !== undefined && seen !== undefined, told);
  assert.ok(previous.closedAt <= record.openedAt, `${told}, which was still there`);
  assert.ok(!replaced.has(record.previous), `${told}, which another stands in for already`);
  replaced.add(record.previous);
  if (record.openedFor === "retry") {
    assert.ok(
      [...pairs.values()].some(({ ended }) => ended === "garbage"),
      told,
    );
    return;
  }
  const large = seen.paths.at(-1)?.endsWith("/large") === true;
  const expected: readonly DialReason[] =
    seen.ended === "idle"
      ? ["idle-expired"]
      : seen.ended === undefined
        ? large
          ? ["previous-not-kept", "evicted"]
          : ["evicted"]
        : ["previous-not-kept"];
  assert.ok(expected.includes(record.openedFor), `${told}; expected ${expected.join(" or ")}`);
}

/** Which connection of the server's is which record: by the paths that went over it. */
function match(
  connections: readonly ConnectionRecord[],
  exchanges: readonly ExchangeRecord[],
  oracle: Oracle,
): Map<number, Seen> {
  const unused = [...oracle.seen.values()].filter((seen) => seen.paths.length === 0);
  const pairs = new Map<number, Seen>();
  for (const { id } of connections) {
    const paths = exchanges.filter((exchange) => exchange.connection === id).map((exchange) => exchange.path);
    const candidates = [...oracle.seen.values()].filter((seen) => seen.paths.join() === paths.join());
    const found = paths.length === 0 ? unused.shift() : candidates[0];
    if (found !== undefined) pairs.set(id, found);
  }
  return pairs;
}

test(`soundness: ${SEEDS} random runs are explained as the server saw them`, async () => {
  let connections = 0;
  let requests = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
    const counts = await run(seed);
    connections += counts.connections;
    requests += counts.requests;
  }
  assert.ok(connections > SEEDS && requests > SEEDS);
});
