import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BodyLengthError, EncodedRequest } from "./encoded-request.js";
import { CHUNKED_BODY, frameRequest, NO_BODY, type RequestFraming } from "./request-framing.js";

const HEAD = "POST / HTTP/1.1\r\nHost: h\r\n";

function encoded(framing: RequestFraming, trailerNames?: string[]): EncodedRequest {
  return new EncodedRequest({ method: "POST", target: "/", host: "h", headers: [], framing, trailerNames });
}

/** What goes out for these pieces, each write in brackets. */
function written(framing: RequestFraming, ...pieces: readonly (string | "end" | "release")[]): string {
  let out = "";
  const writer = encoded(framing).writer((data) => {
    out += `[${typeof data === "string" ? data : Buffer.from(data).toString()}]`;
  });
  writer.begin();
  for (const piece of pieces) {
    if (piece === "end") writer.end();
    else if (piece === "release") writer.release();
    else writer.chunk(Buffer.from(piece));
  }
  return out.replaceAll("\r\n", "~");
}

const length = (bytes: number): RequestFraming => ({ kind: "length", length: bytes });
const head = (fields: string): string => `[${HEAD}${fields}\r\n]`.replaceAll("\r\n", "~");

describe("RequestWriter", () => {
  test("chunk: writes chunks, but never an empty one, and end writes the last", () => {
    assert.equal(
      written(CHUNKED_BODY, "abc", "", "d", "end"),
      `${head("Transfer-Encoding: chunked\r\n")}[3~][abc][~][1~][d][~][0~~]`,
    );
  });

  test("chunk: holds the bytes that complete a known length until the body has ended", () => {
    const begun = `${head("Content-Length: 4\r\n")}[ab]`;
    assert.equal(written(length(4), "ab", "cd"), begun);
    assert.equal(written(length(4), "ab", "cd", "end"), `${begun}[cd]`);
    assert.equal(written(length(4), "ab", "cd", "release", "end"), `${begun}[cd]`);
  });

  test("begin: holds a head that nothing follows until the body has ended", () => {
    for (const framing of [NO_BODY, length(0)]) {
      assert.equal(written(framing, ""), "");
      assert.equal(written(framing, "", "end"), head("Content-Length: 0\r\n"));
      assert.equal(written(framing, "release"), head("Content-Length: 0\r\n"));
    }
  });

  const refused: [what: string, framing: RequestFraming, pieces: string[], message: RegExp][] = [
    ["any byte of no body", NO_BODY, ["a"], /at least 1 bytes instead of 0/],
    ["any byte of a length of 0", length(0), ["a"], /at least 1 bytes instead of 0/],
    ["a byte after the length", length(2), ["ab", "c"], /at least 3 bytes instead of 2/],
    ["a byte after the length was released", length(2), ["ab", "release", "c"], /at least 3/],
    ["a chunk beyond the length", length(2), ["abc"], /at least 3 bytes instead of 2/],
    ["an end before the length", length(2), ["a", "end"], /has 1 bytes instead of 2/],
    ["chunks beyond a declared length", { kind: "chunked", length: 1 }, ["ab"], /at least 2/],
    ["chunks short of a declared length", { kind: "chunked", length: 3 }, ["ab", "end"], /has 2 bytes/],
  ];
  for (const [what, framing, pieces, message] of refused) {
    test(`chunk, end: refuse ${what}`, () => {
      assert.throws(
        () => written(framing, ...pieces),
        (error) => {
          assert.ok(error instanceof BodyLengthError);
          assert.match(error.message, message);
          const { declared, actual, more } = error;
          assert.equal(
            error.message,
            `The body has ${more ? "at least " : ""}${actual} bytes instead of ${declared}`,
          );
          return true;
        },
      );
    });
  }

  test("end: refuses trailers that may not be sent, before anything of them is written", () => {
    let out = "";
    const writer = encoded(CHUNKED_BODY, ["Host"]).writer((data) => {
      out += String(data);
    });
    writer.begin();
    assert.throws(() => writer.end(["Host", "x"]), /Host cannot be a trailer/);
    assert.match(out, /\r\n\r\n$/);
    assert.equal(writer.complete, false);
  });

  test("held, complete: tell how far it is", () => {
    const writer = encoded(length(1)).writer(() => undefined);
    writer.begin();
    assert.deepEqual([writer.held, writer.complete, writer.given], [false, false, 0]);
    writer.chunk(Buffer.from("a"));
    assert.deepEqual([writer.held, writer.complete, writer.given], [true, false, 1]);
    writer.end();
    assert.deepEqual([writer.held, writer.complete, writer.given], [false, true, 1]);
  });

  test("complete: is true once the last chunk is written", () => {
    const writer = encoded(CHUNKED_BODY).writer(() => undefined);
    writer.begin();
    writer.chunk(Buffer.from("a"));
    assert.equal(writer.complete, false);
    writer.end();
    assert.equal(writer.complete, true);
  });

  test("end: takes chunks of exactly the declared length", () => {
    const framing: RequestFraming = { kind: "chunked", length: 2 };
    assert.equal(written(framing, "ab", "end"), `${head("Transfer-Encoding: chunked\r\n")}[2~][ab][~][0~~]`);
    assert.equal(
      written({ kind: "chunked", length: 0 }, "end"),
      `${head("Transfer-Encoding: chunked\r\n")}[0~~]`,
    );
  });
});

