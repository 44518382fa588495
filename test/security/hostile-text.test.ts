import assert from "node:assert/strict";
import { test } from "node:test";
import { NetworkError } from "../../src/errors/index.js";
import { Client, fetch, openCookieJar, Response, Transport } from "../../src/index.js";
import { redactPath } from "../../src/trace/index.js";
import { thrown } from "./thrown.js";

// Searched for anew from each character, a million of them would take minutes.
test("hostile text: a million characters that are masked, trimmed or parsed take no longer than reading them", async () => {
  const long = "a, ".repeat(330_000);
  for (const act of [
    () => new Transport({ proxy: long }),
    () => new Client().get(`http://${long}`),
    () => new Client().get(`ws://h/?${long}`),
    () => new Client({ baseURL: `http://h/${"/".repeat(1_000_000)}x` }).get("ws://h/"),
    () => fetch(`data:${" ".repeat(1_000_000)}x`),
  ]) {
    const { message } = (await thrown(act)) as Error;
    assert.ok(message.length < 1_000, `${message.length} characters`);
  }
  assert.ok(redactPath(`/x@${long}`) === `/***@${long}`);
  assert.ok(redactPath(`/?x@${long}=`) === `/?***@${long}`);
  const url = `http://h/x@${long}?y@${long}=`;
  const error = new NetworkError("", { code: "ERR_TRUNKLINE_DNS", phase: "dns", url });
  assert.ok(error.url?.startsWith("http://h/***@a,"));
  const spaces = " ".repeat(1_000_000);
  for (const type of [`a${spaces}b`, `a/b${spaces}c`, `a/b;c=d${spaces}e`]) {
    const response = new Response("x", { headers: { "content-type": type } });
    assert.equal(typeof (await response.blob()).type, "string");
  }
  const jar = await openCookieJar();
  assert.equal(jar.cookiesFor(`http://a${".".repeat(1_000_000)}b/`), "");
});
