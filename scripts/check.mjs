// `npm run check`: everything a contributor has to know. One line a step; a failing step shows its output and the rest still runs.
// `-- --without-tests` leaves out the last one.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./lib/compile.mjs";
import { biome, capture, root, run } from "./lib/project.mjs";
import { countStep } from "./lib/run-tests.mjs";
import { ensureDependencies, requireNode } from "./lib/setup.mjs";

requireNode();
await ensureDependencies();

const script = (name) => [process.execPath, [join(root, "scripts", name)]];
const steps = [
  {
    name: "format (repair: npm run format)",
    command: [
      process.execPath,
      [biome, "check", "--linter-enabled=false", "--colors=off", "--reporter=summary", "."],
    ],
  },
  { name: "lint", command: [process.execPath, [biome, "lint", "--error-on-warnings", "--colors=off", "."]] },
  { name: "build and declarations", command: script("build.mjs") },
  { name: "layers", command: script("check-layers.mjs") },
  { name: "exports", command: script("check-exports.mjs") },
  { name: "path of a GET", command: script("trace-path.mjs") },
  { name: "documents", command: script("check-docs.mjs") },
  {
    name: "API reference",
    command: [process.execPath, [join(root, "scripts/docs-api.mjs"), "--check"]],
    needs: "scripts/docs-api.mjs",
  },
  { name: "package", command: script("check-package.mjs") },
];

let failed = 0;
const say = (ok, name, seconds, note) => {
  countStep(ok);
  console.log(`${ok ? "ok  " : "FAIL"} ${name} (${seconds.toFixed(1)} s)${note ? `: ${note}` : ""}`);
};

const before = performance.now();
const typesAreRight = await compile();
if (!typesAreRight) failed++;
say(typesAreRight, "types", (performance.now() - before) / 1000);

for (const { name, command, needs } of steps) {
  if (needs && !existsSync(join(root, needs))) continue;
  const started = performance.now();
  const { code, stdout, stderr } = await capture(...command);
  const last = stdout.trim().split("\n").at(-1) ?? "";
  if (code !== 0) {
    failed++;
    console.log(`${stdout}${stderr}`.trimEnd());
  }
  say(code === 0, name, (performance.now() - started) / 1000, code === 0 && last.length < 100 ? last : "");
}

if (!process.argv.includes("--without-tests")) {
  const code = await run(process.execPath, [join(root, "scripts/test.mjs")]);
  if (code !== 0) failed++;
}
if (failed > 0) console.error(`${failed} of the checks failed; their output is above.`);
process.exitCode = failed > 0 ? 1 : 0;
