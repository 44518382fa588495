import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ProtocolError } from "../errors/index.js";
import { ChunkedDecoder } from "./chunked-decoder.js";
import { MAX_CHUNK_EXTENSION_BYTES, MAX_CHUNK_SIZE_DIGITS, MAX_TRAILER_BYTES } from "./limits.js";

interface Decoded {
  body: string;
  done: boolean;
  trailers: string;
  consumed: number;
}

/** Each piece stands in a buffer of its own, with bytes around it that are none of the body's. */
function decode(raw: string, cuts: readonly number[] = [], decoder = new ChunkedDecoder()): Decoded {
  let body = "";
  let from = 0;
  for (const to of [...cuts, raw.length].sort((a, b) => a - b)) {
    const bytes = Buffer.from(`?${raw.slice(from, to)}1\r\n?`, "latin1");
    const last = 1 + to - from;
    const after = decoder.decode(bytes, 1, last, (buffer, start, end) => {
      assert.equal(buffer, bytes, "payload is reported in place");
      assert.ok(start < end, "no empty ranges");
      body += buffer.toString("latin1", start, end);
    });
    assert.ok(after <= last, "nothing beyond the end is taken");
    from += after - 1;
    if (after < last) break;
  }
  return { body, done: decoder.done, trailers: decoder.trailerBlock, consumed: from };
}

function rejection(raw: string, cuts: readonly number[] = []): ProtocolError {
  try {
    decode(raw, cuts);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: `accepted: ${JSON.stringify(raw.slice(0, 100))}` });
}

const everyByte = (raw: string) => Array.from({ length: raw.length }, (_, i) => i);

