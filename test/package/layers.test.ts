import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

type LayerProblems = (files: Map<string, string>, dependencies?: string[]) => string[];

// The scripts are plain JavaScript, outside of what is compiled; tests run from the project's folder.
const { layerProblems } = (await import(pathToFileURL(resolve("scripts/check-layers.mjs")).href)) as {
  layerProblems: LayerProblems;
};

const project = {
  "src/index.ts": 'export { Pool } from "./pool/index.js";\n',
  "src/pool/index.ts": 'export { Pool } from "./pool.js";\n',
  "src/pool/pool.ts": 'import type { Reason } from "../trace/index.js";\nexport class Pool {}\n',
  "src/trace/index.ts": "export type Reason = string;\n",
  "src/trace/reasons.ts": "export const reasons: string[] = [];\n",
  "src/testing/index.ts": 'import { Pool } from "../pool/index.js";\n',
  "src/transport/dial/index.ts": "export const dial: number = 1;\n",
  "src/transport/dial/race.ts": "export const race: number = 1;\n",
};

/** The problems of the small project above with some files replaced or added. */
const problemsOf = (changes: Record<string, string> = {}, dependencies: string[] = []): string[] =>
  layerProblems(new Map(Object.entries({ ...project, ...changes })), dependencies);

test("layerProblems: finds none, when imports point downward through index.ts", () => {
  assert.deepEqual(problemsOf(), []);
});

for (const { what, changes, expected } of [
  {
    what: "an import that points upward",
    changes: { "src/trace/reasons.ts": 'import { Pool } from "../pool/index.js";\n' },
    expected: /^src\/trace\/reasons\.ts:1: trace may not import pool/,
  },
  {
    what: "a type that comes from above",
    changes: { "src/trace/reasons.ts": 'import type {\n  Pool,\n} from "../pool/index.js";\n' },
    expected: /^src\/trace\/reasons\.ts:1: trace may not import pool/,
  },
  {
    what: "a re-export from above",
    changes: { "src/trace/reasons.ts": '\nexport * from "../pool/index.js";\n' },
    expected: /^src\/trace\/reasons\.ts:2: trace may not import pool/,
  },
  {
    what: "an import past a folder's index",
    changes: { "src/pool/pool.ts": 'import { reasons } from "../trace/reasons.js";\n' },
    expected: /import src\/trace\/index\.js instead/,
  },
  {
    what: "an import past the index of a folder beside it",
    changes: { "src/transport/wire/wire.ts": 'import { race } from "../dial/race.js";\n' },
    expected: /import src\/transport\/dial\/index\.js instead/,
  },
  {
    what: "a type past the index of a folder within its area",
    changes: {
      "src/pool/idle/set.ts": "export type Set = string;\n",
      "src/pool/pool.ts": 'import type { Set } from "./idle/set.js";\n',
    },
    expected: /^src\/pool\/pool\.ts:1: import src\/pool\/idle\/index\.js instead/,
  },
  {
    what: "two folders of an area that import each other",
    changes: {
      "src/transport/dial/index.ts": 'import type { W } from "../wire/index.js";\n',
      "src/transport/wire/index.ts": 'import type { D } from "../dial/index.js";\n',
    },
    expected: /^these folders import each other in a circle: src\/transport\/dial → src\/transport\/wire/,
  },
  {
    what: "two files that know each other's types",
    changes: {
      "src/trace/a.ts": 'import type { B } from "./b.js";\nexport type A = B;\n',
      "src/trace/b.ts": 'import { type A } from "./a.js";\nexport type B = A;\n',
    },
    expected: /^these files import each other in a circle: src\/trace\/a\.ts → src\/trace\/b\.ts/,
  },
  {
    what: "a type that is imported within an expression, in a circle",
    changes: {
      "src/trace/a.ts": 'export type A = import("./b.js").B;\n',
      "src/trace/b.ts": 'import type { A } from "./a.js";\nexport type B = A;\n',
    },
    expected: /^these files import each other in a circle: src\/trace\/a\.ts → src\/trace\/b\.ts/,
  },
  {
    what: "the testing kit in what ships",
    changes: { "src/cli/run.ts": 'import { x } from "../testing/index.js";\n' },
    expected: /^src\/cli\/run\.ts:1: cli may not import testing/,
  },
  {
    what: "a circle of files",
    changes: {
      "src/pool/a.ts": 'import { b } from "./b.js";\nexport const a: unknown = b;\n',
      "src/pool/b.ts": 'import { a } from "./a.js";\nexport const b: unknown = a;\n',
    },
    expected:
      /^these files import each other in a circle: src\/pool\/a\.ts → src\/pool\/b\.ts → src\/pool\/a\.ts/,
  },
  {
    what: "a package that is no dependency",
    changes: { "src/trace/reasons.ts": 'import x from "left-pad";\n' },
    expected: /"left-pad" is neither/,
  },
  {
    what: "input and output in the pool",
    changes: { "src/pool/pool.ts": 'import { connect } from "node:net";\n' },
    expected: /may not import node:net/,
  },
  {
    what: "a clock in the pool",
    changes: { "src/pool/pool.ts": "export const now: number = Date.now();\n" },
    expected: /Date\.now does not belong here/,
  },
  {
    what: "a file that is too long",
    changes: { "src/pool/pool.ts": "export {};\n".repeat(501) },
    expected: /501 lines; split it/,
  },
  {
    what: "an area that is not in the picture",
    changes: { "src/util/index.ts": "export {};\n" },
    expected: /"util" is not an area/,
  },
]) {
  test(`layerProblems: reports it and nothing else, when there is ${what}`, () => {
    const [first, ...others] = problemsOf(changes);
    assert.match(first ?? "no problem", expected);
    assert.deepEqual(others, []);
  });
}

test("layerProblems: accepts a circle of what is mutual, tests of inner files, the demo's servers and declared packages", () => {
  assert.deepEqual(
    problemsOf(
      {
        "src/pool/entities/member.ts":
          'import type { Route } from "./route.js";\nexport type Member = Route;\n',
        "src/pool/entities/route.ts":
          'import type { Member } from "./member.js";\nexport type Route = Member;\n',
        "src/pool/pool.test.ts":
          'import { reasons } from "../trace/reasons.js";\nimport { connect } from "node:net";\n',
        "src/cli/demo/servers.ts": 'import { Pool } from "../../testing/index.js";\n',
        "src/adapters/undici.ts": 'import type { Dispatcher } from "undici";\n',
      },
      ["undici"],
    ),
    [],
  );
});
