import assert from "node:assert/strict";
import { Blob as NodeBlob } from "node:buffer";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { describe, it } from "node:test";
import vm from "node:vm";
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

  it("bodySource: there is no source without a body", () => {
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
    assert.throws(() => loose([1]), {
      name: "TypeError",
      message: /An array of numbers cannot be .* use json/,
    });
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
