import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

type Entry = { readonly name: string };

const load = (name: string) => import(pathToFileURL(resolve("scripts/lib", name)).href);
const { exportsOf } = (await load("declarations.mjs")) as { exportsOf: (file: string) => Map<string, Entry> };
const { missingTypes, rawTags, undocumented } = (await load("public-surface.mjs")) as {
  missingTypes: (entries: Entry[]) => string[];
  undocumented: (entries: Entry[]) => string[];
  rawTags: (page: string) => string[];
};

const folder = mkdtempSync(join(tmpdir(), "trunkline-surface-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function declare(files: Record<string, string>): Entry[] {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return [...exportsOf(join(folder, "index.d.ts")).values()];
}

test("missingTypes: names the types of public signatures that are not exported, whatever they are called there", () => {
  const entries = declare({
    "index.d.ts": 'export { A, Known } from "./a.js";\n',
    "a.d.ts":
      'import type { Hidden as Seen, Kept } from "./b.js";\nimport type { Duplex } from "node:stream";\ndeclare const TABLE: {\n    a: 1;\n};\ninterface Own {\n    a: 1;\n}\n/** A. */\nexport declare class A {\n    #private: Kept;\n    private two: Kept;\n    one(Kept: string, b?: Seen): Duplex;\n    own: "Kept" | Known<Own>;\n    key: keyof typeof TABLE;\n}\n/** K. */\nexport type Known<T> = T[];\n',
    "b.d.ts": "export interface Hidden {\n}\nexport interface Kept {\n}\n",
  });
  assert.deepEqual(missingTypes(entries), ["A: Seen", "A: Own", "A: TABLE"]);
});

test("undocumented: names exports and members without a docstring, and lets an overload rely on another", () => {
  const entries = declare({
    "index.d.ts":
      "export declare class A {\n    /** One. */\n    one(a: string): void;\n    one(a: number): void;\n    /** Two. */\n    get two(): string;\n    set two(text: string);\n    readonly three: string;\n    [Symbol.iterator](): void;\n}\n/** B. */\nexport type B = {\n    four: string;\n};\n/** C. */\nexport interface C {\n    /** Five. */\n    five: string;\n}\n",
  });
  assert.deepEqual(undocumented(entries), ["A", "A.three", "A.[Symbol.iterator]", "B.four"]);
});

test("rawTags: finds what would be printed as it stands in the source, and leaves code and addresses alone", () => {
  const page = [
    "A member. @throws TypeError when it is wrong.",
    "See {@link Other}.",
    "@internal",
    "Write to a@example.com, or `@param` in code.",
    "```ts",
    'import x from "@scope/package";',
    "/** See {@link Y}. */",
    "```",
  ].join("\n");
  assert.deepEqual(rawTags(page), [
    "@throws (line 1)",
    "{@link (line 2)",
    "@internal (line 3)",
    "{@link (line 7)",
  ]);
});
