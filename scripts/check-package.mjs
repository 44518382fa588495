// Proves that what would be published is what package.json promises. `--write` first sets `exports` to what exists.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  bundleOf,
  importable,
  installPacked,
  loadProblems,
  staticFiles,
  typeProblems,
} from "./lib/consumer.mjs";
import { declarationOf, dist, root } from "./lib/project.mjs";

/** What a person gets by installing may grow, but not unnoticed. */
const maxPackedBytes = 1_600_000;
/** Each file costs an import some 0.3 ms; the entry point and two is the price of sharing code between entry points. */
const maxFilesOfImport = 3;
/** What users install with it, each loaded only where its feature is used: docs/decisions/003-socks-by-a-library.md. */
const allowedDependencies = ["socks"];
/** Those and what they depend on. */
const maxPackages = 5;
/** Exactly what npm runs on a user's machine; none of them may exist. */
const installScripts = ["preinstall", "install", "postinstall", "prepare"];

const manifestPath = join(root, "package.json");
const manifest = JSON.parse(readFileSync(manifestPath, "utf8"));

/** The `exports` that the entry points in scripts/lib/project.mjs call for. */
function expectedExports() {
  const exports = {};
  for (const entry of importable()) {
    const types = `./dist/types/${declarationOf(entry)}`;
    exports[entry.subpath] =
      entry.format === "cjs"
        ? { default: `./dist/${bundleOf(entry)}` }
        : { types, default: `./dist/${bundleOf(entry)}` };
  }
  exports["./package.json"] = "./package.json";
  return exports;
}

if (process.argv.includes("--write")) {
  manifest.exports = expectedExports();
  writeFileSync(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
}

const problems = [];
const check = (condition, sentence) => {
  if (!condition) problems.push(sentence);
};

check(
  JSON.stringify(manifest.exports) === JSON.stringify(expectedExports()),
  "package.json's exports differ from the entry points in scripts/lib/project.mjs; run `node scripts/check-package.mjs --write`.",
);
for (const name of installScripts)
  check(!manifest.scripts?.[name], `package.json has a "${name}" script; nothing may run on installation.`);
for (const field of ["optionalDependencies", "bundledDependencies"]) {
  check(Object.keys(manifest[field] ?? {}).length === 0, `package.json has ${field}; the core has none.`);
}
const { dependencies = {} } = manifest;
for (const name of Object.keys(dependencies)) {
  check(
    allowedDependencies.includes(name),
    `package.json depends on "${name}"; that takes a decision in docs/decisions/ and a line in scripts/check-package.mjs.`,
  );
}
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
const reaching = Object.entries(lock.packages).filter(([path, { dev }]) => path !== "" && dev !== true);
check(
  reaching.length <= maxPackages,
  `${reaching.length} packages reach a user (${reaching.map(([path]) => path).join(", ")}); ${maxPackages} is the most.`,
);
for (const [name, range] of Object.entries({ ...manifest.devDependencies, ...dependencies })) {
  check(/^\d+\.\d+\.\d+$/.test(range), `package.json has ${name} at "${range}"; pin the exact version.`);
}
for (const entry of importable()) {
  check(
    existsSync(join(dist, bundleOf(entry))),
    `dist/${bundleOf(entry)} is missing; run \`npm run build\`.`,
  );
}
for (const command of Object.values(manifest.bin ?? {})) {
  if (!existsSync(join(root, "src/cli/main.ts"))) continue;
  const file = join(root, command);
  check(existsSync(file), `the command ${command} is missing; run \`npm run build\`.`);
  if (existsSync(file))
    check(
      readFileSync(file, "utf8").startsWith("#!/usr/bin/env node\n"),
      `${command} does not start with #!/usr/bin/env node.`,
    );
}

const summary = [];
if (importable().length > 0) {
  const { folder, tarball, remove } = await installPacked();
  try {
    const packed = tarball.files.map((file) => file.path);
    const stray = packed.filter(
      (path) => !/^(?:dist\/|docs\/|package\.json$|(?:README|CHANGELOG|LICENSE|SECURITY)[\w.-]*$)/.test(path),
    );
    check(stray.length === 0, `these files must not be published: ${stray.join(", ")}.`);
    const tests = packed.filter((path) => /\.test\./.test(path));
    check(tests.length === 0, `tests must not be published: ${tests.slice(0, 5).join(", ")}.`);
    for (const needed of ["LICENSE", "README.md", "package.json"])
      check(packed.includes(needed), `the package lacks ${needed}.`);
    check(
      tarball.size <= maxPackedBytes,
      `the package is ${tarball.size} bytes packed; at most ${maxPackedBytes}.`,
    );
    problems.push(...(await loadProblems(folder)), ...(await typeProblems(folder)));
    const installed = join(folder, "node_modules/trunkline");
    const loaded = existsSync(join(dist, "index.js"))
      ? staticFiles(installed, "dist/index.js", (file) => readFileSync(file, "utf8"))
      : [];
    check(
      loaded.length <= maxFilesOfImport,
      `import "trunkline" loads ${loaded.length} files; at most ${maxFilesOfImport}.`,
    );
    const texts = loaded.map((file) => readFileSync(file, "utf8"));
    check(
      !texts.some((text) =>
        /\b(?:class Http2(?:Session|Connection)|Http2(?:Session|Connection) = class)\b/.test(text),
      ),
      'import "trunkline" loads the codec of HTTP/2; only src/transport/connection/http2-loading.ts may, when a dial needs it.',
    );
    check(
      texts.filter((text) => /\bimport\("\.\/http2-connection-\w+\.js"\)/.test(text)).length === 1,
      'no file that import "trunkline" loads has the door to HTTP/2 (src/transport/connection/http2-loading.ts), or several have.',
    );
    check(
      !texts.some((text) => /[^\0-\xff]/.test(text)),
      'a file that import "trunkline" loads has a character beyond Latin-1, which makes it slower to read.',
    );
    const slow = slowModules(join(installed, "dist/index.js"));
    check(
      slow.length === 0,
      `import "trunkline" loads ${slow.join(", ")}: they cost milliseconds that most programs do not need; load them with process.getBuiltinModule when they are.`,
    );
    summary.push(
      `${packed.length} files`,
      `${Math.round(tarball.size / 1024)} KiB packed`,
      `import loads ${loaded.length} files`,
    );
  } finally {
    remove();
  }
}

/** Which of Node's own modules that are slow to load an import loads. */
function slowModules(file) {
  const program = `await import(${JSON.stringify(pathToFileURL(file).href)});
    const loaded = new Set(process.moduleLoadList);
    const slow = ["crypto", "tls", "http", "https", "http2", "zlib", "child_process", "worker_threads"];
    console.log(slow.filter((name) => loaded.has("NativeModule " + name)).join(" "));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  return stdout.split(/\s+/).filter((name) => name !== "");
}

for (const problem of problems) console.error(problem);
console.log([`${importable().length} entry points`, ...summary, `${problems.length} problems`].join(", "));
process.exitCode = problems.length > 0 ? 1 : 0;
