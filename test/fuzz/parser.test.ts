import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cut, makeCase, seededRandom } from "./parser-cases.js";
import { disagreement } from "./parser-compare.js";

const CASES = 5_000;

describe("response parser against Node's own", () => {
  test("disagreement: finds none in a fixed set of damaged responses", () => {
    const random = seededRandom(9112);
    for (let i = 0; i < CASES; i++) {
      const bytes = makeCase(random, []);
      const problem = disagreement(cut(bytes, random), random(8) === 0 ? "HEAD" : "GET");
      assert.equal(problem, undefined, JSON.stringify(bytes.toString("latin1")));
    }
  });
});
