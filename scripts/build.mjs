// `npm run build`: dist/ from src/ (bundles by esbuild, declarations by tsc).
// Bundled because sixty small modules cost a program that imports them 10 ms more than one file; not minified, so that
// stack traces and dist/ itself stay readable.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  bundleOf,
  declarationOf,
  dist,
  entries,
  filesUnder,
  fingerprint,
  root,
  run,
  tsc,
} from "./lib/project.mjs";
import { bundleSources, bundleStamp, ensureDependencies, requireNode } from "./lib/setup.mjs";

/** Put before what esbuild made, so the source map of an executable starts a line later. */
const shebang = "#!/usr/bin/env node\n";

/**
 * esbuild makes a chunk for each set of entry points, and takes what is loaded later for one, too. These are only loaded
 * in programs that have, or may have, all of src/index.ts; told so, it makes one chunk of what would be four, each of
 * which costs every import.
 */
const besideTheIndex = [
  "testing/index.ts",
  "transport/connection/http2-connection.ts",
  "cli/commands/observe.ts",
  "cli/commands/probe.ts",
  "cli/commands/request.ts",
  "cli/demo/index.ts",
];
const sharesChunks = {
  name: "shares-chunks",
  setup({ onLoad }) {
    const names = besideTheIndex.map((file) => file.replaceAll(".", "\\.")).join("|");
    onLoad({ filter: new RegExp(`/src/(?:${names})$`) }, ({ path }) => ({
      contents: `${readFileSync(path, "utf8")}import ${JSON.stringify(join(root, "src/index.ts"))};\n`,
      loader: "ts",
    }));
  },
};

/** Writes the JavaScript of every entry point. A file is replaced whole, so a program that starts meanwhile sees one build or the other. */
export async function bundle() {
  const { build } = await import("esbuild");
  const made = fingerprint(bundleSources());
  const { version, dependencies = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const common = {
    absWorkingDir: root,
    outdir: dist,
    bundle: true,
    external: Object.keys(dependencies),
    platform: "node",
    // ES modules where a package has them: one CommonJS module would put helpers into a chunk that everything loads.
    mainFields: ["module", "main"],
    target: "node20",
    sourcemap: true,
    legalComments: "none",
    charset: "ascii",
    define: { TRUNKLINE_VERSION: JSON.stringify(version) },
    write: false,
    logLevel: "warning",
  };
  const points = (list) => Object.fromEntries(list.map((entry) => [entry.output, entry.source]));
  const modules = entries().filter((entry) => entry.format !== "cjs");
  const scripts = entries().filter((entry) => entry.format === "cjs");
  const files = [];
  if (modules.length > 0) {
    const result = await build({
      ...common,
      entryPoints: points(modules),
      format: "esm",
      splitting: true,
      plugins: [sharesChunks],
      chunkNames: "chunks/[name]-[hash]",
    });
    files.push(...result.outputFiles);
  }
  if (scripts.length > 0) {
    const result = await build({
      ...common,
      entryPoints: points(scripts),
      format: "cjs",
      // The preload's own text twice is nobody's use.
      sourcesContent: false,
      outExtension: { ".js": ".cjs" },
    });
    files.push(...result.outputFiles);
  }
  const executables = new Set(
    entries()
      .filter((entry) => entry.executable)
      .map((entry) => join(dist, bundleOf(entry))),
  );
  for (const { path, text: made } of files) {
    if (isVendored(path)) continue;
    const text = path.endsWith("js") ? inLatin1(withOwnNames(made)) : made;
    if (executables.has(path)) writeWhole(path, shebang + text, true);
    else if (executables.has(path.replace(/\.map$/, "")))
      writeWhole(path, text.replace('"mappings": "', '"mappings": ";'));
    else writeWhole(path, text);
  }
  for (const { path, text } of files.filter((file) => isVendored(file.path) && !file.path.endsWith(".map"))) {
    writeWhole(path, text.replace(/^\/\/# sourceMappingURL=.*\n?/m, ""));
  }
  const fresh = new Set(
    files.map((file) => file.path).filter((path) => !isVendored(path) || !path.endsWith(".map")),
  );
  for (const old of filesUnder("dist", (file) => !file.startsWith("dist/types/"))) {
    if (!fresh.has(join(root, old))) rmSync(join(root, old));
  }
  mkdirSync(dirname(bundleStamp), { recursive: true });
  writeFileSync(bundleStamp, made);
}

/** A chunk that is a library's code but for a few lines: its map, with all sources, would be a tenth of the package. */
function isVendored(path) {
  return /\/chunks\/jar-/.test(path);
}

/**
 * esbuild calls a class that speaks of itself `_Client`, which is what stack traces and `console.log` would show. Within
 * the class its own name means the same.
 */
function withOwnNames(text) {
  let named = text;
  for (const [, name] of text.matchAll(/^var (\w+) = class _\1\b/gm))
    named = named.replace(new RegExp(`(?<![\\w$.#])_${name}(?![\\w$])`, "g"), name);
  return named;
}

/**
 * One character beyond Latin-1 makes V8 keep all of a file in two bytes a character, which costs an import a millisecond.
 * esbuild writes such characters as escapes, but for those in comments.
 */
function inLatin1(text) {
  return text.replace(/[^\0-\xff]/g, "-");
}

function writeWhole(path, text, executable) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  if (executable) chmodSync(temporary, 0o755);
  renameSync(temporary, path);
}

/**
 * Type-checks src/ without its tests and writes dist/types: the declarations that programs can reach. Resolves to false
 * when there are type errors.
 */
export async function declarations() {
  const staged = join(root, `.build/types-${process.pid}`);
  const code = await run(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", staged]);
  if (existsSync(staged)) {
    dropUnreachable(staged);
    rmSync(join(dist, "types"), { recursive: true, force: true });
    mkdirSync(dist, { recursive: true });
    renameSync(staged, join(dist, "types"));
  }
  return code === 0;
}

/** Removes the declarations that no entry point leads to: nobody can import them. */
function dropUnreachable(folder) {
  const reached = new Set();
  const follow = (file) => {
    if (reached.has(file) || !existsSync(file)) return;
    reached.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, path] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)\.js"/g))
      follow(join(dirname(file), `${path}.d.ts`));
  };
  for (const entry of entries()) {
    if (entry.subpath !== undefined && entry.format !== "cjs") follow(join(folder, declarationOf(entry)));
  }
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = join(folder, name);
    if (name.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  requireNode();
  await ensureDependencies();
  // esbuild has already printed where and why.
  await bundle().catch(() => process.exit(1));
  if (!(await declarations())) process.exitCode = 1;
}
