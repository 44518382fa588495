import assert from "node:assert/strict";
import { test } from "node:test";
import { decideStyle } from "../terminal.js";
import { bars } from "./table.js";
import { type Span, timelineLegend, timelineRow } from "./timeline.js";

const ascii = decideStyle(false, 80, {});
const unicode = decideStyle(false, 80, { LANG: "C.UTF-8" });

const life: Span[] = [
  { activity: "connect", from: 0, to: 2 },
  { activity: "idle", from: 2, to: 20 },
  { activity: "waiting", from: 2, to: 6 },
  { activity: "receiving", from: 6, to: 10 },
];

test("timelineRow: draws each activity over its share of the time, in ASCII and in Unicode", () => {
  assert.equal(timelineRow(life, 20, 20, ascii), "cc----####..........");
  assert.equal(timelineRow(life, 20, 10, unicode), "▒──██·····");
});

test("timelineRow: leaves blank what is before the dial and after the close", () => {
  assert.equal(timelineRow([{ activity: "idle", from: 5, to: 7 }], 10, 10, ascii), "     ..   ");
});

test("timelineRow: shows the phases of a dial even when all of them fit in one cell", () => {
  const dial: Span[] = [
    { activity: "dns", from: 0, to: 0.1 },
    { activity: "connect", from: 0.1, to: 0.2 },
    { activity: "tls", from: 0.2, to: 0.3 },
    { activity: "waiting", from: 0.3, to: 100 },
  ];
  assert.equal(timelineRow(dial, 100, 10, ascii), "dct-------");
});

test("timelineRow: survives a life of no length", () => {
  assert.equal(timelineRow([{ activity: "connect", from: 0, to: 0 }], 0, 4, ascii), "c   ");
});

test("timelineLegend: explains the marks in use only", () => {
  assert.equal(timelineLegend(new Set(["idle", "connect"]), ascii), "c connect  . idle");
});

test("bars: scales to the greatest and keeps every value above zero visible", () => {
  const rows = [
    { label: "a", value: 1000, text: "1,000" },
    { label: "bb", value: 1, text: "1" },
    { label: "c", value: 0, text: "0" },
  ];
  const [first, second, third] = bars(rows, ascii);
  assert.equal(first, `a   ${"#".repeat(60)} 1,000`);
  assert.equal(second, "bb  # 1");
  assert.equal(third, "c    0");
  assert.equal(bars(rows, unicode)[1], "bb  ▏ 1");
});
