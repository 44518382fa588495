import assert from "node:assert/strict";
import { test } from "node:test";
import { ZstdFrames } from "./zstd-frames.js";

const magic = [0x28, 0xb5, 0x2f, 0xfd];
/** Frames by RFC 8878: with and without checksum, window, dictionary and size, with blocks of every type. */
const FRAMES: Record<string, number[]> = {
  "single segment, a raw block": [...magic, 0x20, 3, 0x19, 0, 0, 1, 2, 3],
  "window, a run of one byte": [...magic, 0x00, 0x58, 0x03 | ((200 << 3) & 0xff), (200 << 3) >> 8, 0, 7],
  "checksum, two blocks": [...magic, 0x24, 4, 0x10, 0, 0, 1, 2, 0x15, 0, 0, 9, 9, 0xaa, 0xaa, 0xaa, 0xaa],
  "dictionary and an eight byte size": [...magic, 0xe3, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 0x01, 0, 0],
  "skippable, then a frame": [0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7, ...magic, 0x20, 0, 0x01, 0, 0],
};

for (const [what, frame] of Object.entries(FRAMES)) {
  test(`ZstdFrames: ${what}: is complete at its end, and nowhere before`, () => {
    const frames = new ZstdFrames();
    frame.forEach((byte, i) => {
      frames.push(Uint8Array.of(byte));
      // A skippable frame is one too.
      const isBoundary = i === frame.length - 1 || (what.startsWith("skippable") && i === 9);
      assert.equal(frames.complete, isBoundary, `byte ${i}`);
    });
    const twice = new ZstdFrames();
    twice.push(Uint8Array.from([...frame, ...frame]));
    assert.equal(twice.complete, true);
  });
}

test("ZstdFrames: an empty input has no frame", () => {
  assert.equal(new ZstdFrames().complete, false);
});
