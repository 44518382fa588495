import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

const src = resolve("src");

/** The end of a string that is all of an error's message or its last part: a full stop where none belongs. */
const STOP = /Error\(\s*(?:"[^"\n]*"\s*,\s*)?(?:"[^"\n]* [^"\n]*\."|`[^`\n]* [^`\n]*\.`)/g;

test("messages: an error message is one sentence without a full stop", () => {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  assert.ok(files.length > 300);
  const stopped = files.flatMap((file) =>
    [...readFileSync(join(src, file), "utf8").matchAll(STOP)].map(([text]) => `${file}: ${text}`),
  );
  assert.deepEqual(stopped, []);
});
