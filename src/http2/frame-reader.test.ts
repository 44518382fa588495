import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { FrameLog } from "../../test/http2/frame-log.js";
import { FrameReader } from "./frame-reader.js";
import {
  frameHeader,
  goAwayFrame,
  headersFrames,
  pingFrame,
  settingsFrame,
  windowUpdateFrame,
} from "./frame-writer.js";
import { Http2Error } from "./http2-error.js";

function read(bytes: Buffer, cuts: readonly number[] = [], maxBlock = 65_536): FrameLog {
  const log = new FrameLog();
  const reader = new FrameReader(log, maxBlock);
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    // A read buffer is shared: what one read left in it, the next overwrites.
    const shared = Buffer.from(bytes.subarray(from, to));
    reader.read(shared, 0, shared.length);
    shared.fill(0xee);
    from = to;
  }
  return log;
}

function errorOf(bytes: string | Buffer, maxBlock?: number): Http2Error {
  const data = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
  try {
    read(data, [], maxBlock);
  } catch (error) {
    assert.ok(error instanceof Http2Error);
    assert.equal(error.scope, "connection");
    return error;
  }
  throw new assert.AssertionError({ message: "accepted" });
}

interface Fixture {
  readonly name: string;
  readonly wire: string;
  readonly error: readonly number[] | null;
}
const fixtures = JSON.parse(readFileSync("test/fixtures/http2-frames/cases.json", "utf8")) as Fixture[];

/** Frames that are right and mean nothing to a client that opened no push and no such block. */
const REFUSED_HERE = ["push_promise/normal", "continuation/header", "continuation/normal"];

describe("FrameReader, the fixtures of http2jp", () => {
  for (const { name, wire, error } of fixtures) {
    test(`FrameReader: ${name}`, () => {
      const bytes = Buffer.from(wire, "hex");
      if (error === null && !REFUSED_HERE.includes(name)) {
        assert.ok(read(bytes).lines.length > 0);
        return;
      }
      let code = -1;
      const log = new FrameLog();
      log.streamFault = (_stream, fault) => {
        code = (fault as Http2Error).http2Code;
      };
      log.windowUpdate = (_stream, increment) => {
        if (increment === 0) code = 1; // a matter of the session's
      };
      try {
        new FrameReader(log, 65_536).read(bytes, 0, bytes.length);
      } catch (thrown) {
        code = (thrown as Http2Error).http2Code;
      }
      assert.ok((error ?? [1]).includes(code), `the code is ${code}`);
    });
  }
});

