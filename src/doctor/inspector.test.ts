import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, unframed } from "./inspector.js";

/** A server's frame: not masked. */
function served(text: string): Buffer {
  const body = Buffer.from(text);
  const head =
    body.length < 126
      ? [0x81, body.length]
      : body.length < 65_536
        ? [0x81, 126, body.length >> 8, body.length & 0xff]
        : [
            0x81,
            127,
            0,
            0,
            0,
            0,
            body.length >>> 24,
            (body.length >> 16) & 0xff,
            (body.length >> 8) & 0xff,
            body.length & 0xff,
          ];
  return Buffer.concat([Buffer.from(head), body]);
}

test("unframed: reads messages of every length, whole ones only", () => {
  for (const length of [0, 5, 125, 126, 65_535, 65_536, 100_000]) {
    const bytes = served("x".repeat(length));
    assert.equal(unframed(bytes)?.text.length, length);
    assert.equal(unframed(bytes.subarray(0, -1))?.text.length, undefined);
    assert.equal(unframed(Buffer.concat([bytes, served("next")]))?.end, bytes.length);
  }
});

test("frame: is masked, and unmasked it is what was said", () => {
  for (const text of ["", "short", "é".repeat(200), "x".repeat(70_000)]) {
    const bytes = frame(text);
    const short = (bytes[1] ?? 0) & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    assert.equal((bytes[1] ?? 0) & 0x80, 0x80);
    const mask = bytes.subarray(start, start + 4);
    const body = bytes.subarray(start + 4).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    assert.equal(Buffer.from(body).toString(), text);
  }
});
