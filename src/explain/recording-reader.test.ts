import assert from "node:assert/strict";
import { test } from "node:test";
import { RECORDING_VERSION } from "./recording-format.js";
import { parseRecording, RecordingError } from "./recording-reader.js";

const LINES = [
  { type: "trunkline-recording", version: 1, startedAt: 1000, limits: { idleTimeout: 55_000 } },
  { type: "connection", id: 1, state: "active", openedAt: 1000 },
  {
    type: "decision",
    exchange: 1,
    connection: 1,
    dial: { connection: 1, reason: "first-use", fate: "pending" },
  },
  { type: "exchange", id: 1, connection: 1, outcome: "complete", path: "/ä" },
  {
    type: "decision",
    exchange: 1,
    connection: 1,
    dial: { connection: 1, reason: "first-use", fate: "served-it" },
  },
  { type: "connection", id: 1, state: "closed", openedAt: 1000 },
  { type: "end", at: 2000, dropped: { connections: 1, exchanges: 2, decisions: 3 } },
];
const TEXT = LINES.map((line) => `${JSON.stringify(line)}\n`).join("");

test("parseRecording: of a connection and of a decision the last line counts", () => {
  const recording = parseRecording(TEXT);
  assert.equal(recording.complete, true);
  assert.equal(recording.unreadable, 0);
  assert.deepEqual(
    recording.connections.map((record) => record.state),
    ["closed"],
  );
  assert.deepEqual(
    recording.decisions.map((decision) => decision.dial?.fate),
    ["served-it"],
  );
  assert.deepEqual(recording.dropped, { connections: 1, exchanges: 2, decisions: 3 });
});

test("parseRecording: cut off anywhere after its header, it shows what it has", () => {
  const header = TEXT.indexOf("\n");
  for (let end = header; end < TEXT.length - 1; end += 1) {
    const recording = parseRecording(TEXT.slice(0, end));
    assert.equal(recording.complete, false);
    assert.ok(recording.unreadable <= 1);
    const exchangeEnds = TEXT.indexOf("}", TEXT.indexOf("/ä")) + 1;
    assert.equal(recording.exchanges.length, end >= exchangeEnds ? 1 : 0);
  }
});

test("parseRecording: damaged lines are left out and counted", () => {
  const damaged = TEXT.replace('{"type":"exchange"', '{"type":"exch');
  assert.equal(parseRecording(damaged).unreadable, 1);
  assert.equal(parseRecording(damaged).exchanges.length, 0);
});

test("parseRecording: a newer version and what is not a recording are refused in a sentence", () => {
  const newer = TEXT.replace('"version":1', `"version":${RECORDING_VERSION + 1}`);
  assert.throws(
    () => parseRecording(newer, "a.jsonl"),
    (error) =>
      error instanceof RecordingError &&
      error.code === "ERR_TRUNKLINE_RECORDING_VERSION" &&
      /^a\.jsonl has version 2/.test(error.message),
  );
  for (const text of ["", "{}", "hello", '{"type":"other"}\n', "[1]", "null"]) {
    assert.throws(() => parseRecording(text), { code: "ERR_TRUNKLINE_RECORDING" });
  }
});

test("parseRecording: takes a recording as one JSON document too", () => {
  const document = {
    version: 1,
    startedAt: 1,
    connections: [{ id: 1 }],
    exchanges: [],
    decisions: [],
    dropped: { connections: 0, exchanges: 0, decisions: 0 },
  };
  const recording = parseRecording(JSON.stringify(document));
  assert.equal(recording.connections.length, 1);
  assert.equal(recording.complete, true);
  assert.equal(parseRecording(JSON.stringify(document, null, 2)).connections.length, 1);
});
