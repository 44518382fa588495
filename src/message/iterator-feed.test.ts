import assert from "node:assert/strict";
import { test } from "node:test";
import { Response } from "./index.js";

test("Response.body: leaves the buffer that a chunk is a part of intact", async () => {
  const pooled = Buffer.from("pooled");
  const part = Buffer.allocUnsafe(16).fill("abcdefgh").subarray(0, 4);
  const chunks = (async function* () {
    yield part;
  })();
  for (const body of ["text in Node's pool", chunks]) {
    const reader = (new Response(body).body as ReadableStream<Uint8Array>).getReader();
    assert.ok(((await reader.read()).value?.length ?? 0) > 0);
    reader.releaseLock();
  }
  assert.equal(pooled.buffer.byteLength > 0 && pooled.toString(), "pooled");
  assert.equal(part.toString(), "abcd");
});
