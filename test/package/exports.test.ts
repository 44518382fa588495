import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

type ExportProblems = (files: Map<string, string>, entryFiles: string[]) => string[];

// The scripts are plain JavaScript, outside of what is compiled; tests run from the project's folder.
const { exportProblems } = (await import(pathToFileURL(resolve("scripts/check-exports.mjs")).href)) as {
  exportProblems: ExportProblems;
};

const problemsOf = (files: Record<string, string>): string[] =>
  exportProblems(new Map(Object.entries(files)), ["src/index.ts"]);

test("exportProblems: names what no other file imports, also where an index hands it on", () => {
  assert.deepEqual(
    problemsOf({
      "src/pool/pool.ts":
        "export class Pool {}\nexport const SIZE: number = 1;\nexport type Left = string;\n",
      "src/pool/index.ts": 'export { type Left, Pool } from "./pool.js";\n',
      "src/index.ts": 'export { Pool } from "./pool/index.js";\n',
    }),
    [
      "src/pool/pool.ts:2: SIZE is exported, and no other file imports it.",
      "src/pool/index.ts:1: Left is exported, and no other file imports it.",
    ],
  );
});

test("exportProblems: none for what a test, a namespace, an alias, an expression or the user of an entry takes", () => {
  assert.deepEqual(
    problemsOf({
      "src/a.ts": [
        "export function one(): void {}",
        "export abstract class Two {}",
        "export const three: number = 3;",
        "export async function four(): Promise<void> {}",
        "export interface Five {}",
        "",
      ].join("\n"),
      "src/a.test.ts": 'import { one } from "./a.js";\n',
      "src/b.ts": 'import * as a from "./a.js";\nnew a.Two();\nimport { three as drei } from "./a.js";\n',
      "src/c.ts":
        'const load = async () => (await import("./a.js")).four;\ntype F = import("./a.js").Five;\n',
      "src/index.ts": "export const open: number = 1;\n",
    }),
    [],
  );
});
