import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestName, spellingHint } from "./index.js";

const names = [
  "headers",
  "maxRedirects",
  "maxConnections",
  "maxIdleConnections",
  "cookies",
  "json",
  "form",
  "use",
];

test("nearestName: finds the name that is misspelt, by its case, a letter or two, and no other", () => {
  for (const [written, meant] of [
    ["heders", "headers"],
    ["haeders", "headers"],
    ["HEADER", "headers"],
    ["maxredirect", "maxRedirects"],
    ["maxConection", "maxConnections"],
    ["cookie", "cookies"],
    ["jsn", "json"],
    ["from", "form"],
    ["name", undefined],
    ["user", "use"],
    ["u", undefined],
    ["redirects", undefined],
    ["idempotent", undefined],
    ["", undefined],
  ] as const) {
    assert.equal(nearestName(written, names), meant, written);
  }
});

test("nearestName: names none where several are as near", () => {
  assert.equal(nearestName("cat", ["bat", "rat"]), undefined);
  assert.equal(nearestName("cat", ["bat", "cats", "Cat"]), "Cat");
});

test("spellingHint: a clause, or nothing", () => {
  assert.equal(spellingHint("heders", names), "; did you mean headers?");
  assert.equal(spellingHint("x", names), "");
});
