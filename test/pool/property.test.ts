import { test } from "node:test";
import { RandomWorld } from "./random-world.js";

/** Steps of each run. */
const STEPS = 10_000;
const seeds = Number(process.env["TRUNKLINE_SEEDS"] ?? 20);
const first = Number(process.env["TRUNKLINE_FIRST_SEED"] ?? 1);

test(`Pool: keeps its invariants, when ${seeds} seeds do ${STEPS} random things each`, () => {
  for (let seed = first; seed < first + seeds; seed += 1) {
    const world = new RandomWorld(seed);
    let step = 0;
    try {
      for (; step < STEPS; step += 1) world.step();
      world.finish();
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      const how = `TRUNKLINE_FIRST_SEED=${seed} TRUNKLINE_SEEDS=1 repeats it`;
      throw new Error(`Seed ${seed} broke the pool at step ${step} (${how}): ${what}`, { cause: error });
    }
  }
});
