import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, percent, size, table } from "./table.js";

test("table: sets cells on the side of their column and ends no line with spaces", () => {
  assert.deepEqual(
    table(
      [{ title: "name" }, { title: "n", align: "right" }, { title: "why" }],
      [
        ["a", "10", ""],
        ["long name", "5", "so"],
      ],
    ),
    ["name        n  why", "a          10", "long name   5  so"],
  );
});

test("duration: picks the unit and never rounds up to the next one's thousand", () => {
  assert.deepEqual([0.0004, 0.25, 0.9996, 5, 99.96, 1234, 9999, 12_345].map(duration), [
    "0 us",
    "250 us",
    "1.0 ms",
    "5.0 ms",
    "100 ms",
    "1,234 ms",
    "9,999 ms",
    "12.3 s",
  ]);
});

test("size: picks the unit", () => {
  assert.deepEqual([1, 1023, 1024, 1024 ** 2, 1.5 * 1024 ** 3].map(size), [
    "1 byte",
    "1,023 bytes",
    "1.0 KiB",
    "1.0 MiB",
    "1.5 GiB",
  ]);
});

test("percent: says all and nothing only when it is so", () => {
  assert.deepEqual([1, 0, 0.99999, 0.00001, 0.5].map(percent), ["100%", "0%", "99.9%", "0.1%", "50.0%"]);
});
