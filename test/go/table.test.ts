import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

interface Row {
  readonly go: string;
  readonly ours: string;
  readonly note: string;
}

function rows(): Row[] {
  return [...read("docs/go-tests.md").matchAll(/^\| (Test\w+) \| (.*?) \| (.*?) \|$/gm)].map((match) => ({
    go: match[1] as string,
    ours: (match[2] as string).replaceAll("`", ""),
    note: match[3] as string,
  }));
}

test("docs/go-tests.md: each port is where the table says, and a row without one says why", () => {
  const table = rows();
  assert.ok(table.length > 100, `${table.length} rows`);
  for (const { go, ours, note } of table) {
    if (ours === "—") assert.match(note, /^(not yet|does not apply|not here): ./, go);
    else assert.match(read(ours), new RegExp(`\\b${go}\\b`), `${go} in ${ours}`);
  }
});

test("docs/go-tests.md: has a row for each Go test that a name in test/go mentions, and none twice", () => {
  const known = rows().map((row) => row.go);
  assert.equal(new Set(known).size, known.length);
  for (const file of readdirSync(new URL("test/go/", root))) {
    if (!file.endsWith(".test.ts") || file === "table.test.ts") continue;
    for (const [name] of read(`test/go/${file}`).matchAll(/\bTest[A-Z]\w+/g)) {
      assert.ok(known.includes(name), `${name} of ${file}`);
    }
  }
});
