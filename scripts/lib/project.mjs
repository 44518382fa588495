// What every script shares: where things are, which entry points the package has, and how to run a command.
// Only built-in modules: these scripts run before anything is installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const dist = join(root, "dist");
export const compiled = join(root, ".build");

/**
 * Every file a user can reach, in one place. `subpath` is the key in package.json's `exports` (absent: not importable);
 * an entry whose source does not exist is not part of the package yet, and `check-package` then expects no export for it.
 */
const allEntries = [
  { subpath: ".", source: "src/index.ts", output: "index" },
  { subpath: "./testing", source: "src/testing/index.ts", output: "testing" },
  { subpath: "./inspect", source: "src/inspect/index.ts", output: "inspect" },
  { subpath: "./adapters/undici", source: "src/adapters/undici.ts", output: "adapters/undici" },
  { subpath: "./adapters/http-agent", source: "src/adapters/http-agent.ts", output: "adapters/http-agent" },
  { subpath: "./adapters/axios", source: "src/adapters/axios.ts", output: "adapters/axios" },
  {
    subpath: "./adapters/opentelemetry",
    source: "src/adapters/opentelemetry.ts",
    output: "adapters/opentelemetry",
  },
  // Loaded with `--require` into any program, also those older than require(esm): CommonJS, in one file.
  {
    subpath: "./doctor/register",
    source: "src/doctor/register.ts",
    output: "doctor/register",
    format: "cjs",
  },
  { source: "src/cli/main.ts", output: "cli", executable: true },
];

export const entries = () => allEntries.filter((entry) => existsSync(join(root, entry.source)));

/** The file under dist/ that an entry is bundled to. */
export const bundleOf = (entry) => `${entry.output}${entry.format === "cjs" ? ".cjs" : ".js"}`;

/** The declarations of an entry, relative to dist/types. */
export const declarationOf = (entry) => entry.source.replace(/^src\//, "").replace(/\.ts$/, ".d.ts");

/** Regular files under a folder of the project, sorted, as paths relative to the project with forward slashes. */
export function filesUnder(folder, accept = () => true) {
  const absolute = join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) =>
      relative(root, join(item.parentPath ?? item.path, item.name))
        .split(sep)
        .join("/"),
    )
    .filter(accept)
    .sort();
}

/** Changes whenever one of the files is added, removed or written. */
export function fingerprint(files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/**
 * Runs a command to its end with its output on ours; resolves with the exit code (128 + n for a signal).
 * `quiet` keeps stdout clean by sending it to stderr.
 */
export function run(command, args, { quiet = false, env = process.env, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", quiet ? 2 : 1, 2] });
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ? 143 : (code ?? 1)));
  });
}

/** Runs a command and returns `{ code, stdout, stderr }`. */
export function capture(command, args, { env = process.env, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      output.stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, ...output }));
  });
}

/** The path of a tool's own script in node_modules, so that no shell and no PATH is involved. */
export const tool = (path) => join(root, "node_modules", path);
export const tsc = tool("typescript/bin/tsc");
export const biome = tool("@biomejs/biome/bin/biome");

/** Ends the process with one sentence when a step failed. */
export function fail(message) {
  console.error(message);
  process.exit(1);
}
