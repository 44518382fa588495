import assert from "node:assert/strict";
import { test } from "node:test";
import { freshChunk } from "./chunk-memory.js";

test("freshChunk: gives memory of its own, which its holder may transfer away", () => {
  for (const bytes of [1, 8 * 1024, 16_375, 64 * 1024, 128 * 1024, 1_000_000]) {
    const chunk = freshChunk(bytes);
    assert.equal(chunk.length, bytes);
    assert.equal(chunk.byteOffset, 0);
    assert.equal(chunk.buffer.byteLength, bytes, "nothing else lies in it");
    structuredClone(chunk.buffer, { transfer: [chunk.buffer as ArrayBuffer] });
    assert.equal(freshChunk(bytes).length, bytes);
  }
});
