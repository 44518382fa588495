import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ChunkQueue } from "./chunk-queue.js";

test("ChunkQueue: bytes come out in the order in which they went in, whatever the sizes", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom("copy", "push"), size: fc.oneof(fc.nat(4), fc.nat(5000)) }),
    fc.constant({ kind: "shift", size: 0 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ChunkQueue();
      const expected: Buffer[] = [];
      const got: Buffer[] = [];
      let seed = 0;
      for (const { kind, size } of steps) {
        if (kind === "shift") {
          const chunk = queue.shift();
          if (chunk !== undefined) got.push(Buffer.from(chunk));
          continue;
        }
        const bytes = Buffer.from(Array.from({ length: size }, () => (seed = (seed * 31 + 7) % 251)));
        expected.push(bytes);
        if (kind === "push") queue.push(Buffer.from(bytes));
        else queue.copy(Buffer.concat([Buffer.from("__"), bytes, Buffer.from("__")]), 2, 2 + size);
      }
      assert.deepEqual(Buffer.concat([...got, ...queue.all()]), Buffer.concat(expected));
    }),
  );
});

test("ChunkQueue: bytes that come one at a time take little more than themselves", () => {
  const queue = new ChunkQueue();
  const one = Buffer.from("x");
  for (let i = 0; i < 100_000; i += 1) queue.copy(one, 0, 1);
  const chunks = queue.all();
  assert.ok(chunks.length < 12, `${chunks.length} chunks`);
  const held = chunks.reduce((sum, chunk) => sum + chunk.buffer.byteLength, 0);
  assert.ok(held <= 200_000, `${held} bytes held`);
});

test("ChunkQueue: what was handed out is written to no more, and shares its memory with nothing", () => {
  const queue = new ChunkQueue();
  queue.copy(Buffer.from("abc"), 0, 3);
  const first = queue.shift() as Buffer;
  queue.copy(Buffer.from("def"), 0, 3);
  const second = queue.shift() as Buffer;
  assert.equal(String(first), "abc");
  assert.equal(String(second), "def");
  assert.notEqual(first.buffer, second.buffer);
  assert.equal(queue.shift(), undefined);
});
