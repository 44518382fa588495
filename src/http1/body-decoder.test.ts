import assert from "node:assert/strict";
import { test } from "node:test";
import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE, BODY_UNTIL_CLOSE, BodyDecoder } from "./body-decoder.js";

/** Takes the bytes in pieces of this size: the payload, what was consumed, and whether the body is over. */
function take(decoder: BodyDecoder, raw: string, size: number) {
  const bytes = Buffer.from(raw, "latin1");
  let payload = "";
  let at = 0;
  while (at < bytes.length && !decoder.done) {
    const after = decoder.decode(bytes, at, Math.min(bytes.length, at + size), (buffer, start, end) => {
      payload += buffer.toString("latin1", start, end);
    });
    assert.ok(after > at, "it goes on");
    at = after;
  }
  return { payload, consumed: at, done: decoder.done };
}

for (const size of [1, 3, 100]) {
  test(`BodyDecoder: finds the end of each kind, and leaves what follows it, in pieces of ${size}`, () => {
    const decoder = new BodyDecoder();
    decoder.begin(BODY_LENGTH, 5);
    assert.deepEqual(take(decoder, "helloHTTP", size), { payload: "hello", consumed: 5, done: true });
    decoder.begin(BODY_CHUNKED, -1);
    const chunked = "3\r\nabc\r\n0\r\nDigest: x\r\n\r\n";
    assert.deepEqual(take(decoder, `${chunked}HTTP`, size), {
      payload: "abc",
      consumed: chunked.length,
      done: true,
    });
    assert.equal(decoder.trailerBlock, "Digest: x\r\n");
    decoder.begin(BODY_UNTIL_CLOSE, -1);
    assert.deepEqual(take(decoder, "to the end", size), { payload: "to the end", consumed: 10, done: false });
    assert.equal(decoder.trailerBlock, "", "those of the body before are not its own");
  });
}

test("BodyDecoder: a fresh one expects nothing", () => {
  const decoder = new BodyDecoder();
  assert.deepEqual([decoder.kind, decoder.remaining, decoder.done], [BODY_NONE, -1, true]);
  assert.equal(decoder.trailerBlock, "");
});

test("BodyDecoder: takes nothing from beyond the end it is given, and only what is its own", () => {
  const decoder = new BodyDecoder();
  const bytes = Buffer.from("??hello, world??");
  const ranges: string[] = [];
  const onData = (buffer: Buffer, start: number, end: number) =>
    ranges.push(buffer.toString("latin1", start, end));
  decoder.begin(BODY_LENGTH, 12);
  assert.equal(decoder.remaining, 12);
  assert.equal(decoder.decode(bytes, 2, 7, onData), 7);
  assert.equal(decoder.decode(bytes, 7, bytes.length, onData), 14);
  assert.deepEqual(ranges.splice(0), ["hello", ", world"]);
  assert.deepEqual([decoder.remaining, decoder.done], [0, true]);
  for (const kind of [BODY_UNTIL_CLOSE, BODY_CHUNKED, BODY_NONE] as const) {
    decoder.begin(kind, 3);
    assert.deepEqual([decoder.kind, decoder.remaining, decoder.done], [kind, -1, kind === BODY_NONE]);
  }
  decoder.begin(BODY_UNTIL_CLOSE, -1);
  assert.equal(decoder.decode(bytes, 2, 7, onData), 7);
  assert.deepEqual(ranges, ["hello"]);
});

test("BodyDecoder: reads one chunked body after another, also where one broke off", () => {
  const decoder = new BodyDecoder();
  const raw = "3\r\nabc\r\n0\r\n\r\n";
  for (const part of [raw, raw.slice(0, 6), raw]) {
    decoder.begin(BODY_CHUNKED, -1);
    assert.deepEqual(take(decoder, part, 100), {
      payload: "abc",
      consumed: part.length,
      done: part === raw,
    });
  }
});

test("BodyDecoder: says what is still to come of a body with a length", () => {
  const decoder = new BodyDecoder();
  decoder.begin(BODY_LENGTH, 5);
  take(decoder, "he", 2);
  assert.deepEqual([decoder.remaining, decoder.done], [3, false]);
});

test("BodyDecoder: a body without bytes is done at once, and takes none", () => {
  const decoder = new BodyDecoder();
  for (const [kind, length] of [
    [BODY_NONE, 12],
    [BODY_LENGTH, 0],
  ] as const) {
    decoder.begin(kind, length);
    assert.equal(decoder.done, true);
    const bytes = Buffer.from("HTTP");
    assert.equal(
      decoder.decode(bytes, 1, 4, () => assert.fail("no payload")),
      1,
    );
  }
});
