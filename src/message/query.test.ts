import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { appendQuery, type QueryInit } from "./query.js";

const rows: [url: string, query: QueryInit, expected: string][] = [
  ["http://h/p", { a: 1 }, "http://h/p?a=1"],
  ["http://h/p?x=%20y", { a: "b c" }, "http://h/p?x=%20y&a=b+c"],
  ["http://h/p?", { a: 1 }, "http://h/p?a=1"],
  ["http://h/p?x&", { a: 1 }, "http://h/p?x&a=1"],
  ["http://h/p#f?g", { a: 1 }, "http://h/p?a=1#f?g"],
  ["http://h/p?x=1#f", { a: 1 }, "http://h/p?x=1&a=1#f"],
  ["http://h/p?x=1#f", {}, "http://h/p?x=1#f"],
  ["http://h/p", { a: [1, "2", true], b: 10n }, "http://h/p?a=1&a=2&a=true&b=10"],
  ["http://h/p", { a: undefined, b: null, c: [null, 1, undefined], d: [] }, "http://h/p?c=1"],
  ["http://h/p", { a: "" }, "http://h/p?a="],
  ["http://h/p", { t: new Date(0) }, "http://h/p?t=1970-01-01T00%3A00%3A00.000Z"],
  ["http://h/p", { u: new URL("http://x/?y=1") }, "http://h/p?u=http%3A%2F%2Fx%2F%3Fy%3D1"],
  ["http://h/p", new URLSearchParams("a=1&a=2"), "http://h/p?a=1&a=2"],
  ["http://h/p?a=0", { a: 1 }, "http://h/p?a=0&a=1"],
];

describe("appendQuery", () => {
  for (const [url, query, expected] of rows) {
    it(`appendQuery: ${url} becomes ${expected}`, () => {
      assert.equal(appendQuery(url, query), expected);
      const given = new URL(url);
      assert.equal(appendQuery(given, query).href, new URL(expected).href);
      assert.equal(given.href, new URL(url).href);
    });
  }

  it("appendQuery: a relative reference stays one", () => {
    assert.equal(appendQuery("/p?x#f", { a: 1 }), "/p?x&a=1#f");
    assert.equal(appendQuery("", { a: 1 }), "?a=1");
  });

  for (const [what, query, message] of [
    ["a nested object", { a: { b: 1 } }, /query parameter "a" is an object, which cannot be written as text/],
    ["an nested array", { a: [[1]] }, /is a nested array/],
    ["a function", { a: () => 1 }, /is a function/],
    ["a symbol", { a: Symbol("s") }, /is a symbol/],
    ["an invalid date", { a: new Date(Number.NaN) }, /invalid Date/],
    ["a Map", { a: new Map() }, /is an object/],
    ["an object without prototype", { a: Object.create(null) }, /is an object/],
    ["a string for all", "a=1", /must be an object or URLSearchParams/],
    ["an array for all", [["a", "1"]], /must be an object or URLSearchParams/],
  ] as const) {
    it(`appendQuery: refuses ${what}`, () => {
      assert.throws(() => appendQuery("http://h/", query as unknown as QueryInit), {
        name: "TypeError",
        message,
      });
    });
  }
});
