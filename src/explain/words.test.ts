import assert from "node:assert/strict";
import { test } from "node:test";
import { percent } from "./words.js";

test("percent: says all and nothing only when it is so", () => {
  assert.deepEqual([1, 0, 0.99999, 0.00001, 0.5, 1.2].map(percent), [
    "100 %",
    "0 %",
    "99.9 %",
    "0.1 %",
    "50 %",
    "120 %",
  ]);
});
