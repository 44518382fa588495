import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { corpus } from "./folder.js";
import { type Fixture, readFixtures } from "./llhttp-fixtures.js";
import { type Reading, readResponses } from "./read-responses.js";

const folder = corpus("llhttp-response");

const CODING = "ERR_TRUNKLINE_TRANSFER_ENCODING";
const STATUS_LINE = "ERR_TRUNKLINE_BAD_STATUS_LINE";
const NOT_ONLY_CHUNKED =
  "a transfer coding other than a single final `chunked` is an error, found in the head";
const EMPTY_LINE =
  "a status line is the first thing of a response; RFC 9112 §2.2 allows empty lines before requests only";

/** Fixtures where Trunkline is stricter than llhttp on purpose: it refuses with this code, for this reason. */
const RULED: Readonly<Record<string, readonly [code: string, ruling: string]>> = {
  "connection: HTTP 100 first, then 400": [STATUS_LINE, EMPTY_LINE],
  "sample: Response starting with CRLF": [STATUS_LINE, EMPTY_LINE],
  "sample: RTSP response": [STATUS_LINE, "only HTTP/1.0 and HTTP/1.1 are understood"],
  "sample: ICE response": [STATUS_LINE, "only HTTP/1.0 and HTTP/1.1 are understood"],
  "sample: HTTP version 0.9": [STATUS_LINE, "only HTTP/1.0 and HTTP/1.1 are understood"],
  "transfer-encoding: `chunked` before other transfer-encoding": [CODING, NOT_ONLY_CHUNKED],
  "transfer-encoding: multiple transfer-encoding where chunked is not the last one": [
    CODING,
    NOT_ONLY_CHUNKED,
  ],
  "transfer-encoding: `chunkedchunked` transfer-encoding does not enable chunked enconding": [
    CODING,
    NOT_ONLY_CHUNKED,
  ],
  "request-transfer-encoding: Ignoring `pigeons`": [CODING, NOT_ONLY_CHUNKED],
  "request-transfer-encoding: POST with `chunked` as last transfer-encoding": [CODING, NOT_ONLY_CHUNKED],
  "request-transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)": [
    CODING,
    NOT_ONLY_CHUNKED,
  ],
  "request-transfer-encoding: POST with `chunkedchunked` as transfer-encoding": [CODING, NOT_ONLY_CHUNKED],
};

function check(fixture: Fixture, reading: Reading): void {
  const ruled = RULED[fixture.name];
  if (ruled !== undefined) {
    assert.equal(reading.error, ruled[0], ruled[1]);
    return;
  }
  assert.equal(
    reading.error === undefined,
    fixture.error === undefined,
    `ours: ${reading.error ?? "accepted"}, llhttp: ${fixture.error ?? "accepted"}`,
  );
  assert.deepEqual(reading.heads, fixture.heads);
  assert.equal(reading.complete, fixture.complete);
  assert.equal(reading.body, fixture.body);
}

const skip = folder === undefined ? "the llhttp corpus is not here (TRUNKLINE_CORPORA)" : false;

describe("llhttp response fixtures", { skip }, () => {
  const fixtures = folder === undefined ? [] : readFixtures(folder);

  test("readFixtures: finds the whole suite, and every ruling names one of its fixtures", () => {
    assert.equal(fixtures.length, 90);
    const names = new Set(fixtures.map((fixture) => fixture.name));
    for (const name of Object.keys(RULED)) assert.ok(names.has(name), `no fixture is called ${name}`);
  });

  for (const fixture of fixtures) {
    test(`${fixture.name}: whole, byte by byte, and split at every offset`, () => {
      const { bytes, method } = fixture;
      const whole = readResponses([bytes], method);
      check(fixture, whole);
      const dripped = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      assert.deepEqual(readResponses(dripped, method), whole);
      for (let i = 1; i < bytes.length; i++) {
        assert.deepEqual(
          readResponses([bytes.subarray(0, i), bytes.subarray(i)], method),
          whole,
          `split at ${i}`,
        );
      }
    });
  }
});
