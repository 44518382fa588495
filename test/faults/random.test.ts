import assert from "node:assert/strict";
import { test } from "node:test";
import type { Init } from "../../src/index.js";
import { randomFault, seededRandom } from "../../src/testing/index.js";
import { bodyFor, CountingServer, SHAPES } from "./counting-server.js";
import { LoopRuntime } from "./loop-runtime.js";
import { type Outcome, Site, withoutLeaks } from "./site.js";

const seeds = Number(process.env["TRUNKLINE_FAULT_SEEDS"] ?? 6);
const first = Number(process.env["TRUNKLINE_FIRST_SEED"] ?? 1);
const REQUESTS = 60;
const DEADLINE = 300;
/** The request and two retries (rule 6 of the pool). */
const MOST_SENDS = 3;

/** The kinds of request, and whether one may reach the server twice. */
const KINDS: readonly { readonly name: string; readonly repeatable: boolean; init(): Init }[] = [
  { name: "get", repeatable: true, init: () => ({ method: "GET" }) },
  { name: "put", repeatable: true, init: () => ({ method: "PUT", body: "b".repeat(300) }) },
  { name: "post", repeatable: false, init: () => ({ method: "POST", body: "b".repeat(300) }) },
  {
    name: "post-idempotent",
    repeatable: true,
    init: () => ({ method: "POST", body: "b", idempotent: true }),
  },
  {
    name: "put-stream",
    repeatable: false,
    init: () => ({
      method: "PUT",
      body: (async function* () {
        for (let i = 0; i < 5; i += 1) yield Buffer.alloc(100, "s");
      })(),
    }),
  },
];

/** With several workers, one may take a request that another's dial was started for; alone there is no such doubt. */
async function run(server: CountingServer, seed: number, workers: number): Promise<number> {
  using time = new LoopRuntime();
  const answered = await runOn(server, seed, workers, time);
  assert.equal(time.timers, 0, "timers that are left behind");
  return answered;
}

async function runOn(
  server: CountingServer,
  seed: number,
  workers: number,
  { runtime }: LoopRuntime,
): Promise<number> {
  const random = seededRandom(seed * 7_919);
  await using site = await Site.before(server, {}, seed, runtime);
  site.proxy.faults((_, draw) => randomFault(draw, 1_500));
  let next = 0;
  let answered = 0;
  const judge = (id: string, repeatable: boolean, { body, error }: Outcome): void => {
    const arrivals = server.arrivals(id);
    if (body !== undefined) {
      answered += 1;
      // A cut where the connection's end is the body's end cannot be seen.
      if (id.includes("until-close")) assert.ok(bodyFor(id).startsWith(body), `${id} got another's answer`);
      else assert.equal(body, bodyFor(id), `${id} got another's answer, or a part of its own`);
      assert.ok(arrivals.length > 0);
    }
    assert.ok(
      arrivals.length <= (repeatable ? MOST_SENDS : 1),
      `${id} arrived ${arrivals.length} times (${error})`,
    );
    if (workers > 1) return;
    for (const arrival of arrivals.slice(0, -1)) {
      assert.ok(arrival.position > 1, `${id} was sent again after a connection dialed for it`);
    }
  };
  const worker = async (): Promise<void> => {
    while (next < REQUESTS) {
      next += 1;
      const kind = KINDS[Math.floor(random() * KINDS.length)] as (typeof KINDS)[number];
      const shape = SHAPES[Math.floor(random() * SHAPES.length)] as string;
      const id = `${seed}-${workers}-${next}-${kind.name}-${shape}`;
      const call = async (): Promise<string> =>
        (await site.client.fetch(site.url(`/${shape}/${id}`), { ...kind.init(), timeout: DEADLINE })).text();
      judge(id, kind.repeatable, await site.outcome(DEADLINE, call));
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return answered;
}

for (const workers of [1, 6]) {
  test(`Client: keeps its promises through ${seeds} seeds of random faults, ${workers} at once`, async () => {
    await using server = await CountingServer.start();
    await withoutLeaks(async () => {
      let answered = 0;
      const queue = Array.from({ length: seeds }, (_, i) => first + i).values();
      const lane = async (): Promise<void> => {
        for (const seed of queue) {
          try {
            const count = await run(server, seed, workers);
            answered += count;
          } catch (error) {
            const how = `TRUNKLINE_FIRST_SEED=${seed} TRUNKLINE_FAULT_SEEDS=1 repeats its faults`;
            throw new Error(
              `Seed ${seed} (${how}): ${error instanceof Error ? error.message : String(error)}`,
              { cause: error },
            );
          }
        }
      };
      // Most of a run is waiting for deadlines, so runs go side by side.
      await Promise.all(Array.from({ length: 6 }, lane));
      assert.ok(answered > (seeds * REQUESTS) / 10, `only ${answered} of ${seeds * REQUESTS} were answered`);
    });
  });
}
