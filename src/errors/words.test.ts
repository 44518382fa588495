import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped, plural, seconds } from "./words.js";

test("grouped, plural: write counts as people do", () => {
  assert.deepEqual(
    [grouped(0), grouped(999), grouped(1000), grouped(1234567)],
    ["0", "999", "1,000", "1,234,567"],
  );
  assert.deepEqual(
    [plural(1, "request"), plural(2, "request"), plural(0, "body", "bodies")],
    ["1 request", "2 requests", "0 bodies"],
  );
});

test("seconds: is milliseconds below a second, seconds from there on", () => {
  assert.deepEqual([0, 1.25, 999, 1000, 1549].map(seconds), ["0 ms", "1.3 ms", "999 ms", "1 s", "1.5 s"]);
});
