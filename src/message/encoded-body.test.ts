import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FormInit, formBody, jsonBody } from "./encoded-body.js";

describe("jsonBody", () => {
  for (const [value, text] of [
    [{ a: [1, "ü"] }, '{"a":[1,"ü"]}'],
    [null, "null"],
    [0, "0"],
    ["", '""'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ] as const) {
    it(`jsonBody: writes ${text}`, () => {
      const source = jsonBody(value);
      assert.equal(source.small, text);
      assert.equal(source.length, Buffer.byteLength(text));
      assert.equal(source.contentType, "application/json");
      assert.equal(source.replayable, true);
    });
  }

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  for (const [what, value, message] of [
    ["undefined", undefined, /option: undefined has no JSON form; use null$/],
    ["a function", () => 1, /option: a function has no JSON form/],
    ["a symbol", Symbol("x"), /option: a symbol has no JSON form/],
    ["toJSON without result", { toJSON: () => undefined }, /toJSON returns undefined/],
    ["a BigInt", { n: 1n }, /Cannot serialise the `json` option: .*BigInt/],
    ["a cycle", cycle, /Cannot serialise the `json` option: .*circular structure/],
  ] as const) {
    it(`jsonBody: refuses ${what}`, () => {
      assert.throws(
        () => jsonBody(value),
        (error) => {
          assert.ok(error instanceof TypeError);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /\n/);
          return true;
        },
      );
    });
  }
});

describe("formBody", () => {
  for (const [form, text] of [
    [{ data: "a b&c=ü" }, "data=a+b%26c%3D%C3%BC"],
    [{ z: "1", a: ["2", "3"], empty: [] }, "z=1&a=2&a=3"],
    [
      new URLSearchParams([
        ["a", "1"],
        ["a", "2"],
      ]),
      "a=1&a=2",
    ],
    [{ n: 5, yes: true, big: 10n } as unknown as FormInit, "n=5&yes=true&big=10"],
    [{}, ""],
  ] as [FormInit, string][]) {
    it(`formBody: writes ${JSON.stringify(text)} with Go's content type`, () => {
      const source = formBody(form);
      assert.equal(source.small, text);
      assert.equal(source.contentType, "application/x-www-form-urlencoded");
    });
  }

  for (const [what, form, message] of [
    ["undefined", { a: undefined }, /Form field "a" must be a string or an array of strings, not undefined/],
    ["null", { a: null }, /not null/],
    ["an object", { a: {} }, /not object/],
    ["an nested array", { a: [["b"]] }, /not object/],
    ["null for the form", null, /not null/],
    ["a string for the form", "a=b", /not string/],
  ] as const) {
    it(`formBody: refuses ${what}`, () => {
      assert.throws(() => formBody(form as unknown as FormInit), { name: "TypeError", message });
    });
  }
});
