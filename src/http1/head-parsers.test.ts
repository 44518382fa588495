import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProtocolError } from "../errors/index.js";
import { BODY_LENGTH } from "./body-decoder.js";
import { HeadParsers, type ResponseHeadParser } from "./head-parser.js";
import { DEFAULT_MAX_HEAD_BYTES, MAX_HEADER_COUNT } from "./limits.js";

const OK = "HTTP/1.1 200 OK\r\n";

describe("HeadParsers: parsers for many connections", () => {
  const feed = (parser: ResponseHeadParser, text: string): number => {
    const bytes = Buffer.from(text, "latin1");
    return parser.parse(bytes, 0, bytes.length);
  };

  test("giveBack: the next response gets the same parser, with nothing of the last one in it", () => {
    const parsers = new HeadParsers(DEFAULT_MAX_HEAD_BYTES);
    const first = parsers.take("HEAD");
    assert.ok(feed(first, `${OK}Content-Length: 7\r\nConnection: close\r\n\r\n`) > 0);
    parsers.giveBack(first);
    assert.equal(first.block, "", "an idle parser keeps no head alive");
    const second = parsers.take("GET");
    assert.equal(second, first);
    assert.ok(feed(second, `${OK}Content-Length: 3\r\n\r\n`) > 0);
    assert.equal(second.bodyKind, BODY_LENGTH);
    assert.equal(second.contentLength, 3);
    assert.equal(second.keepAlive, true);
  });

  test("giveBack: half a head is forgotten", () => {
    const parsers = new HeadParsers(DEFAULT_MAX_HEAD_BYTES);
    const first = parsers.take("GET");
    assert.equal(feed(first, "HTTP/1.1 500 Internal Server Error\r\nX-Half:"), -1);
    parsers.giveBack(first);
    const second = parsers.take("GET");
    assert.ok(feed(second, `${OK}\r\n`) > 0);
    assert.equal(second.status, 200);
  });

  test("take: the limit of a head holds for each", () => {
    const parsers = new HeadParsers(50);
    for (let times = 0; times < 2; times++) {
      const parser = parsers.take("GET");
      assert.throws(() => feed(parser, `${OK}X: ${"a".repeat(50)}\r\n\r\n`), ProtocolError);
      parsers.giveBack(parser);
    }
  });

  test("parse: fields are counted over all reads of a head", () => {
    const parser = new HeadParsers(DEFAULT_MAX_HEAD_BYTES).take("GET");
    assert.equal(feed(parser, OK), -1);
    for (let count = 0; count < MAX_HEADER_COUNT; count++) assert.equal(feed(parser, "a:\r\n"), -1);
    assert.throws(() => feed(parser, "a:\r\n"), ProtocolError);
  });

  test("take: parsers in use at the same time are different ones, and few are kept", () => {
    const parsers = new HeadParsers(DEFAULT_MAX_HEAD_BYTES);
    const taken = Array.from({ length: 40 }, () => parsers.take("GET"));
    assert.equal(new Set(taken).size, 40);
    for (const parser of taken) parsers.giveBack(parser);
    const again = Array.from({ length: 40 }, () => parsers.take("GET"));
    assert.equal(again.filter((parser) => taken.includes(parser)).length, 16);
  });
});
