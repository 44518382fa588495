import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** What the document calls the test files. */
const FILES: Readonly<Record<string, string>> = {
  reader: "src/http2/frame-reader.test.ts",
  decoder: "src/http2/hpack-decoder.test.ts",
  encoder: "src/http2/hpack-encoder.test.ts",
  requests: "src/http2/session-requests.test.ts",
  responses: "src/http2/session-responses.test.ts",
  windows: "src/http2/session-windows.test.ts",
  endings: "src/http2/session-endings.test.ts",
  state: "src/http2/session-state.test.ts",
  property: "test/http2/session-property.test.ts",
};
/** What names of tests made from a table begin with; the rest of the name is in the table. */
const MADE = /^(?:read: |allow: |decode: )?(?:refuses|ends over|begins with|resets the stream alone over) /;

test("docs/http2-conformance.md: each test it names is there", () => {
  const document = readFileSync("docs/http2-conformance.md", "utf8");
  const sources = new Map(Object.entries(FILES).map(([name, path]) => [name, readFileSync(path, "utf8")]));
  for (const path of Object.values(FILES)) assert.ok(document.includes(path.split("/").at(-1) ?? path), path);
  const missing: string[] = [];
  let named = 0;
  for (const row of document.split("\n")) {
    const cell = /\| ([^|]+) \|$/.exec(row)?.[1] ?? "";
    for (const reference of cell.split("; ")) {
      const [, file = "", name = ""] = /^([a-z]+)(?:: (.+))?$/.exec(reference) ?? [];
      const source = sources.get(file);
      if (source === undefined) continue;
      named++;
      const words = name.replace(MADE, "").replace(/ ?….*$/, "");
      if (!source.includes(words)) missing.push(`${file}: ${words}`);
    }
  }
  assert.deepEqual(missing, []);
  assert.ok(named > 60, `only ${named} tests are named`);
});
