import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { CountsRecord, PoolLimits } from "../../src/pool/index.js";
import { ScriptedPool } from "./scripted-pool.js";

interface Step {
  /** Milliseconds. */
  readonly at: number;
  readonly do: string;
  /** Exactly what the pool does then, in order. */
  readonly then?: readonly string[];
  readonly counts?: Partial<CountsRecord>;
}

interface Behaviour {
  readonly name: string;
  readonly limits?: Partial<PoolLimits>;
  readonly steps: readonly Step[];
}

/** From the project's root, where tests are run. */
const folder = "test/pool/behaviours";

for (const file of readdirSync(folder).sort()) {
  const behaviours = JSON.parse(readFileSync(join(folder, file), "utf8")) as Behaviour[];
  for (const { name, limits, steps } of behaviours) {
    test(`Pool (${file}): ${name}`, () => {
      const scripted = new ScriptedPool(limits ?? {});
      for (const step of steps) {
        const where = `at ${step.at}: ${step.do}`;
        assert.deepEqual(scripted.do(step.do, step.at), step.then ?? [], where);
        for (const [figure, value] of Object.entries(step.counts ?? {})) {
          assert.equal(scripted.counts()[figure as keyof CountsRecord], value, `${where}: ${figure}`);
        }
      }
    });
  }
}
