import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, NetworkError, type Response, Transport } from "../../src/index.js";
import { createAuthority, seededRandom } from "../../src/testing/index.js";
import { ChaosServer } from "./chaos-server.js";
import { withoutLeaks } from "./site.js";

// A thousand calls, fifty at once, to a server that does its worst. No caller gets another's answer, no POST arrives
// twice, nothing hangs, nothing is left. `TRUNKLINE_SEEDS` says for how long: a run for each fifty, two at least.
const RUNS = Math.max(2, Math.floor(Number(process.env["TRUNKLINE_SEEDS"] ?? 0) / 50));
const FIRST = Number(process.env["TRUNKLINE_FIRST_SEED"] ?? 1);
const CALLS = 1000;
const AT_ONCE = 50;
/** Of a call, in milliseconds: a server that stalls costs this. */
const TIMEOUT = 500;
/** A request and two safe retries. */
const MOST_SENDS = 3;

const authority = createAuthority();
const certificate = authority.issue({ names: ["localhost"] });

interface Kind {
  readonly method: string;
  readonly repeatable: boolean;
  body?(): string | AsyncIterable<Uint8Array>;
}

const KINDS: readonly Kind[] = [
  { method: "GET", repeatable: true },
  { method: "GET", repeatable: true },
  { method: "HEAD", repeatable: true },
  { method: "PUT", repeatable: true, body: () => "p".repeat(300) },
  { method: "POST", repeatable: false, body: () => "p".repeat(300) },
  { method: "POST", repeatable: false, body: () => "p".repeat(30_000) },
  { method: "POST", repeatable: false, body: pieces },
  { method: "PATCH", repeatable: false, body: () => "{}" },
];

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 4; i += 1) yield Buffer.alloc(50, "s");
}

/** Whatever of a response is looked at is of its own request. */
async function read(response: Response, id: string, use: number): Promise<void> {
  assert.equal(response.headers.get("x-id"), id, `${id} got the answer of another`);
  if (response.body === null) return;
  const own = `${id}:`;
  if (use < 0.6) {
    const text = await response.text();
    // A cut where the connection's end is the body's end cannot be seen.
    const cut = response.headers.has("x-until") && own.startsWith(text);
    assert.ok(
      cut || (text.startsWith(own) && /^x*$/.test(text.slice(own.length))),
      `${id} got ${text.slice(0, 60)}`,
    );
  } else if (use < 0.8) {
    let seen = "";
    for await (const chunk of response) {
      if (seen.length < own.length) seen += Buffer.from(chunk).toString("latin1");
      if (use < 0.7) break;
    }
    assert.ok(own.startsWith(seen.slice(0, own.length)), `${id} got ${seen.slice(0, 60)}`);
  } else if (use < 0.9) {
    await response.close();
  } else {
    await response.body.cancel();
  }
}

async function run(seed: number, secure: boolean): Promise<number> {
  const random = seededRandom(seed);
  await using server = await ChaosServer.start(seededRandom(seed * 7919), secure ? certificate : undefined);
  const transport = new Transport(secure ? { tls: { ca: authority.cert } } : {});
  const client = new Client({ transport, timeout: TIMEOUT });
  let next = 0;
  let answered = 0;
  const worker = async (): Promise<void> => {
    while (next < CALLS) {
      next += 1;
      const kind = KINDS[Math.floor(random() * KINDS.length)] as Kind;
      const id = `${seed}-${next}-${kind.method}`;
      const use = random();
      try {
        const body = kind.body?.();
        const init = { method: kind.method, ...(body === undefined ? {} : { body }) };
        await read(await client.fetch(`${server.origin}/${id}`, init), id, use);
        answered += 1;
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
      }
      const arrivals = server.arrivals.get(id) ?? 0;
      assert.ok(arrivals <= (kind.repeatable ? MOST_SENDS : 1), `${id} arrived ${arrivals} times`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await transport.close();
  const { totals } = transport.snapshot();
  assert.deepEqual(
    [totals.waiting, totals.dialing, totals.active, totals.draining, totals.idle],
    [0, 0, 0, 0, 0],
  );
  assert.equal(totals.opened, totals.closed);
  return answered;
}

for (const wire of ["TCP", "TLS"]) {
  test(`chaos: ${CALLS} calls over ${wire}, ${AT_ONCE} at once, each get their own answer or none, in ${RUNS / 2} seeds or more`, async () => {
    await withoutLeaks(async () => {
      for (let seed = FIRST; seed < FIRST + Math.ceil(RUNS / 2); seed += 1) {
        const how = `TRUNKLINE_FIRST_SEED=${seed} repeats it`;
        const answered = await run(seed, wire === "TLS").catch((error: unknown) => {
          throw new Error(`Chaos with seed ${seed} broke a promise (${how}): ${String(error)}`, {
            cause: error,
          });
        });
        assert.ok(answered > CALLS / 10, `only ${answered} calls were answered (${how})`);
      }
    });
  });
}
