import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

test("examples/founding-question: opens one connection, and the server gets one content-type and the data", async () => {
  const example = fileURLToPath(new URL("../../../examples/founding-question.mjs", import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [example]);
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "20 requests with 1 content-type application/x-www-form-urlencoded, body data=hello",
    "20 clients, one after another: 1 connection",
  ]);
  assert.equal(stderr, "");
});
