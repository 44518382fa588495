import assert from "node:assert/strict";
import { Blob as NodeBlob } from "node:buffer";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { describe, it } from "node:test";
import vm from "node:vm";
import { type BodyInit, type BodySource, bodySource } from "./body-source.js";

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

async function* generate(...chunks: (Uint8Array | string)[]): AsyncGenerator<Uint8Array | string> {
  yield* chunks;
}

function webStream(...chunks: unknown[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk as Uint8Array);
      controller.close();
    },
  });
}

const TEXT = "text/plain;charset=UTF-8";
const FORM = "application/x-www-form-urlencoded;charset=UTF-8";
const bytes = (text: string) => new TextEncoder().encode(text);

interface Row {
  what: string;
  body: BodyInit;
  text: string;
  length: number | undefined;
  type: string | undefined;
  replayable: boolean;
  small: boolean;
}

const rows: Row[] = [
  { what: "a string", body: "grün", text: "grün", length: 5, type: TEXT, replayable: true, small: true },
  { what: "an empty string", body: "", text: "", length: 0, type: TEXT, replayable: true, small: true },
  {
    what: "a Uint8Array over a part of its buffer",
    body: bytes("xabcx").subarray(1, 4),
    text: "abc",
    length: 3,
    type: undefined,
    replayable: true,
    small: true,
  },
  {
    what: "no bytes",
    body: new Uint8Array(0),
    text: "",
    length: 0,
    type: undefined,
    replayable: true,
    small: true,
  },
  {
    what: "an ArrayBuffer",
    body: bytes("abc").buffer,
    text: "abc",
    length: 3,
    type: undefined,
    replayable: true,
    small: true,
  },
  {
    what: "a DataView",
    body: new DataView(bytes("xabc").buffer, 1),
    text: "abc",
    length: 3,
    type: undefined,
    replayable: true,
    small: true,
  },
  {
    what: "an ArrayBuffer of another realm",
    body: vm.runInNewContext("new Uint8Array([97, 98]).buffer") as ArrayBuffer,
    text: "ab",
    length: 2,
    type: undefined,
    replayable: true,
    small: true,
  },
  {
    what: "a Blob",
    body: new Blob(["grün"], { type: "a/b" }),
    text: "grün",
    length: 5,
    type: "a/b",
    replayable: true,
    small: false,
  },
  {
    what: "a Blob without type",
    body: new NodeBlob(["a"]),
    text: "a",
    length: 1,
    type: undefined,
    replayable: true,
    small: false,
  },
  {
    what: "URLSearchParams",
    body: new URLSearchParams([
      ["a", "1 2"],
      ["ä", "&"],
    ]),
    text: "a=1+2&%C3%A4=%26",
    length: 16,
    type: FORM,
    replayable: true,
    small: true,
  },
  {
    what: "an array of chunks",
    body: [bytes("ab"), "", "ü"],
    text: "abü",
    length: 4,
    type: undefined,
    replayable: true,
    small: false,
  },
  {
    what: "a ReadableStream",
    body: webStream(bytes("ab"), new Uint8Array(0), bytes("c")),
    text: "abc",
    length: undefined,
    type: undefined,
    replayable: false,
    small: false,
  },
  {
    what: "a Node stream",
    body: Readable.from([Buffer.from("ab"), Buffer.from("c")]),
    text: "abc",
    length: undefined,
    type: undefined,
    replayable: false,
    small: false,
  },
  {
    what: "a Node stream of strings",
    body: Readable.from(["ü", "b"]),
    text: "üb",
    length: undefined,
    type: undefined,
    replayable: false,
    small: false,
  },
  {
    what: "an async generator",
    body: generate("ü", "", bytes("c")),
    text: "üc",
    length: undefined,
    type: undefined,
    replayable: false,
    small: false,
  },
  {
    what: "an iterable",
    body: new Set(["a", "b"]),
    text: "ab",
    length: undefined,
    type: undefined,
    replayable: false,
    small: false,
  },
];

describe("bodySource: says what it is and gives its bytes", () => {
  for (const row of rows) {
    it(`bodySource: ${row.what}`, async () => {
      const source = bodySource(row.body);
      assert.equal(source.length, row.length);
      assert.equal(source.contentType, row.type);
      assert.equal(source.replayable, row.replayable);
      assert.equal(source.small !== undefined, row.small);
      assert.equal(await read(source), row.text);
      if (row.replayable) assert.equal(await read(source), row.text);
      else assert.throws(() => source.open(), { name: "TypeError", message: /already sent/ });
      await source.cancel();
    });
  }

  it("bodySource: no body is no source", () => {
    assert.equal(bodySource(null), undefined);
    assert.equal(bodySource(undefined), undefined);
  });

  it("bodySource: what fetch would turn into text becomes text, what would be senseless is refused", async () => {
    const loose = (body: unknown) => bodySource(body as BodyInit);
    assert.equal(await read(loose(5)), "5");
    assert.equal(await read(loose(true)), "true");
    assert.equal(await read(loose(new String("abc"))), "abc");
    assert.equal(await read(loose(new URL("http://a/b"))), "http://a/b");
    assert.throws(() => loose({ a: 1 }), {
      name: "TypeError",
      message: /A plain object cannot be .* use json/,
    });
    assert.throws(() => loose(Object.create(null)), TypeError);
    assert.throws(() => loose(new Map().keys), TypeError);
    assert.throws(() => loose(() => 1), { name: "TypeError", message: /function/ });
    assert.throws(() => loose(Symbol("x")), { name: "TypeError", message: /symbol/ });
    assert.throws(() => loose([1]), { name: "TypeError", message: /this stream gave number/ });
    assert.throws(() => loose(Promise.resolve("x")), { name: "TypeError", message: /of type Promise/ });
  });

  it("bodySource: bytes changed afterwards are sent as they were", async () => {
    const mine = bytes("abc");
    const source = bodySource(mine);
    mine.fill(0);
    assert.equal(await read(source), "abc");
  });

  it("bodySource: a string is ASCII when its length is the source's", () => {
    for (const [text, ascii] of [
      ["abc", true],
      ["é", false],
      ["€", false],
      ["", true],
    ] as const) {
      assert.equal(bodySource(text).length === text.length, ascii);
    }
  });

  it("bodySource: types accept the platform's objects", () => {
    const bodies: BodyInit[] = [
      new FormData(),
      new Blob([]),
      new File([], "a"),
      new globalThis.ReadableStream(),
    ];
    assert.equal(bodies.map((body) => bodySource(body)).length, 4);
  });
});

describe("bodySource: refuses streams that cannot be sent", () => {
  it("bodySource: a locked or a read ReadableStream", async () => {
    const locked = webStream(bytes("a"));
    const reader = locked.getReader();
    assert.throws(() => bodySource(locked), { name: "TypeError", message: /locked/ });
    await reader.read();
    reader.releaseLock();
    assert.throws(() => bodySource(locked), { name: "TypeError", message: /read from already/ });
  });

  it("bodySource: a read or a destroyed Node stream", async () => {
    const consumed = Readable.from(["a"]);
    for await (const _ of consumed);
    assert.throws(() => bodySource(consumed), { name: "TypeError", message: /read or destroyed already/ });
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
      await assert.rejects(iterator.next(), { name: "TypeError", message: /this stream gave number/ });
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
      message: /is a Uint8Array; this stream gave string/,
    });
  });
});