describe("FrameReader", () => {
  const text = "x".repeat(30);
  const everything = Buffer.from(
    settingsFrame([4, 100, 3, 7]) +
      frameHeader(4, 1, 0, 0) +
      headersFrames(1, text, false, 16_384) +
      frameHeader(0, 0, 1, 5) +
      "hello" +
      `${frameHeader(0, 9, 1, 9)}\x03world\0\0\0` +
      `${frameHeader(0, 8, 3, 3)}\x02\0\0` +
      frameHeader(0, 1, 3, 0) +
      `${frameHeader(1, 0x2d, 5, 11)}\x02\0\0\0\x07\x10abc\0\0` +
      headersFrames(7, text, true, 10) +
      `${frameHeader(2, 0, 9, 5)}\0\0\0\x01\x02` +
      `${frameHeader(3, 0xff, 1, 4)}\0\0\0\x08` +
      pingFrame("12345678", false) +
      pingFrame("12345678", true) +
      windowUpdateFrame(0, 99) +
      windowUpdateFrame(0x7fffffff, 0x7fffffff) +
      `${frameHeader(0x2a, 0xff, 4, 3)}abc` +
      frameHeader(0x0a, 0, 0, 0) +
      `${frameHeader(0x10, 0, 0, 6)}\0\0\0\x01u=` +
      goAwayFrame(0x7fffffff, 0xffffffff, "bye"),
    "latin1",
  );

  test("read: says what each frame is, without padding and priority", () => {
    assert.deepEqual(
      read(everything).lines.filter((line) => !line.startsWith("frame")),
      [
        "settings 000400000064000300000007",
        "settings ack",
        `block 1 "${text}" false`,
        'data 1 "hello" false',
        'data 1 "world" true',
        'data 3 "" false',
        'data 3 "" true',
        'block 5 "abc" true',
        `block 7 "${text}" true`,
        "ignored 2 9",
        "rst 1 8",
        "ping 12345678 false",
        "ping 12345678 true",
        "window 0 99",
        "window 2147483647 2147483647",
        "ignored 42 4",
        "ignored 10 0",
        "ignored 16 0",
        "goaway 2147483647 4294967295 bye",
      ],
    );
  });

  test("read: makes the same of it wherever the reads are cut", () => {
    const whole = read(everything).lines;
    for (let cut = 1; cut < everything.length; cut++) {
      assert.deepEqual(read(everything, [cut]).lines, whole, `cut at ${cut}`);
      const second = Math.min(everything.length, cut + 3);
      assert.deepEqual(read(everything, [cut, second]).lines, whole, `cut at ${cut} and ${second}`);
    }
    const each = Array.from({ length: everything.length - 1 }, (_, i) => i + 1);
    assert.deepEqual(read(everything, each).lines, whole, "one octet at a time");
  });

  test("inside: shows whether the octets end between frames", () => {
    const reader = new FrameReader(new FrameLog(), 65_536);
    const bytes = Buffer.from(headersFrames(1, text, false, 10), "latin1");
    for (let i = 0; i < bytes.length; i++) {
      reader.read(bytes, i, i + 1);
      assert.equal(reader.inside, i < bytes.length - 1);
    }
  });

  test("read: refuses a frame that is too large from its 9 octets, whatever its type", () => {
    for (const type of [0, 1, 4, 0x42]) {
      const error = errorOf(frameHeader(type, 0, 1, 16_385));
      assert.equal(error.http2Code, 6);
      assert.match(error.message, /16385 bytes; this client accepts at most 16384/);
    }
  });

  test("read: takes a frame of exactly 16,384 octets", () => {
    const bytes = Buffer.from(frameHeader(0, 0, 1, 16_384) + "z".repeat(16_384), "latin1");
    assert.equal(read(bytes).lines.length, 2);
  });

  for (const [what, bytes, code] of [
    ["a DATA frame without a stream", frameHeader(0, 0, 0, 0), 1],
    ["DATA whose padding fills it", `${frameHeader(0, 8, 1, 2)}\x02\0`, 1],
    ["padded DATA without a padding length", frameHeader(0, 8, 1, 0), 1],
    ["HEADERS without a stream", frameHeader(1, 4, 0, 0), 1],
    ["HEADERS too short for their padding length", frameHeader(1, 12, 1, 0), 6],
    ["HEADERS too short for their priority", `${frameHeader(1, 0x24, 1, 4)}\0\0\0\0`, 6],
    ["HEADERS with more padding than room", `${frameHeader(1, 12, 1, 2)}\x02\0`, 1],
    ["PRIORITY without a stream", `${frameHeader(2, 0, 0, 5)}\0\0\0\0\0`, 1],
    ["RST_STREAM without a stream", `${frameHeader(3, 0, 0, 4)}\0\0\0\0`, 1],
    ["RST_STREAM of 3 octets", `${frameHeader(3, 0, 1, 3)}\0\0\0`, 6],
    ["SETTINGS on a stream", frameHeader(4, 0, 1, 0), 1],
    ["SETTINGS of 5 octets", `${frameHeader(4, 0, 0, 5)}\0\0\0\0\0`, 6],
    ["a SETTINGS acknowledgement with content", `${frameHeader(4, 1, 0, 6)}\0\0\0\0\0\0`, 6],
    ["PUSH_PROMISE", `${frameHeader(5, 4, 1, 4)}\0\0\0\x02`, 1],
    ["PING on a stream", `${frameHeader(6, 0, 1, 8)}12345678`, 1],
    ["PING of 7 octets", `${frameHeader(6, 0, 0, 7)}1234567`, 6],
    ["GOAWAY on a stream", `${frameHeader(7, 0, 1, 8)}\0\0\0\0\0\0\0\0`, 1],
    ["GOAWAY of 7 octets", `${frameHeader(7, 0, 0, 7)}\0\0\0\0\0\0\0`, 6],
    ["WINDOW_UPDATE of 5 octets", `${frameHeader(8, 0, 0, 5)}\0\0\0\0\0`, 6],
    ["CONTINUATION without a block", frameHeader(9, 4, 1, 0), 1],
    ["CONTINUATION without a stream", frameHeader(9, 4, 0, 0), 1],
    ["CONTINUATION of another stream", frameHeader(1, 0, 1, 0) + frameHeader(9, 4, 3, 0), 1],
    ["HEADERS inside a block", frameHeader(1, 0, 1, 0) + frameHeader(1, 4, 3, 0), 1],
    ["DATA inside a block", frameHeader(1, 0, 1, 0) + frameHeader(0, 0, 1, 0), 1],
    ["PING inside a block", `${frameHeader(1, 0, 1, 0)}${frameHeader(6, 0, 0, 8)}12345678`, 1],
    ["an unknown frame inside a block", frameHeader(1, 0, 1, 0) + frameHeader(0x2a, 0, 1, 0), 1],
    ["CONTINUATION after a block that ended", frameHeader(1, 4, 1, 0) + frameHeader(9, 4, 1, 0), 1],
  ] as const) {
    test(`read: refuses ${what}`, () => assert.equal(errorOf(bytes).http2Code, code));
  }

  test("read: judges size before stream, and stream before padding", () => {
    assert.equal(errorOf(`${frameHeader(3, 0, 0, 3)}\0\0\0`).http2Code, 6);
    assert.match(errorOf(`${frameHeader(0, 8, 0, 1)}\xff`).message, /without a stream/);
  });

  test("read: a PRIORITY frame of another length is the fault of its stream", () => {
    assert.match(
      read(Buffer.from(`${frameHeader(2, 0, 3, 4)}\0\0\0\0`, "latin1")).lines[1] ?? "",
      /^fault 3 /,
    );
  });

  test("read: ends a header block of endless CONTINUATION, empty ones too", () => {
    const few = frameHeader(1, 0, 1, 0) + frameHeader(9, 0, 1, 0).repeat(7) + frameHeader(9, 4, 1, 0);
    assert.equal(read(Buffer.from(few, "latin1")).lines.at(-1), 'block 1 "" false');
    const error = errorOf(frameHeader(1, 0, 1, 0) + frameHeader(9, 0, 1, 0).repeat(9));
    assert.deepEqual([error.http2Code, error.limit], [11, true]);
  });

  test("read: ends a header block that is too long in all", () => {
    const error = errorOf(headersFrames(1, "y".repeat(1_001), false, 500), 1_000);
    assert.deepEqual([error.http2Code, error.limit], [11, true]);
    read(Buffer.from(headersFrames(1, "y".repeat(1_000), false, 500), "latin1"), [], 1_000);
  });
});
