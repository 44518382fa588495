import assert from "node:assert/strict";
import { test } from "node:test";
import { Headers, Response } from "../message/index.js";
import { nodeRuntime } from "../runtime/index.js";
import { linkPlatform } from "./platform-link.js";

test("linkPlatform: makes our classes the platform's in a later turn, and once", () => {
  const later: (() => void)[] = [];
  const runtime = { ...nodeRuntime, setImmediate: (callback: () => void) => void later.push(callback) };
  linkPlatform(runtime);
  linkPlatform(runtime);
  assert.equal(Response.prototype instanceof globalThis.Response, false, "not before its turn");
  for (const run of later) run();
  assert.equal(later.length, 1);
  assert.ok(Response.prototype instanceof globalThis.Response);
  assert.ok(new Headers() instanceof globalThis.Headers);
});
