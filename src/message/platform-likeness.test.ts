import assert from "node:assert/strict";
import { getMaxListeners, setMaxListeners } from "node:events";
import { test } from "node:test";
import { Request, Response } from "./index.js";

test("Request: says what is wrong with a URL, method or signal of another kind", () => {
  const make = (input: unknown, init?: object) => () => new Request(input as string, init);
  assert.throws(make(5), /Cannot request "5": it is not a valid URL/);
  assert.throws(make(null), /Cannot request "null"/);
  assert.throws(make({}), /Cannot request "\[object Object\]"/);
  assert.equal(make({ toString: () => "http://a.test/x" })().url, "http://a.test/x");
  assert.throws(make("http://a.test", { method: "a b" }), /Cannot use "a b" as a method/);
  for (const signal of [5, {}, "x"]) {
    assert.throws(make("http://a.test", { signal }), /Cannot use this as signal: it is not an AbortSignal/);
  }
});

test("Request: lets many share a signal without a warning of a leak, and keeps a limit that was set", () => {
  const shared = new AbortController().signal;
  new Request("http://a.test", { signal: shared });
  const most = getMaxListeners(shared);
  assert.ok(most === 0 || most >= 1_000, `${most} listeners before a warning`); // 0: without limit, as from Node 22 on
  const limited = new AbortController().signal;
  setMaxListeners(3, limited);
  new Request("http://a.test", { signal: limited });
  assert.equal(getMaxListeners(limited), 3);
});

test("Request.text: leaves a request without body unused", async () => {
  const request = new Request("http://a.test");
  assert.equal(await request.text(), "");
  assert.equal(request.bodyUsed, false);
});

test("Response: refuses a statusText that is not a reason phrase", () => {
  assert.throws(
    () => new Response(null, { statusText: "a\r\nb" }),
    /^TypeError: Cannot use "a\\r\\nb" as statusText/,
  );
  assert.equal(new Response(null, { statusText: "très\tbien" }).statusText, "très\tbien");
});

test("Response.error and Response.redirect: have headers that cannot be changed", () => {
  for (const response of [Response.error(), Response.redirect("http://a.test/")]) {
    assert.throws(() => response.headers.set("a", "b"), TypeError);
  }
});
