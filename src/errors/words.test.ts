import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped, plural } from "./words.js";

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
