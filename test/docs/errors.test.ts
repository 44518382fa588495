import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/** The codes in the project's sources, the ones that are put together included. */
function codesOfSources(): Set<string> {
  const codes = new Set<string>();
  for (const name of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts") || name.startsWith("testing")) continue;
    const text = readFileSync(join("src", name), "utf8");
    for (const [code] of text.matchAll(/\bERR_TRUNKLINE_[A-Z0-9_]*[A-Z0-9]\b/g)) codes.add(code);
    // `make("TLS_NAME", …)`, where the prefix is put before it.
    if (name.endsWith("tls-errors.ts")) {
      for (const [, rest] of text.matchAll(/\bmake\(\s*"([A-Z_]+)"/g)) codes.add(`ERR_TRUNKLINE_${rest}`);
    }
  }
  return codes;
}

const documented = new Set(readFileSync("docs/errors.md", "utf8").match(/ERR_TRUNKLINE_[A-Z0-9_]+/g));

test("docs/errors.md: explains every code there is", () => {
  const codes = codesOfSources();
  assert.ok(codes.has("ERR_TRUNKLINE_TLS_NAME") && codes.size > 40, "the sources were read");
  assert.deepEqual(
    [...codes].filter((code) => !documented.has(code)),
    [],
  );
});

test("docs/errors.md: explains no code that there is not", () => {
  const codes = codesOfSources();
  assert.deepEqual(
    [...documented].filter((code) => !codes.has(code)),
    [],
  );
});
