// What `npm run bench` needs and fetches for itself: the peers, trunkline's dist/, other Node releases, Go's client.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fail, root, run } from "../../scripts/lib/project.mjs";
import { ensureBundles, ensureDependencies } from "../../scripts/lib/setup.mjs";

const bench = join(root, "bench");
const cache = join(root, ".cache");
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const { dependencies } = JSON.parse(readFileSync(join(bench, "package.json"), "utf8"));

/** Installs the peers from bench's own lock file and (with `build`) makes dist/ when it is not current. */
export async function setUp({ build }) {
  const installed = join(bench, "node_modules", ".package-lock.json");
  if (
    !existsSync(installed) ||
    statSync(installed).mtimeMs < statSync(join(bench, "package-lock.json")).mtimeMs
  ) {
    console.error("Installing the peers from bench/package-lock.json …");
    // Two releases of got and undici are installed, of which each Node loads the one it can. Run by npm, this one
    // inherits engine-strict from the project's .npmrc, which would refuse the newer releases on Node 20.
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--no-engine-strict"];
    const code = await run(npm, ["ci", ...options], { quiet: true, cwd: bench });
    if (code !== 0) fail("The peers could not be installed: npm's message above says why.");
  }
  if (process.env.TRUNKLINE_DIST !== undefined) return;
  if (build) {
    await ensureDependencies();
    await ensureBundles();
  }
  freezeDist();
}

/** Copies dist/ aside for this run and tells the clients where: half an hour is long enough for a build to come between. */
function freezeDist() {
  if (!existsSync(join(root, "dist", "index.js"))) return;
  const copy = join(cache, "bench", `dist-${process.pid}`);
  cpSync(join(root, "dist"), copy, { recursive: true });
  process.env.TRUNKLINE_DIST = pathToFileURL(join(copy, "index.js")).href;
  process.once("exit", () => rmSync(copy, { recursive: true, force: true }));
}

/** Bundles the pool, which no entry point of the package exports, and returns the folder relative to bench/. */
export async function bundlePool() {
  await ensureDependencies();
  const { build } = await import("esbuild");
  const outfile = join(cache, "bench", "compiled", "src", "pool", "index.js");
  await build({
    entryPoints: [join(root, "src/pool/index.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
  });
  return "../.cache/bench/compiled";
}

/** The binary of a Node release: this one, or one unpacked into .cache/ from the registry. */
export async function nodeBinary(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const folder = join(cache, `node-${major}`);
  const binary = join(folder, "bin", "node");
  if (existsSync(binary)) return binary;
  const name = `node-${process.platform}-${process.arch}@${major}`;
  console.error(`Fetching the newest Node ${major} from the npm registry into .cache/ …`);
  const staged = `${folder}-${process.pid}`;
  mkdirSync(staged, { recursive: true });
  const options = ["--silent", "--ignore-scripts", "--pack-destination", staged];
  const packed = await run(npm, ["pack", name, ...options], { quiet: true });
  const tarball = packed === 0 ? readdirSync(staged)[0] : undefined;
  const unpacked =
    tarball !== undefined &&
    (await run("tar", ["-xzf", tarball, "--strip-components=1"], { cwd: staged })) === 0;
  if (!unpacked)
    fail(`Node ${major} could not be fetched as the package ${name}: the message above says why.`);
  rmSync(join(staged, tarball));
  rmSync(folder, { recursive: true, force: true });
  renameSync(staged, folder);
  return binary;
}

/** Builds Go's client and returns its path and version; undefined where Go is not installed. */
export function goClient() {
  const found = ["go", "/usr/local/go/bin/go"].find(
    (command) => spawnSync(command, ["version"]).status === 0,
  );
  if (found === undefined) return undefined;
  const version = spawnSync(found, ["version"], { encoding: "utf8" }).stdout.split(" ")[2]?.replace("go", "");
  const binary = join(cache, "bench", "go-client");
  mkdirSync(join(cache, "bench"), { recursive: true });
  const { status, stderr } = spawnSync(found, ["build", "-o", binary, "."], {
    cwd: join(bench, "go"),
    encoding: "utf8",
  });
  if (status === 0) return { binary, version };
  console.error(`Go's client could not be built and is left out: ${stderr.trim()}`);
  return undefined;
}

/** The releases of the peers, by the names used in the tables. */
export function peerVersions(major) {
  const release = (name) => dependencies[name].replace(/^npm:[^@]+@/, "");
  return {
    undici: release(major > 20 ? "undici8" : "undici7"),
    got: release(major > 20 ? "got16" : "got14"),
    axios: release("axios"),
  };
}
