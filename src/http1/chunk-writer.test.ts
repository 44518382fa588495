import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CHUNK_END, chunkHeader, encodeTrailers, validateTrailers } from "./chunk-writer.js";
import { ChunkedDecoder } from "./chunked-decoder.js";

describe("chunk writer", () => {
  test("chunkHeader: is the length in hexadecimal and a line end", () => {
    assert.equal(chunkHeader(1), "1\r\n");
    assert.equal(chunkHeader(65_535), "ffff\r\n");
  });

  test("encodeTrailers: is the last chunk alone without trailers", () => {
    assert.equal(encodeTrailers([]), "0\r\n\r\n");
  });

  test("encodeTrailers: keeps order and case", () => {
    assert.equal(encodeTrailers(["B", "2", "a", ""]), "0\r\nB: 2\r\na: \r\n\r\n");
  });

  test("encodeTrailers: writes what the decoder reads", () => {
    const raw = Buffer.from(`${chunkHeader(3)}abc${CHUNK_END}${encodeTrailers(["Digest", "xyz"])}`, "latin1");
    const decoder = new ChunkedDecoder();
    let body = "";
    decoder.decode(raw, 0, raw.length, (buffer, start, end) => {
      body += buffer.toString("latin1", start, end);
    });
    assert.deepEqual([body, decoder.done, decoder.trailerBlock], ["abc", true, "Digest: xyz\r\n"]);
  });

  const refused: [what: string, trailers: string[], message: RegExp][] = [
    ["a name that is not a token", ["a b", "c"], /"a b"/],
    ["a value with CRLF", ["A", "b\r\nC: d"], /A/],
    ["a value beyond latin1", ["A", "€"], /A/],
    ["a name without value", ["A"], /A/],
    ["Content-Length", ["content-Length", "5"], /content-Length cannot be a trailer/],
    ["Transfer-Encoding", ["Transfer-Encoding", "chunked"], /Transfer-Encoding/],
    ["Host", ["Host", "a"], /Host/],
    ["Authorization", ["Authorization", "x"], /Authorization/],
  ];
  for (const [what, trailers, message] of refused) {
    test(`validateTrailers: refuses ${what}`, () => {
      assert.throws(() => validateTrailers(trailers), { name: "TypeError", message });
      assert.throws(() => encodeTrailers(trailers), { name: "TypeError", message });
    });
  }
});