describe("ChunkedDecoder", () => {
  const accepted: [what: string, raw: string, body: string, trailers: string][] = [
    ["an empty body", "0\r\n\r\n", "", ""],
    ["one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello", ""],
    ["several chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", ""],
    [
      "digits in either case and leading zeros",
      "00a\r\n0123456789\r\n0B\r\nabcdefghijk\r\n000\r\n\r\n",
      "0123456789abcdefghijk",
      "",
    ],
    ["CRLF in the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", ""],
    ["extensions", '2;a;b=c;d="e;\\"\xff"\r\nhi\r\n0;z\r\n\r\n', "hi", ""],
    ["an escaped tab, space, quote and backslash", '1;a="\\\t\\ \\"\\\\"\r\nx\r\n0\r\n\r\n', "x", ""],
    ["an empty quoted extension", '1;a=""\r\nx\r\n0\r\n\r\n', "x", ""],
    ["trailers", "1\r\nx\r\n0\r\nDigest: abc\r\nB:\t\xe9 \r\n\r\n", "x", "Digest: abc\r\nB:\t\xe9 \r\n"],
    [
      "forbidden trailers, dropped",
      "0\r\nHost: evil\r\nA: b\r\ncontent-LENGTH: 5\r\nTransfer-Encoding: x\r\n\r\n",
      "",
      "A: b\r\n",
    ],
  ];
  for (const [what, raw, body, trailers] of accepted) {
    test(`decode: reads ${what}`, () => {
      assert.deepEqual(decode(raw), { body, done: true, trailers, consumed: raw.length });
    });

    test(`decode: reads ${what} byte by byte and split at every offset`, () => {
      const whole = decode(raw);
      assert.deepEqual(decode(raw, everyByte(raw)), whole);
      for (const cut of everyByte(raw)) assert.deepEqual(decode(raw, [cut]), whole);
    });
  }

  test("decode: leaves what follows the body", () => {
    assert.equal(decode("1\r\nx\r\n0\r\n\r\nHTTP/1.1 200 OK").consumed, 11);
  });

  test("decode: consumes nothing more once done", () => {
    const decoder = new ChunkedDecoder();
    decode("0\r\n\r\n", [], decoder);
    const more = Buffer.from("5\r\n");
    assert.equal(
      decoder.decode(more, 0, more.length, () => assert.fail("no data")),
      0,
    );
    assert.equal(decoder.done, true);
  });

  test("decode: is not done before the last byte", () => {
    const raw = "1\r\nx\r\n0\r\nA: b\r\n\r\n";
    for (let length = 0; length < raw.length; length++)
      assert.equal(decode(raw.slice(0, length)).done, false);
  });

  test("reset: forgets a body that broke off anywhere, and a former body's trailers", () => {
    const former = `2;${"e".repeat(MAX_CHUNK_EXTENSION_BYTES - 2)}\r\nhi\r\n0\r\nA: ${"b".repeat(MAX_TRAILER_BYTES - 7)}\r\n\r\n`;
    const next = "1;e\r\nx\r\n0\r\nB: c\r\n\r\n";
    const cuts = [
      ...everyByte(former).filter((at) => at < 5 || at > MAX_CHUNK_EXTENSION_BYTES - 5),
      former.length,
    ];
    for (const cut of cuts.filter((at) => at < MAX_CHUNK_EXTENSION_BYTES + 20 || at > former.length - 8)) {
      const decoder = new ChunkedDecoder();
      decode(former.slice(0, cut), [], decoder);
      decoder.reset();
      assert.deepEqual([decoder.done, decoder.trailerBlock], [false, ""]);
      const { body, done, trailers, consumed } = decode(next, [], decoder);
      assert.deepEqual([body, done, trailers, consumed], ["x", true, "B: c\r\n", next.length], `${cut}`);
    }
  });

  test("reset: a body of as much as is allowed may follow another", () => {
    const extension = "e".repeat(MAX_CHUNK_EXTENSION_BYTES - 1);
    const raw = `1;${extension}\r\nx\r\n0\r\nA: ${"b".repeat(MAX_TRAILER_BYTES - 7)}\r\n\r\n`;
    const decoder = new ChunkedDecoder();
    const first = decode(raw, [], decoder);
    assert.deepEqual([first.body, first.done], ["x", true]);
    decoder.reset();
    assert.deepEqual(decode(raw, [], decoder), first);
  });

  test("reset: forgets how many bytes and digits came before", () => {
    const decoder = new ChunkedDecoder();
    decode("1\r\nx\r\n0000000000", [], decoder);
    decoder.reset();
    assert.throws(() => decode("\r\n", [], decoder), /no hexadecimal chunk size.*at byte 0 of/);
    decoder.reset();
    assert.equal(decode("0000000001\r\nx\r\n0\r\n\r\n", [], decoder).body, "x");
  });

  test("decode: reports a chunk of the largest size piece by piece", () => {
    const result = decode("1fffffffffffff\r\nabc");
    assert.deepEqual([result.body, result.done], ["abc", false]);
    assert.equal(new ChunkedDecoder().done, false);
  });

  const BAD = "ERR_TRUNKLINE_BAD_CHUNK";
  const refused: [what: string, raw: string, code: string, message: RegExp][] = [
    ["no size", "\r\nabc", BAD, /no hexadecimal chunk size.*0x0d at byte 0/],
    ["no digit", "g\r\n", BAD, /"g"/],
    ["a sign", "+5\r\nhello", BAD, /"\+"/],
    ["0x", "0x5\r\nhello", BAD, /"x" at byte 1/],
    ["a space before the size", " 5\r\nhello", BAD, /0x20/],
    ["a space after the size", "5 \r\nhello", BAD, /0x20 at byte 1/],
    ["a space before an extension", "5 ;a\r\nhello", BAD, /0x20/],
    ["a bare LF after the size", "5\nhello", BAD, /0x0a/],
    ["a CR alone after the size", "5\rhello", BAD, /"h"/],
    ["a bare LF after an extension", "5;a\nhello", BAD, /extension/],
    ["an empty extension", "5;\r\nhello", BAD, /extension/],
    ["an extension without a value", "5;a=\r\nhello", BAD, /extension/],
    ["an extension without a name", "5;=b\r\nhello", BAD, /extension/],
    ["an open quote", '5;a="b\r\nhello', BAD, /extension/],
    ["something after a quote", '5;a="b"c\r\nhello', BAD, /extension/],
    ["a NUL in a quote", '5;a="\0"\r\nhello', BAD, /extension/],
    ["an escaped NUL", '5;a="\\\0"\r\nhello', BAD, /extension.*0x00 at byte 6/],
    ["an escaped CR", '5;a="\\\r\n"\r\nhello', BAD, /extension.*0x0d at byte 6/],
    ["an escaped DEL", '5;a="\\\x7f"\r\nhello', BAD, /extension.*0x7f at byte 6/],
    ["no size of the second chunk", "1\r\nx\r\n\r\n", BAD, /no hexadecimal chunk size.*0x0d at byte 6/],
    ["data longer than its size", "5\r\nhello!\r\n", BAD, /no CRLF after the data.*"!" at byte 8/],
    ["a bare LF after the data", "5\r\nhello\n", BAD, /0x0a/],
    ["a CR alone after the data", "5\r\nhello\r0", BAD, /"0"/],
    ["a folded trailer", "0\r\nA: b\r\n c\r\n\r\n", "ERR_TRUNKLINE_BAD_TRAILER", /a line without a name/],
    ["a trailer without colon", "0\r\nAbc\r\n\r\n", "ERR_TRUNKLINE_BAD_TRAILER", /token/],
    ["a space before a trailer's colon", "0\r\nA : b\r\n\r\n", "ERR_TRUNKLINE_BAD_TRAILER", /token/],
    [
      "a NUL in a trailer",
      "0\r\nA: \0\r\n\r\n",
      "ERR_TRUNKLINE_BAD_TRAILER",
      /control byte.*0x00 at byte 6 of/,
    ],
    ["a bare LF after a trailer", "0\r\nA: b\n\r\n", "ERR_TRUNKLINE_BAD_TRAILER", /bare LF/],
    ["a CR alone after a trailer", "0\r\nA: b\rc", "ERR_TRUNKLINE_BAD_TRAILER", /CR without LF/],
    ["a bare LF at the end", "0\r\n\n", "ERR_TRUNKLINE_BAD_TRAILER", /0x0a/],
    ["a CR alone at the end", "0\r\n\rX", "ERR_TRUNKLINE_BAD_TRAILER", /"X"/],
  ];
  for (const [what, raw, code, message] of refused) {
    test(`decode: refuses ${what}, whole and byte by byte`, () => {
      const error = rejection(raw);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.equal(error.limit, false);
      assert.equal(rejection(raw, everyByte(raw)).message, error.message);
    });
  }

  test("decode: refuses a chunk size of 2^53", () => {
    const error = rejection("20000000000000\r\n");
    assert.deepEqual([error.code, error.limit], [BAD, true]);
  });

  test("MAX_CHUNK_SIZE_DIGITS: that many are taken, one more is refused", () => {
    assert.equal(MAX_CHUNK_SIZE_DIGITS, 16);
    const zeros = "0".repeat(MAX_CHUNK_SIZE_DIGITS - 1);
    assert.equal(decode(`${zeros}1\r\nx\r\n0\r\n\r\n`).body, "x");
    const error = rejection(`${zeros}01\r\nx\r\n0\r\n\r\n`);
    assert.deepEqual([error.code, error.limit], [BAD, true]);
  });

  test("MAX_CHUNK_EXTENSION_BYTES: that many in a whole body are taken, one more is refused", () => {
    const extension = (bytes: number) => `;${"e".repeat(bytes - 1)}`;
    const body = (last: number) =>
      `1${extension(MAX_CHUNK_EXTENSION_BYTES / 2)}\r\nx\r\n1${extension(last)}\r\ny\r\n0\r\n\r\n`;
    assert.equal(decode(body(MAX_CHUNK_EXTENSION_BYTES / 2)).body, "xy");
    const error = rejection(body(MAX_CHUNK_EXTENSION_BYTES / 2 + 1));
    assert.deepEqual([error.code, error.limit], ["ERR_TRUNKLINE_CHUNK_EXTENSIONS_TOO_LARGE", true]);
  });

  test("MAX_TRAILER_BYTES: that many are taken, one more is refused", () => {
    const section = (bytes: number) => `0\r\nA: ${"b".repeat(bytes - 7)}\r\n\r\n`;
    assert.equal(decode(section(MAX_TRAILER_BYTES)).done, true);
    const error = rejection(section(MAX_TRAILER_BYTES + 1));
    assert.deepEqual([error.code, error.limit], ["ERR_TRUNKLINE_TRAILERS_TOO_LARGE", true]);
    assert.equal(rejection(section(MAX_TRAILER_BYTES + 1), everyByte(section(20))).code, error.code);
  });

  test("decode: gives back what was encoded, however it is split", () => {
    const chunk = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 6 }),
        fc.array(fc.nat(300), { maxLength: 8 }),
        (chunks, cuts) => {
          const raw = `${chunks.map((data) => `${data.length.toString(16)}\r\n${data}\r\n`).join("")}0\r\n\r\n`;
          const result = decode(
            raw,
            cuts.filter((cut) => cut < raw.length),
          );
          assert.deepEqual(result, { body: chunks.join(""), done: true, trailers: "", consumed: raw.length });
        },
      ),
      { numRuns: 300 },
    );
  });
});
