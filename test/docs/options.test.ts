import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { documents } from "./snippets.js";

/** The keys of the record of options that a source checks names against. */
function optionsIn(source: string): string[] {
  const record = /(?:Record<keyof \w+, true>|OPTIONS: Table) = \{\n([\s\S]*?)\n\};/.exec(
    readFileSync(source, "utf8"),
  );
  return [...(record?.[1] ?? "").matchAll(/^ {2}(\w+): (?:true,|\{)/gm)].map((match) => match[1] as string);
}

/** What people read; an option that stands in the reference alone is explained nowhere. */
const text = documents()
  .map((document) => readFileSync(document, "utf8"))
  .join("\n");

for (const [source, least] of [
  ["src/transport/options.ts", 25],
  ["src/client/option-table.ts", 25],
] as const) {
  test(`documents: explain every option of ${source}`, () => {
    const options = optionsIn(source);
    assert.ok(options.length >= least, `${options.length} options were found`);
    assert.deepEqual(
      options.filter((name) => !new RegExp(`\`${name}\\b|\\b${name}: `).test(text)),
      [],
    );
  });
}
