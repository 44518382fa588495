import assert from "node:assert/strict";
import { test } from "node:test";
import { bodySource, feedFromIterator, Response } from "./index.js";

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

test("feedFromIterator: a large body of known length is collected whole, in one piece or several", async () => {
  const bytes = Uint8Array.from({ length: 700_000 }, (_, i) => i % 251);
  assert.deepEqual(await feedFromIterator(bodySource(bytes)).collect(), Buffer.from(bytes));
  const source = {
    length: bytes.length,
    async *open() {
      for (let at = 0; at < bytes.length; at += 100_000) yield bytes.slice(at, at + 100_000);
      return undefined;
    },
  };
  assert.deepEqual(await feedFromIterator(source).collect(), Buffer.from(bytes));
  const short = await feedFromIterator({ ...source, length: bytes.length + 1_000 }).collect();
  assert.deepEqual(short, Buffer.from(bytes));
});
