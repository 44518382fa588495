// Our names are assignable to the platform's types, and the platform's objects to our parameters.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as trunkline from "../../src/index.js";

const fetch: typeof globalThis.fetch = trunkline.fetch;
const request: globalThis.Request = new trunkline.Request("http://a.test/");
const response: globalThis.Response = new trunkline.Response("x");
const headers: globalThis.Headers = new trunkline.Headers();

/** Compiled, and not run. */
export async function typed(init: NonNullable<Parameters<typeof globalThis.fetch>[1]>): Promise<void> {
  await trunkline.fetch(new globalThis.Request("http://a.test/"), init);
  new trunkline.Headers(new globalThis.Headers());
  new globalThis.Headers(new trunkline.Headers());
  new trunkline.Response((await globalThis.fetch("http://a.test/")).body);
  new globalThis.Response((await trunkline.fetch("http://a.test/")).body);
  await new trunkline.Client().fetch(new globalThis.Request("http://a.test/"), { signal: request.signal });
  globalThis.fetch = trunkline.fetch;
}

test("types: what is assigned above is what it says", () => {
  assert.equal(fetch, trunkline.fetch);
  assert.ok(request instanceof trunkline.Request);
  assert.ok(response instanceof trunkline.Response);
  assert.ok(headers instanceof trunkline.Headers);
});
