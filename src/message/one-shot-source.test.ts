import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { describe, it } from "node:test";
import { type BodyInit, bodySource } from "./body-source.js";
import type { BodySource } from "./source.js";

async function read(source: BodySource): Promise<string> {
  const chunks: Uint8Array[] = [];
  const iterator = source.open();
  for (;;) {
    const result = await iterator.next();
    if (result.done === true) return Buffer.concat(chunks).toString();
    assert.ok(result.value.length > 0, "an empty chunk would end a chunked body");
    chunks.push(result.value);
  }
}

function webStream(...chunks: unknown[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk as Uint8Array);
      controller.close();
    },
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("bodySource: refuses streams that cannot be sent", () => {
  it("bodySource: a locked or a read ReadableStream", async () => {
    const locked = webStream(bytes("a"));
    const reader = locked.getReader();
    assert.throws(() => bodySource(locked), { name: "TypeError", message: /locked/ });
    await reader.read();
    reader.releaseLock();
    assert.throws(() => bodySource(locked), { name: "TypeError", message: /already been read from/ });
  });

  it("bodySource: a read or a destroyed Node stream", async () => {
    const consumed = Readable.from(["a"]);
    for await (const _ of consumed);
    assert.throws(() => bodySource(consumed), {
      name: "TypeError",
      message: /already been read or destroyed/,
    });
    const destroyed = Readable.from(["a"]);
    destroyed.destroy();
    assert.throws(() => bodySource(destroyed), TypeError);
  });
});

/** A stream of one kind, with a count of how often it was closed. */
interface Probe {
  body: BodyInit;
  closed: () => number;
}

function webProbe(...chunks: unknown[]): Probe {
  let closed = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (chunks.length > 0) controller.enqueue(chunks.shift() as Uint8Array);
        else return new Promise(() => undefined);
        return undefined;
      },
      cancel() {
        closed++;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, closed: () => closed };
}

function nodeProbe(...chunks: unknown[]): Probe {
  let closed = 0;
  const body = new Readable({
    objectMode: true,
    read() {
      if (chunks.length > 0) this.push(chunks.shift());
    },
    destroy(error, callback) {
      closed++;
      callback(error);
    },
  });
  return { body, closed: () => closed };
}

function iterableProbe(...chunks: unknown[]): Probe {
  let closed = 0;
  const body = {
    [Symbol.asyncIterator]() {
      return body;
    },
    next: () =>
      chunks.length > 0
        ? Promise.resolve({ done: false as const, value: chunks.shift() as Uint8Array })
        : new Promise<never>(() => undefined),
    return: () => {
      closed++;
      return Promise.resolve({ done: true as const, value: undefined });
    },
  };
  return { body, closed: () => closed };
}

describe("BodySource.cancel: closes a stream exactly once, on every path", () => {
  for (const [kind, make] of [
    ["ReadableStream", webProbe],
    ["Node stream", nodeProbe],
    ["async iterable", iterableProbe],
  ] as const) {
    it(`cancel: a ${kind} never opened`, async () => {
      const probe = make(bytes("a"));
      const source = bodySource(probe.body);
      await source.cancel(new Error("no"));
      await source.cancel();
      assert.equal(probe.closed(), 1);
      await assert.rejects(async () => source.open().next(), { message: "no" });
    });

    it(`cancel: a ${kind} between two chunks`, async () => {
      const probe = make(bytes("a"), bytes("b"));
      const source = bodySource(probe.body);
      const iterator = source.open();
      await iterator.next();
      await source.cancel(new Error("enough"));
      await source.cancel(new Error("again"));
      assert.equal(probe.closed(), 1);
      await assert.rejects(iterator.next(), { message: "enough" });
    });

    it(`return: a ${kind} is closed, and ends`, async () => {
      const probe = make(bytes("a"), bytes("b"));
      const source = bodySource(probe.body);
      const iterator = source.open();
      await iterator.next();
      await iterator.return?.();
      await source.cancel();
      assert.equal(probe.closed(), 1);
      assert.deepEqual(await iterator.next(), { done: true, value: undefined });
    });

    it(`next: a ${kind} with a chunk of a wrong type is closed, and the type is named`, async () => {
      const probe = make(bytes("a"), 7);
      const source = bodySource(probe.body);
      const iterator = source.open();
      await iterator.next();
      await assert.rejects(iterator.next(), { name: "TypeError", message: /this stream returned number/ });
      assert.equal(probe.closed(), 1);
      await source.cancel();
      assert.equal(probe.closed(), 1);
    });
  }

  it("cancel: a read under way does not look like the end of the body", async () => {
    for (const make of [webProbe, nodeProbe]) {
      const probe = make();
      const source = bodySource(probe.body);
      const pending = source.open().next();
      const outcome = assert.rejects(pending, { message: "stop" });
      await source.cancel(new Error("stop"));
      await outcome;
      assert.equal(probe.closed(), 1);
    }
  });

  it("cancel: a chunk that arrives afterwards is not given out", async () => {
    let arrive = (_: IteratorResult<Uint8Array>) => {};
    const next = () =>
      new Promise<IteratorResult<Uint8Array>>((resolve) => {
        arrive = resolve;
      });
    const source = bodySource({ [Symbol.asyncIterator]: () => ({ next }) });
    const outcome = assert.rejects(source.open().next(), { message: "stop" });
    await source.cancel(new Error("stop"));
    arrive({ done: false, value: bytes("late") });
    await outcome;
  });

  it("cancel: without a reason a read under way still fails", async () => {
    const source = bodySource(webProbe().body);
    const outcome = assert.rejects(source.open().next(), /was cancelled/);
    await source.cancel();
    await outcome;
  });

  it("cancel: after the end there is nothing to close", async () => {
    let closed = 0;
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: true as const, value: undefined }),
        return: () => {
          closed++;
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    };
    const source = bodySource(iterable as AsyncIterable<Uint8Array>);
    assert.equal(await read(source), "");
    await source.cancel();
    assert.equal(closed, 0);
  });

  it("cancel: never rejects, even when closing fails", async () => {
    const source = bodySource(
      new ReadableStream<Uint8Array>({
        cancel() {
          throw new Error("cannot close");
        },
      }),
    );
    await source.cancel(new Error("x"));
  });
});

describe("BodySource: a stream's error reaches the reader", () => {
  it("next: rejects with the error of a ReadableStream", async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error("broken"));
      },
    });
    const iterator = bodySource(stream).open();
    await assert.rejects(iterator.next(), { message: "broken" });
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  });

  it("next: rejects with the error of a Node stream", async () => {
    const stream = new Readable({
      read() {
        this.destroy(new Error("broken"));
      },
    });
    await assert.rejects(bodySource(stream).open().next(), { message: "broken" });
  });

  it("next: rejects with an error that a Node stream had before it was opened, which ends no process", async () => {
    const stream = new Readable({ read() {} });
    const source = bodySource(stream);
    stream.destroy(new Error("no such file"));
    await new Promise((resolve) => stream.once("close", resolve));
    await assert.rejects(source.open().next(), { message: "no such file" });
    await assert.rejects(bodySource(stream).open().next(), { message: "no such file" });
  });

  it("next: rejects with the error of a generator", async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytes("a");
      throw new Error("broken");
    }
    const iterator = bodySource(failing()).open();
    await iterator.next();
    await assert.rejects(iterator.next(), { message: "broken" });
  });

  it("next: a ReadableStream of strings is refused, as in fetch", async () => {
    await assert.rejects(bodySource(webStream("text")).open().next(), {
      name: "TypeError",
      message: /must be a Uint8Array; this stream returned string/,
    });
  });
});
