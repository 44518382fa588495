// The set-up that `npm start`, `npm test` and `npm run check` each do for themselves, and skip when there is nothing to do.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { bundleOf, dist, entries, fail, filesUnder, fingerprint, root, run } from "./project.mjs";

export const bundleStamp = join(root, ".build", "bundles.stamp");

/** What the bundles are made of. */
export const bundleSources = () => [
  ...filesUnder("src", (file) => !file.endsWith(".test.ts")),
  "package.json",
  "scripts/build.mjs",
  "scripts/lib/project.mjs",
];

export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return;
  fail(
    `This is Node ${process.versions.node}; Trunkline needs Node 20.19, or 22.12 and newer. Install one from https://nodejs.org and try again.`,
  );
}

/** Installs what the lock file says, when node_modules is absent or older than the lock file. */
export async function ensureDependencies() {
  const installed = join(root, "node_modules", ".package-lock.json");
  const lock = join(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error("Installing the development tools from package-lock.json (no install scripts are run) …");
  const windows = process.platform === "win32";
  const code = await run(windows ? "npm.cmd" : "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    quiet: true,
  });
  if (code !== 0)
    fail(
      "The installation failed: npm's message above says why; check the network and `npm config get registry`.",
    );
}

/** True when dist/ holds every bundle and no source is newer. */
export function bundlesAreCurrent() {
  return (
    existsSync(bundleStamp) &&
    entries().every((entry) => existsSync(join(dist, bundleOf(entry)))) &&
    readFileSync(bundleStamp, "utf8") === fingerprint(bundleSources())
  );
}

/** Bundles dist/ when it is not current. esbuild is loaded only then. */
export async function ensureBundles() {
  if (bundlesAreCurrent()) return;
  const { bundle } = await import("../build.mjs");
  await bundle();
}