describe("EncodedRequest.whole", () => {
  test("joins head and body, text as UTF-8", () => {
    assert.equal(encoded(length(2)).whole("ab", 10), `${HEAD}Content-Length: 2\r\n\r\nab`);
    assert.equal(String(encoded(length(2)).whole("é", 10)), `${HEAD}Content-Length: 2\r\n\r\né`);
    assert.equal(
      String(encoded(length(2)).whole(Buffer.from("ab"), 10)),
      `${HEAD}Content-Length: 2\r\n\r\nab`,
    );
    assert.equal(encoded(length(0)).whole("", 10), `${HEAD}Content-Length: 0\r\n\r\n`);
    assert.equal(encoded(NO_BODY).whole(new Uint8Array(0), 10), `${HEAD}Content-Length: 0\r\n\r\n`);
  });

  test("gives nothing where the framing is another's, or the body too long", () => {
    assert.equal(encoded(length(2)).whole("ab", 2), `${HEAD}Content-Length: 2\r\n\r\nab`);
    assert.equal(encoded(length(2)).whole("abc", 10), undefined);
    assert.equal(encoded(length(2)).whole("a", 10), undefined);
    assert.equal(encoded(length(3)).whole("é", 10), undefined);
    assert.equal(encoded(length(2)).whole(Buffer.from("abc"), 10), undefined);
    assert.equal(encoded(length(2)).whole("ab", 1), undefined);
    assert.equal(encoded(length(2)).whole(undefined, 10), undefined);
    assert.equal(encoded(NO_BODY).whole("a", 10), undefined);
    assert.equal(encoded(CHUNKED_BODY).whole("", 10), undefined);
  });
});

test("frameRequest: is decided by the body, what the caller declares, and the method", () => {
  const body = (bytes?: number, trailers = false) => ({ length: bytes, trailers });
  assert.deepEqual(frameRequest("DELETE", undefined, 0), NO_BODY);
  assert.deepEqual(frameRequest("DELETE", body(0), -1), NO_BODY);
  assert.deepEqual(frameRequest("DELETE", body(0), 0), length(0));
  assert.deepEqual(frameRequest("POST", body(0), -1), length(0));
  assert.deepEqual(frameRequest("DELETE", body(), 0), length(0));
  assert.deepEqual(frameRequest("DELETE", body(), 5), length(5));
  assert.deepEqual(frameRequest("DELETE", body(), -1), CHUNKED_BODY);
  assert.deepEqual(frameRequest("POST", body(3, true), -1), { kind: "chunked", length: 3 });
  assert.deepEqual(frameRequest("POST", body(undefined, true), 4), { kind: "chunked", length: 4 });
  assert.deepEqual(frameRequest("POST", body(0, true), -1), { kind: "chunked", length: 0 });
  assert.deepEqual(frameRequest("POST", body(undefined, true), -1), CHUNKED_BODY);
  assert.deepEqual(CHUNKED_BODY, { kind: "chunked", length: -1 });
});
