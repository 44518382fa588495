import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfter } from "./retry-after.js";

const now = Date.UTC(2026, 0, 1);

const CASES: readonly (readonly [fields: string[], wait: number | undefined])[] = [
  [["7"], 7_000],
  [["0"], 0],
  [["1.5"], 1_500],
  [["0.5"], 500],
  [["10, 10"], 10_000],
  [["1", "3"], 3_000],
  [["Thu, 01 Jan 2026 00:00:30 GMT"], 30_000],
  [["Thu, 01 Jan 2026 00:00:30 UTC"], 30_000],
  [["Thursday, 01-Jan-26 00:00:30 GMT"], 30_000],
  [["Thu Jan  1 00:00:30 2026"], 30_000],
  [["2026-01-01T00:00:30Z"], 30_000],
  [["2026-01-01T01:00:30.5+01:00"], 30_500],
  [["Wed, 31 Dec 2025 00:00:00 GMT"], 0],
  [["Sun Nov  6 08:49:37 1994"], 0],
  [[], undefined],
  [[""], undefined],
  [["soon"], undefined],
  [["1000abc"], undefined],
  [["30s"], undefined],
  [["5 seconds"], undefined],
  [["-1"], undefined],
  [["-120"], undefined],
  [["+5"], undefined],
  [["1e3"], undefined],
  [["0x10"], undefined],
  [[","], undefined],
  [["1.2.3"], undefined],
  [["2026"], 2_026_000],
  [["2026-01-01"], undefined],
  [["Wed, 99 Foo 2026 00:00:00 GMT"], undefined],
  [["1", "soon"], undefined],
];

for (const [fields, wait] of CASES) {
  test(`retryAfter: ${JSON.stringify(fields)} is ${wait === undefined ? "not understood" : `${wait} ms`}`, () => {
    assert.equal(retryAfter(fields, now), wait);
  });
}
