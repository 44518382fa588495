// Programs that use the built package, in a folder of their own: type-checked by the lowest TypeScript that
// docs/guides/getting-started.md promises, and bundled by esbuild as an ES module and as CommonJS.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(".cache/consumers");
const guide = readFileSync("docs/guides/getting-started.md", "utf8");
const [, forModules, forCommonJS] =
  /TypeScript (5\.\d+) or newer, and (5\.\d+) for programs in CommonJS/.exec(guide) ?? [];
if (forCommonJS === undefined)
  throw new Error("docs/guides/getting-started.md does not say the lowest TypeScript");

const program = `BRING
const server = http.createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1", async () => {
  const transport = new Transport({ proxy: false });
  const client = new Client({ transport, cookies: true });
  const response = await client.get(\`http://127.0.0.1:\${server.address().port}/\`);
  console.log(await response.text(), String(response.why()).startsWith("Request 1 went out on connection 1"));
  transport.destroy();
  server.close();
});
// Its code is loaded when it is needed, in a bundle too.
const second = http2.createServer((_, response) => response.end("two")).listen(0, "127.0.0.1", async () => {
  const transport = new Transport({ proxy: false, http2: { priorKnowledge: true } });
  const response = await new Client({ transport }).get(\`http://127.0.0.1:\${second.address().port}/\`);
  console.log(await response.text(), response.connection.protocol);
  transport.destroy();
  second.close();
});
`;
const bring = {
  mjs: 'import { Client, Transport } from "trunkline";\nimport http from "node:http";\nimport http2 from "node:http2";',
  cjs: 'const { Client, Transport } = require("trunkline");\nconst http = require("node:http");\nconst http2 = require("node:http2");',
};
const typed =
  'import * as a from "trunkline";\nimport * as b from "trunkline/testing";\nexport type T = keyof typeof a | keyof typeof b;\n';

let passed = 0;
let failed = 0;
function attempt(what, act) {
  try {
    act();
    passed += 1;
    console.log(`ok   ${what}`);
  } catch (error) {
    failed += 1;
    console.error(`FAIL ${what}: ${error.stdout ?? ""}${error.stderr ?? error.message}`);
  }
}
const node = (...args) =>
  execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8", stdio: "pipe" });

mkdirSync(join(folder, "node_modules"), { recursive: true });
writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
const versions = [...new Set([forModules, forCommonJS])];
const wanted = versions.map((version) => `typescript-${version}@npm:typescript@~${version}.0`);
if (!versions.every((version) => existsSync(join(folder, `node_modules/typescript-${version}`)))) {
  const types = `@types/node@${JSON.parse(readFileSync("package.json", "utf8")).devDependencies["@types/node"]}`;
  execFileSync(
    "npm",
    ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", types, ...wanted],
    { cwd: folder },
  );
}
const link = join(folder, "node_modules/trunkline");
rmSync(link, { force: true });
symlinkSync(resolve("."), link, "junction");
for (const [kind, lines] of Object.entries(bring)) {
  writeFileSync(join(folder, `program.${kind}`), program.replace("BRING", lines));
  writeFileSync(join(folder, `typed.${kind.replace("js", "ts")}`), typed);
}

const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--types", "node"];
for (const [version, file] of [
  [forModules, "typed.mts"],
  [forCommonJS, "typed.cts"],
]) {
  attempt(`TypeScript ${version} takes the declarations in ${file}`, () => {
    node(`node_modules/typescript-${version}/bin/tsc`, ...options, "--lib", "es2023,esnext.disposable", file);
  });
}

// Where `exports` is not read: the resolution that programs in CommonJS had by default until TypeScript 6.
attempt(`TypeScript ${forCommonJS} takes them with moduleResolution node10`, () => {
  writeFileSync(join(folder, "typed.ts"), typed);
  const old = ["--module", "commonjs", "--moduleResolution", "node10", "--lib", "es2023,esnext.disposable"];
  const others = options.filter((option) => option !== "--module" && option !== "nodenext");
  node(`node_modules/typescript-${forCommonJS}/bin/tsc`, ...others, ...old, "typed.ts");
});

const { build } = await import("esbuild");
for (const kind of ["mjs", "cjs"]) {
  for (const [format, end] of [
    ["cjs", "cjs"],
    ["esm", "mjs"],
  ]) {
    // An ES module has no `require` for what a CommonJS program brings of Node.
    if (kind === "cjs" && format === "esm") continue;
    for (const minify of [false, true]) {
      const outfile = join(folder, `bundled-${kind}${minify ? "-min" : ""}.${end}`);
      const made = await build({
        entryPoints: [join(folder, `program.${kind}`)],
        ...{ outfile, format, minify, bundle: true, platform: "node", logLevel: "silent", sourcemap: true },
      });
      attempt(`esbuild: program.${kind} as ${format}${minify ? ", minified" : ""}`, () => {
        if (made.warnings.length > 0) throw new Error(made.warnings.map(({ text }) => text).join("; "));
        const said = node(outfile).trim().split("\n").sort().join(", ");
        if (said !== "ok true, two h2") throw new Error(`it printed ${JSON.stringify(said)}`);
      });
    }
  }
}

if (process.env.TRUNKLINE_TOTALS) appendFileSync(process.env.TRUNKLINE_TOTALS, `${passed} ${failed}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
