import assert from "node:assert/strict";
import { test } from "node:test";
import { bodySource, Request, Response, sourceBody } from "./index.js";

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

test("sourceBody: a large body of known length is collected whole, in one piece or several", async () => {
  const bytes = Uint8Array.from({ length: 700_000 }, (_, i) => i % 251);
  assert.deepEqual(await sourceBody(bodySource(bytes)).collect(), Buffer.from(bytes));
  const source = {
    length: bytes.length,
    async *open() {
      for (let at = 0; at < bytes.length; at += 100_000) yield bytes.slice(at, at + 100_000);
      return undefined;
    },
    cancel: async () => undefined,
    replayable: false,
  };
  assert.deepEqual(await sourceBody(source).collect(), Buffer.from(bytes));
  const short = await sourceBody({ ...source, length: bytes.length + 1_000 }).collect();
  assert.deepEqual(short, Buffer.from(bytes));
});

test("Response.body: a reader of views gets what has come, also where that is less than fits and nothing follows", async () => {
  const never = new Promise<never>(() => undefined);
  const chunks = (async function* () {
    yield Buffer.from("12345");
    await never;
  })();
  const stream = new Response(chunks).body as ReadableStream<Uint8Array>;
  const { value } = await stream.getReader({ mode: "byob" }).read(new Uint8Array(1_000));
  assert.equal(String(Buffer.from(value as Uint8Array)), "12345");
});

test("Response.close: cancels a stream that nothing was read from, with the reason of body.cancel", async () => {
  const reasons: unknown[] = [];
  const stream = () => new ReadableStream<Uint8Array>({ cancel: (reason) => void reasons.push(reason) });
  await new Response(stream()).close();
  await new Response(stream()).body?.cancel("enough");
  assert.deepEqual(reasons, [undefined, "enough"]);
});

test("Response.clone: closing one of the two waits for nobody, closing both closes what is behind them", async () => {
  for (const reads of [false, true]) {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => {
        cancelled = true;
      },
    });
    const one = new Response(body);
    const other = one.clone();
    if (reads) {
      const reader = (one.body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      reader.releaseLock();
    }
    await one.close();
    assert.equal(cancelled, false);
    await other.close();
    assert.equal(cancelled, true);
  }
});

test("Response.body: is locked once the body is read another way, so that nobody takes its bytes", async () => {
  for (const asked of [false, true]) {
    const response = new Response("abc");
    if (asked) assert.ok(response.body);
    const text = response.text();
    assert.equal(response.body?.locked, true);
    assert.throws(() => response.body?.getReader(), TypeError);
    assert.equal(await text, "abc");
    assert.equal(response.body?.locked, true);
  }
  const iterated = new Response("abc");
  for await (const chunk of iterated) assert.equal(String(Buffer.from(chunk)), "abc");
  assert.equal(iterated.body?.locked, true);
});

test("Request.clone: the two share no memory, however the body of one is read", async () => {
  const sent = new Uint8Array(100_000).fill(1);
  const request = new Request("http://a.test/", { method: "POST", body: sent });
  const copies = [request.clone(), request.clone(), request.clone()] as const;
  (await copies[0].bytes()).fill(9);
  const reader = (copies[1].body as ReadableStream<Uint8Array>).getReader();
  const chunk = (await reader.read()).value as Uint8Array<ArrayBuffer>;
  structuredClone(chunk, { transfer: [chunk.buffer] });
  assert.deepEqual(await copies[2].bytes(), sent);
  assert.deepEqual(await request.bytes(), sent);
});

test("Response: an iterator that failed by itself is not told to stop, one that is given up is", async () => {
  const told: string[] = [];
  const source = (name: string, fails: boolean) => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        if (fails) throw new Error("broken");
        return { done: false as const, value: Buffer.alloc(10) };
      },
      return: async () => {
        told.push(name);
        return { done: true as const, value: undefined };
      },
    }),
  });
  await assert.rejects(new Response(source("failed", true)).text(), /broken/);
  const given = new Response(source("given up", false));
  for await (const chunk of given) if (chunk.byteLength > 0) break;
  assert.deepEqual(told, ["given up"]);
});
