import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BodyFeed } from "./body-feed.js";
import { BodyReader } from "./body-reader.js";

class CountingFeed implements BodyFeed {
  resumed = 0;
  cancelled = 0;
  letGo: () => void = () => undefined;

  resume(): void {
    this.resumed += 1;
  }

  cancel(): Promise<void> {
    this.cancelled += 1;
    return new Promise((resolve) => {
      this.letGo = resolve;
    });
  }
}

const KIB = 1024;
const filled = (length: number, seed: number): Buffer => Buffer.alloc(length, (seed % 251) + 1);

async function readAll(reader: BodyReader): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("BodyReader: keeps the order of bytes, whatever the sizes of the pieces and whoever reads when", async () => {
  const sizes = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 7_000, max: 90_000 })),
    {
      maxLength: 8,
    },
  );
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 0, max: 8 }),
      async (lengths, known, collects, beginAt) => {
        const pieces = lengths.map((length, index) => filled(length, index));
        const whole = Buffer.concat(pieces);
        const reader = new BodyReader(new CountingFeed(), known ? whole.length : -1);
        const shared = Buffer.alloc(96 * KIB);
        let result: Promise<Buffer> | undefined;
        const begin = (): void => {
          result ??= collects ? reader.collect() : readAll(reader);
        };
        for (const [index, piece] of pieces.entries()) {
          if (index === beginAt) begin();
          let done = 0;
          while (done < piece.length) {
            const target = reader.nextBuffer() ?? shared;
            const length = piece.copy(target as Buffer, 0, done);
            reader.push(target as Buffer, 0, length);
            done += length;
          }
          shared.fill(0);
          await Promise.resolve();
        }
        reader.end();
        begin();
        assert.ok((await result)?.equals(whole));
      },
    ),
    { numRuns: 300 },
  );
});

test("BodyReader.push: asks for a pause at 64 KiB unread, and reading asks for more", async () => {
  const feed = new CountingFeed();
  const reader = new BodyReader(feed, -1);
  assert.equal(reader.push(filled(64 * KIB - 1, 1), 0, 64 * KIB - 1), true);
  assert.equal(reader.push(filled(1, 2), 0, 1), false);
  assert.equal((await reader.read())?.length, 64 * KIB - 1);
  assert.equal(feed.resumed, 1);
});

test("BodyReader.cancel: is asked of the feed once, and every caller waits for the feed", async () => {
  const feed = new CountingFeed();
  const reader = new BodyReader(feed, -1);
  let first = false;
  const both = [reader.cancel(undefined).then(() => (first = true)), reader.cancel(undefined)];
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(first, false);
  feed.letGo();
  await Promise.all(both);
  assert.equal(feed.cancelled, 1);
});

test("BodyReader.collect: rejects when the body is closed meanwhile, rather than end short", async () => {
  const reader = new BodyReader(new CountingFeed(), 10);
  reader.push(filled(4, 1), 0, 4);
  const whole = reader.collect();
  void reader.cancel(undefined);
  reader.push(filled(6, 1), 0, 6);
  reader.end();
  await assert.rejects(whole, /closed before its end/);
});

test("BodyReader.read: rejects when the body is closed, before or meanwhile", async () => {
  const reader = new BodyReader(new CountingFeed(), 10);
  const chunk = reader.read();
  void reader.cancel(undefined);
  await assert.rejects(chunk, /closed before its end/);
  await assert.rejects(reader.read(), /closed before its end/);
});

test("BodyReader.fail: what arrived can still be read, then the error", async () => {
  const reader = new BodyReader(new CountingFeed(), -1);
  reader.push(filled(9 * KIB, 1), 0, 9 * KIB);
  reader.push(filled(3, 2), 0, 3);
  reader.fail(new Error("cut"));
  assert.equal((await reader.read())?.length, 9 * KIB);
  assert.equal((await reader.read())?.length, 3);
  await assert.rejects(reader.read(), /cut/);
});

test("BodyReader: a chunk handed over may be transferred away without harm to later reads", async () => {
  const reader = new BodyReader(new CountingFeed(), 1024 * KIB);
  const first = reader.nextBuffer() as Buffer;
  first.fill(1);
  reader.push(first, 0, first.length);
  const chunk = (await reader.read()) as Uint8Array<ArrayBuffer>;
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  const second = reader.nextBuffer() as Buffer;
  assert.ok(second.length > 0);
  second.fill(2);
  reader.push(second, 0, second.length);
  const next = (await reader.read()) as Uint8Array;
  assert.ok(Buffer.from(next).equals(Buffer.alloc(next.length, 2)));
});

test("BodyReader: small chunks do not share memory, so that one transferred leaves the others", async () => {
  const chunks = await Promise.all(
    [1, 2].map(
      async (value) => (await BodyReader.copied(filled(5, value), 0, 5).read()) as Uint8Array<ArrayBuffer>,
    ),
  );
  assert.equal(chunks[0]?.buffer.byteLength, 5);
  assert.notEqual(chunks[0]?.buffer, chunks[1]?.buffer);
});
