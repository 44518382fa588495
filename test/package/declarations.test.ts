import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

interface Entry {
  readonly kind: string;
  readonly name: string;
  readonly doc: string;
  readonly code: string;
}

const { exportsOf, membersOf } = (await import(
  pathToFileURL(resolve("scripts/lib/declarations.mjs")).href
)) as {
  exportsOf: (file: string) => Map<string, Entry>;
  membersOf: (code: string) => { doc: string; code: string }[];
};

const folder = mkdtempSync(join(tmpdir(), "trunkline-declarations-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function declare(files: Record<string, string>): Map<string, Entry> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return exportsOf(join(folder, "index.d.ts"));
}

test("exportsOf: follows re-exports, renames and stars to the declaration, when files import each other", () => {
  const found = declare({
    "index.d.ts": 'export { A as First, type B } from "./a.js";\nexport * from "./c.js";\n',
    "a.d.ts":
      'import type { C } from "./c.js";\n/** An A. */\nexport declare class A {\n    c: C;\n}\n/** A B. */\ninterface B {\n}\nexport { type B };\nexport { C } from "./c.js";\n',
    "c.d.ts":
      'import { A } from "./a.js";\n/** Text with { a brace. */\nexport type C = {\n    /** of } it */\n    a: A;\n};\nexport declare const d: "}" | 1;\n',
  });
  assert.deepEqual(
    [...found.values()].map(({ kind, name, doc }) => `${kind} ${name}: ${doc}`),
    ["class First: An A.", "interface B: A B.", "type C: Text with { a brace.", "const d: "],
  );
  assert.equal(found.get("C")?.code, "type C = {\n    /** of } it */\n    a: A;\n};");
});

test("membersOf: gives each public member with its docstring, and no private one", () => {
  const members = membersOf(
    'declare class A extends B<{\n    x: 1;\n}> {\n    #private;\n    /**\n     * One,\n     * in two lines.\n     */\n    one(options: {\n        deep: boolean;\n    }): void;\n    private two;\n    readonly three: string;\n    [Symbol.asyncIterator](): AsyncIterator<"a;b">;\n}',
  );
  assert.deepEqual(members, [
    { doc: "One,\nin two lines.", code: "one(options: {\n    deep: boolean;\n}): void;" },
    { doc: "", code: "readonly three: string;" },
    { doc: "", code: '[Symbol.asyncIterator](): AsyncIterator<"a;b">;' },
  ]);
});
