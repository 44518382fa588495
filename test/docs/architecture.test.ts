import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { allowedImports } = (await import(pathToFileURL(resolve("scripts/lib/layers.mjs")).href)) as {
  allowedImports: Readonly<Record<string, readonly string[]>>;
};

/** A folder without a source is one that is yet to come. */
const exists = (area: string): boolean =>
  area === "index" ||
  (existsSync(`src/${area}`) && readdirSync(`src/${area}`).some((name) => name.endsWith(".ts")));
const shown = (area: string): string => (area === "index" ? "`index.ts`" : `\`${area}\``);

test("docs/architecture.md: its table of imports is the one that the layer check uses", () => {
  const expected = Object.entries(allowedImports)
    .filter(([area]) => exists(area))
    .map(([area, imports]) => {
      const allowed = imports.filter(exists).map(shown).join(", ");
      return `| ${shown(area)} | ${allowed || "nothing"} |`;
    });
  const document = readFileSync("docs/architecture.md", "utf8");
  const table =
    /<!-- layers:start -->\n\| folder \| may import \|\n\|---\|---\|\n([\s\S]*?)<!-- layers:end -->/.exec(
      document,
    );
  const rows = table?.[1]?.trim().split("\n");
  assert.deepEqual(
    rows,
    expected,
    `Between the layers' marks in docs/architecture.md must stand:\n${expected.join("\n")}`,
  );
});
