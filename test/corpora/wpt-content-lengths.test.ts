import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { BODY_LENGTH, DEFAULT_MAX_HEAD_BYTES, ResponseHeadParser } from "../../src/http1/index.js";
import { corpus } from "./folder.js";

interface Vector {
  input: string;
  /** The length a browser reads; null for a network error. */
  output: number | null;
}

const folder = corpus("wpt-vectors");

/** How browsers say that they ignored the field: the body in these tests has 42 bytes up to the connection's end. */
const READ_TO_THE_END = 42;

/**
 * Vectors that want one invalid length ignored and the body read to the end of the connection. A length that cannot
 * be read is a framing that cannot be trusted, so here it is an error.
 */
const RULED = [
  "Content-Length: aaaah\r\nContent-Length: aaaah",
  "Content-Length: aaaah, aaaah",
  "Content-Length: aaaah",
  "Content-Length: 42s",
  "Content-Length: 30s",
  "Content-Length: -1",
  "Content-Length: 0x20",
  'Content-Length: "30"',
  "Content-Length: ",
];

function contentLength(fields: string): number | null {
  const raw = Buffer.from(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`, "latin1");
  const parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
  parser.begin("GET");
  try {
    parser.parse(raw, 0, raw.length);
  } catch (error) {
    assert.equal((error as { code?: string }).code, "ERR_TRUNKLINE_CONTENT_LENGTH");
    return null;
  }
  assert.equal(parser.bodyKind, BODY_LENGTH);
  return parser.contentLength;
}

const skip = folder === undefined ? "the wpt vectors are not here (TRUNKLINE_CORPORA)" : false;

describe("wpt content-lengths vectors", { skip }, () => {
  const vectors =
    folder === undefined
      ? []
      : (JSON.parse(readFileSync(join(folder, "content-lengths.json"), "utf8")) as Vector[]);

  test("vectors: are all there, and every ruling is one of them", () => {
    assert.equal(vectors.length, 35);
    for (const input of RULED) {
      assert.equal(vectors.find((vector) => vector.input === input)?.output, READ_TO_THE_END, input);
    }
  });

  for (const { input, output } of vectors) {
    const ruled = RULED.includes(input);
    test(`${JSON.stringify(input)}: is ${ruled ? "refused, as ruled" : (output ?? "refused")}`, () => {
      assert.equal(contentLength(input), ruled ? null : output);
    });
  }
});
