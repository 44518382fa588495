import assert from "node:assert/strict";
import { test } from "node:test";
import { programName } from "./program-name.js";

test("programName: shows the program and its script, and no other argument", () => {
  const script = new URL(import.meta.url).pathname;
  assert.equal(programName(["node", "--no-warnings", script, "--token", "secret"]), `node ${script}`);
  assert.equal(programName(["./serve", "secret"]), "./serve");
  assert.equal(programName([]), "");
});
