import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { allSnippets, PLACEHOLDER, type Snippet, snippetsOf } from "./snippets.js";

const snippets = allSnippets();
const programs = snippets.filter(({ language }) => language === "ts");
/** Below .build, whose package.json makes "trunkline" mean the compiled sources. */
let folder = "";
let server: Server;
let origin = "";
/** What tsc said, or empty. */
let typeErrors = "";

const nameOf = (snippet: Snippet): string => `${snippet.document.replace(/\W+/g, "-")}-${snippet.line}`;

interface Ended {
  readonly code: number | string;
  readonly output: string;
}

/** Runs a program to its end, for at most 30 seconds. */
function runProgram(file: string, args: readonly string[]): Promise<Ended> {
  const options = { timeout: 30_000, env: { ...process.env, NO_COLOR: "1" } };
  return new Promise((settle) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      settle({ code: error ? (error.code ?? "killed") : 0, output: `${stdout}${stderr}` });
    });
  });
}

/** Answers everything, so that a document may ask for whatever reads well. */
function listen(): Promise<Server> {
  const answers = createServer((request, response) => {
    request.resume().once("end", () => {
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ id: 1, name: "Ada", method: request.method, path: request.url, items: [1, 2, 3] }),
      );
    });
  });
  return new Promise((settle) => answers.listen(0, "127.0.0.1", () => settle(answers)));
}

before(async () => {
  mkdirSync(".build", { recursive: true });
  folder = mkdtempSync(resolve(".build", "snippets-"));
  server = await listen();
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (programs.length === 0) return;
  for (const snippet of programs) {
    writeFileSync(join(folder, `${nameOf(snippet)}.ts`), `${snippet.code}\nexport {};\n`);
  }
  const compilerOptions = {
    rootDir: ".",
    outDir: "out",
    declaration: false,
    isolatedDeclarations: false,
    incremental: false,
    tsBuildInfoFile: null,
    noUnusedLocals: false,
    noUnusedParameters: false,
    // The compiled declarations, as a user would have them.
    paths: {},
  };
  const config = { extends: resolve("tsconfig.json"), compilerOptions, include: ["*.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const { code, output } = await runProgram(process.execPath, [
    resolve("node_modules/typescript/bin/tsc"),
    "-p",
    folder,
  ]);
  if (code !== 0) typeErrors = output;
});

after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

test("documents: every snippet type-checks, with the strictest options", () => {
  assert.equal(typeErrors, "");
});

for (const snippet of snippets.filter(({ run }) => run)) {
  test(`${snippet.document}:${snippet.line}: the snippet runs to its end`, async () => {
    const name = join(folder, nameOf(snippet));
    let ended: Ended;
    if (snippet.language === "ts") {
      const compiled = readFileSync(join(folder, "out", `${nameOf(snippet)}.js`), "utf8");
      writeFileSync(`${name}.run.js`, compiled.replaceAll(PLACEHOLDER, origin));
      ended = await runProgram(process.execPath, [`${name}.run.js`]);
    } else {
      // The built program by whatever name the document calls it, without npm's own start-up.
      const program = `'${process.execPath}' '${resolve("dist/cli.js")}'`;
      const commands = snippet.code
        .replaceAll(PLACEHOLDER, origin)
        .replace(/^(?:\$ )?(?:npx trunkline|npm start --|npm start)(?= |$)/gm, program);
      ended = await runProgram("bash", ["-euo", "pipefail", "-c", commands]);
    }
    assert.equal(ended.code, 0, ended.output);
  });
}

test("snippetsOf: finds code with its line, its mode and its prelude, and leaves fragments and other languages", () => {
  const text = [
    "# T",
    "```ts run",
    "a();",
    "```",
    "<!-- snippet: declare const b: () => void; -->",
    "```js",
    "b();",
    "```",
    "```ts fragment",
    "c(): void",
    "```",
    "```json",
    "{}",
    "```",
    "```sh",
    "rm -rf x",
    "```",
    "```sh run",
    "true",
    "```",
  ].join("\n");
  assert.deepEqual(snippetsOf("x.md", text), [
    { document: "x.md", line: 3, language: "ts", run: true, code: "a();\n" },
    { document: "x.md", line: 7, language: "ts", run: false, code: "declare const b: () => void;\nb();\n" },
    { document: "x.md", line: 19, language: "sh", run: true, code: "true\n" },
  ]);
});

test("snippetsOf: refuses a mode it does not know", () => {
  assert.throws(() => snippetsOf("x.md", "```ts rnu\na();\n```\n"), /x\.md:1: "ts rnu" is neither/);
});
