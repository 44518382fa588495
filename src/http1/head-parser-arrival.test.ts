import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProtocolError } from "../errors/index.js";
import { BODY_LENGTH, BODY_NONE, BODY_UNTIL_CLOSE } from "./body-decoder.js";
import { ResponseHeadParser, reasonPhrase } from "./head-parser.js";
import { DEFAULT_MAX_HEAD_BYTES } from "./limits.js";

const OK = "HTTP/1.1 200 OK\r\n";

describe("ResponseHeadParser: how it arrives", () => {
  const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const final = `HTTP/1.0 404 Not Found\r\nContent-Length: 5\r\nA: b\r\n\r\n`;
  /** What was in the buffer before: heads that begin where the others do, and could go on for them. */
  const stale = early.replace("103", "102") + final.replace("404", "200");

  /** All that `parse` found of the final head, from pieces that stand somewhere in a buffer with other bytes around. */
  function arrive(parser: ResponseHeadParser, pieces: readonly string[]): Record<string, unknown> {
    for (const piece of pieces) {
      const bytes = Buffer.from(`???${stale}${stale.padEnd(piece.length)}`, "latin1");
      const end = 3 + bytes.write(piece, 3, "latin1");
      for (let at = 3; at < end; ) {
        const after = parser.parse(bytes, at, end);
        if (after === -1) break;
        assert.ok(after <= end, "nothing beyond the end is taken");
        at = after;
        if (parser.informational) continue;
        assert.equal(bytes.toString("latin1", after, end), "hello".slice(0, end - after));
        return { ...parser, statusText: parser.statusText };
      }
    }
    return {};
  }

  test("parse: reads an informational and a final head the same however they are split, with stale bytes behind them", () => {
    const raw = early + final;
    const expected = {
      status: 404,
      minorVersion: 0,
      block: final.slice(0, -2),
      headersStart: 24,
      bodyKind: BODY_LENGTH,
      contentLength: 5,
      announcesBody: true,
      keepAlive: false,
      saidClose: false,
      keepAliveTimeout: -1,
      keepAliveMax: -1,
      informational: false,
      headBytes: final.length,
      statusText: "Not Found",
    };
    for (let first = 1; first < raw.length; first++) {
      for (const second of [
        first,
        Math.min(first + 1, raw.length),
        Math.min(first + 12, raw.length),
        raw.length,
      ]) {
        const pieces = [raw.slice(0, first), raw.slice(first, second), `${raw.slice(second)}hello`];
        const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
        parser.begin("GET");
        assert.deepEqual(arrive(parser, pieces), expected, `${first}, ${second}`);
      }
    }
    const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
    parser.begin("GET");
    assert.deepEqual(arrive(parser, [...raw]), expected, "byte by byte");
  });

  test("parse: keeps a long head that drips in", () => {
    const long = `${OK}${"A: 0123456789abcdef\r\n".repeat(300)}\r\n`;
    for (const size of [1, 7, 1_023, 1_024, 1_025]) {
      const pieces: string[] = [];
      for (let at = 0; at < long.length; at += size) pieces.push(long.slice(at, at + size));
      const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
      parser.begin("GET");
      assert.equal(arrive(parser, pieces)["block"], long.slice(0, -2), `${size} at a time`);
    }
  });

  test("parse: takes the response to a GET where nothing else was begun", () => {
    const parser = new ResponseHeadParser(final.length);
    assert.deepEqual(
      { ...parser },
      {
        status: 0,
        minorVersion: 1,
        block: "",
        headersStart: 0,
        bodyKind: BODY_NONE,
        contentLength: -1,
        announcesBody: false,
        keepAlive: false,
        saidClose: false,
        keepAliveTimeout: -1,
        keepAliveMax: -1,
        informational: false,
        headBytes: 0,
      },
    );
    assert.equal(arrive(parser, [final])["bodyKind"], BODY_LENGTH);
    assert.equal(arrive(new ResponseHeadParser(final.length), [...final])["status"], 404);
    const connected = "HTTP/1.1 200 OK\r\n\r\n";
    assert.equal(arrive(new ResponseHeadParser(100), [connected])["bodyKind"], BODY_UNTIL_CLOSE);
  });

  test("parse: has an answer as soon as the last byte is there, and not before", () => {
    const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
    parser.begin("GET");
    for (let at = 0; at < final.length; at++) {
      const bytes = Buffer.from(`${final.slice(0, at + 1)}${stale}`, "latin1");
      assert.equal(parser.parse(bytes, at, at + 1), at + 1 < final.length ? -1 : final.length);
    }
  });

  const wrong: [what: string, raw: string][] = [
    ["a CR in a value", `${OK}A: b\rX`],
    ["a CR in the reason", "HTTP/1.1 200 O\rX"],
    ["a CR as the empty line", `${OK}A: b\r\n\rX`],
    ["a control byte", `${OK}A: b\0`],
    ["no name", `${OK}:`],
    ["a blank at the start of a line", `${OK} `],
  ];
  for (const [what, raw] of wrong) {
    test(`parse: refuses ${what} with its last byte, and takes what comes before`, () => {
      const bytes = Buffer.from(raw, "latin1");
      for (let cut = 0; cut < bytes.length; cut++) {
        const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
        parser.begin("GET");
        if (cut > 0) assert.equal(parser.parse(bytes, 0, cut), -1);
        assert.throws(() => parser.parse(bytes, cut, bytes.length), ProtocolError, `${cut}`);
      }
      const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
      parser.begin("GET");
      assert.equal(parser.parse(bytes, 0, bytes.length - 1), -1);
    });
  }

  test("parse: takes at each place of a status line what may stand there, and nothing else", () => {
    const line = "HTTP/1.1 200 OK\r\n\r\n";
    const digits = "0123456789";
    const allowed = [..."HTTP/1."].concat(["01", " ", digits.slice(1), digits, digits, " \r"]);
    for (const [place, letters] of allowed.entries()) {
      for (let byte = 0; byte < 256; byte++) {
        const letter = String.fromCharCode(byte);
        const raw = `${line.slice(0, place)}${letter}${place === 12 && letter === "\r" ? "\n\r\n" : line.slice(place + 1)}`;
        for (const cut of [0, place, place + 1]) {
          const bytes = Buffer.from(raw, "latin1");
          const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
          parser.begin("GET");
          const refused = !letters.includes(letter);
          // Its first byte alone may be that of a TLS record, which is said once more of it is there.
          if (refused && cut === place + 1 && !/[\x15\x16]/.test(letter)) {
            assert.throws(() => parser.parse(bytes, 0, cut), ProtocolError, JSON.stringify(raw));
            continue;
          }
          const read = () => {
            if (cut > 0) assert.equal(parser.parse(bytes, 0, cut), -1);
            return parser.parse(bytes, cut, bytes.length);
          };
          if (!refused) assert.equal(read(), bytes.length, JSON.stringify(raw));
          else assert.throws(read, ProtocolError, JSON.stringify(raw));
        }
      }
    }
  });

  test("parse: does not take a byte from before for the one behind the status", () => {
    const memory = Buffer.from("HTTP/1.1 200 OK\r\n\r\n", "latin1");
    for (const [next, good] of [
      ["0 OK\r\n\r\n", false],
      [" OK\r\n\r\n", true],
    ] as const) {
      const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
      parser.begin("GET");
      assert.equal(parser.parse(memory, 0, 12), -1);
      const rest = Buffer.from(next, "latin1");
      if (good) assert.equal(parser.parse(rest, 0, rest.length), rest.length);
      else assert.throws(() => parser.parse(rest, 0, rest.length), /no space or line end after its status/);
    }
  });

  test("parse: says what is wrong with a status line where a part of it has arrived", () => {
    const parts: [part: string, message: RegExp][] = [
      ["HTTQ", /"HTTQ" does not start with HTTP.*byte 3/],
      ["HTTP/1.2", /has a version that is not.*byte 7/],
      ["HTTP/1.1\t", /three-digit status.*byte 8/],
      ["HTTP/1.1 2/", /three-digit status.*byte 10/],
      ["HTTP/1.1 2000", /no space or line end after its status.*byte 12/],
    ];
    for (const [part, message] of parts) {
      const bytes = Buffer.from(`?${part}${stale}`, "latin1");
      const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
      parser.begin("GET");
      assert.throws(() => parser.parse(bytes, 1, 1 + part.length), { message });
    }
  });

  test("parse: reads a buffer that begins at any place of its memory, the second time too", () => {
    const raw = `${OK}A: ${"v".repeat(40)}\r\nContent-Length: 5\r\n\r\n`;
    const memory = Buffer.alloc(256);
    for (let offset = 0; offset < 8; offset++) {
      const buffer = memory.subarray(offset, offset + 200);
      const end = buffer.write(raw, "latin1");
      for (let time = 0; time < 3; time++) {
        const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
        parser.begin("GET");
        assert.equal(parser.parse(buffer, 0, end), end);
        assert.equal(parser.block, raw.slice(0, -2));
      }
    }
  });

  test("announcesBody: is so where a field announces at least a byte", () => {
    const heads: [fields: string, announces: boolean][] = [
      ["", false],
      ["Content-Length: 0\r\n", false],
      ["Content-Length: 1\r\n", true],
      ["Transfer-Encoding: chunked\r\n", true],
    ];
    for (const [fields, announces] of heads) {
      const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
      parser.begin("HEAD");
      const bytes = Buffer.from(`${OK}${fields}\r\n`);
      assert.equal(parser.parse(bytes, 0, bytes.length), bytes.length);
      assert.equal(parser.announcesBody, announces, fields);
    }
  });

  test("reasonPhrase: is what follows the status, and empty where nothing does", () => {
    assert.equal(reasonPhrase("HTTP/1.1 404 Not Found\r\nA: b\r\n"), "Not Found");
    assert.equal(reasonPhrase("HTTP/1.1 200 x\r\n"), "x");
    assert.equal(reasonPhrase("HTTP/1.1 200 \r\nA: b\r\n"), "");
    assert.equal(reasonPhrase("HTTP/1.1 200\r\nA: b\r\n"), "");
    assert.equal(reasonPhrase(""), "");
  });
});
