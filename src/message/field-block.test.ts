import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createHeaders, type Headers, headersFromBlock, rawHeaders } from "./headers.js";

const list = (headers: Headers) => [...headers];

describe("headersFromBlock: reads a head as it came", () => {
  const head = "HTTP/1.1 200 OK: x\r\nDate:  today \t\r\nX-A:1\r\nx-empty:\r\nx-a:\t2\r\nEtag: a: b\r\n";
  const start = head.indexOf("Date");

  it("headersFromBlock: get finds a field without splitting, in any case, and joins duplicates", () => {
    const headers = headersFromBlock(head, start);
    assert.equal(headers.get("date"), "today");
    assert.equal(headers.get("X-a"), "1, 2");
    assert.equal(headers.get("x-empty"), "");
    assert.equal(headers.get("ETAG"), "a: b");
    assert.equal(headers.get("tag"), null);
    assert.equal(headers.get("HTTP"), null);
    assert.equal(headers.get("a"), null);
    assert.equal(headers.has("X-Empty"), true);
    assert.deepEqual(headers.getSetCookie(), []);
    assert.throws(() => headers.get("a b"), TypeError);
    assert.deepEqual(rawHeaders(headers), [
      "Date",
      "today",
      "X-A",
      "1",
      "x-empty",
      "",
      "x-a",
      "2",
      "Etag",
      "a: b",
    ]);
    assert.equal(headers.get("X-a"), "1, 2");
  });

  it("headersFromBlock: a name with characters that mean something in an expression is only a name", () => {
    const headers = headersFromBlock("axb: 1\r\na.b: 2\r\na+: 3\r\na|b: 4\r\n^a$*: 5\r\n", 0);
    assert.equal(headers.get("a.b"), "2");
    assert.equal(headers.get("a+"), "3");
    assert.equal(headers.get("a|b"), "4");
    assert.equal(headers.get("^A$*"), "5");
    assert.equal(headers.get("."), null);
  });

  it("headersFromBlock: more names than are remembered are still found", () => {
    for (let i = 0; i < 400; i++) {
      assert.equal(headersFromBlock(`x-name-${i}: ${i}\r\n`, 0).get(`X-Name-${i}`), String(i));
      assert.equal(headersFromBlock(`x-name-${i}: ${i}\r\n`, 0).has(`X-Other-${i}`), false);
    }
  });

  const name = fc.string({
    minLength: 1,
    maxLength: 6,
    unit: fc.constantFrom(..."aAbB-_^~.!*"),
  });
  const value = fc.string({ maxLength: 8, unit: fc.constantFrom(..." \tab:,\u00e4\u00ff") });
  const space = fc.constantFrom("", " ", "\t", "  ");

  it("headersFromBlock: equals a plain split, whatever is asked first (property)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, space, value, space)),
        fc.constantFrom("", "HTTP/1.1 200 a: b\r\n"),
        fc.array(name),
        (fields, prefix, questions) => {
          const block = prefix + fields.map(([n, a, v, b]) => `${n}:${a}${v}${b}\r\n`).join("");
          const pairs = fields.map(
            ([n, a, v, b]) => [n, `${a}${v}${b}`.replace(/^[ \t]+|[ \t]+$/g, "")] as const,
          );
          const headers = headersFromBlock(block, prefix.length);
          const plain = createHeaders(pairs);
          for (const question of [...questions, ...pairs.map(([n]) => n)]) {
            assert.equal(headers.get(question), plain.get(question));
            assert.equal(headers.has(question), plain.has(question));
            assert.equal(headers.get(question.toUpperCase()), plain.get(question.toLowerCase()));
          }
          assert.deepEqual(rawHeaders(headers), pairs.flat());
          assert.deepEqual(list(headers), list(plain));
        },
      ),
    );
  });
});
