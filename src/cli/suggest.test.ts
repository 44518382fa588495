import assert from "node:assert/strict";
import { test } from "node:test";
import { suggest } from "./suggest.js";

test("suggest: finds the word a slip of the finger meant", () => {
  const words = ["request", "demo", "--method", "--header"];
  assert.equal(suggest("demoo", words), "demo");
  assert.equal(suggest("reqeust", words), "request");
  assert.equal(suggest("--metod", words), "--method");
  assert.equal(suggest("--HEADER", words), "--header");
});

test("suggest: stays silent when nothing is near", () => {
  assert.equal(suggest("localhost", ["request", "demo"]), undefined);
  assert.equal(suggest("x", ["request", "demo"]), undefined);
  assert.equal(suggest("demo", []), undefined);
});

test("suggest: prefers the nearest of several", () => {
  assert.equal(suggest("--form", ["--from", "--format", "--form"]), "--form");
});
