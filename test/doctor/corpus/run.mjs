// The whole corpus of the doctor, remedies applied: `node test/doctor/corpus/run.mjs [20 22 24 26] [words of program names]`.
// Installs the clients from npm by the lock file into .cache/, fetches the versions of Node that are asked for, and runs
// each program under the doctor on each of them. Without versions: this Node and those that were fetched before.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../../scripts/lib/compile.mjs";
import { nodeBinary } from "../../../scripts/lib/node-binary.mjs";
import { root, run } from "../../../scripts/lib/project.mjs";
import { runTests, testSources } from "../../../scripts/lib/run-tests.mjs";
import { ensureBundles, ensureDependencies } from "../../../scripts/lib/setup.mjs";

const here = join(root, "test/doctor/corpus");
const installed = join(root, ".cache/doctor-corpus");
const words = process.argv.slice(2).filter((word) => !/^\d+$/.test(word));
const asked = process.argv.slice(2).filter((word) => /^\d+$/.test(word));

/** Apart from the sources, so that nothing takes the packages for them. */
async function install() {
  const lock = "package-lock.json";
  mkdirSync(installed, { recursive: true });
  const same =
    existsSync(join(installed, "node_modules")) &&
    existsSync(join(installed, lock)) &&
    readFileSync(join(installed, lock), "utf8") === readFileSync(join(here, lock), "utf8");
  if (!same) {
    for (const file of ["package.json", lock]) cpSync(join(here, file), join(installed, file));
    const code = await run("npm", [
      ...["ci", "--prefix", installed, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    ]);
    if (code !== 0) throw new Error("the clients could not be installed");
  }
  rmSync(join(installed, "programs"), { recursive: true, force: true });
  cpSync(join(here, "programs"), join(installed, "programs"), { recursive: true });
  cpSync(join(here, "server.mjs"), join(installed, "server.mjs"));
}

async function binaries() {
  const own = String(process.versions.node.split(".")[0]);
  if (asked.length === 0) {
    const fetched = readdirSync(join(root, ".cache"))
      .filter((name) => /^node-\d+$/.test(name))
      .map((name) => join(root, ".cache", name, "bin/node"));
    return [process.execPath, ...fetched.filter((file) => existsSync(file)).sort()];
  }
  const list = [];
  for (const major of asked) list.push(major === own ? process.execPath : await nodeBinary(major));
  return list;
}

// All programs of a group are in one file of tests, which a busy machine takes minutes for.
process.env["TRUNKLINE_FILE_TIMEOUT"] ??= "600000";
await ensureDependencies();
await install();
const typesAreRight = await compile();
await ensureBundles();
if (words.length > 0) process.env["TRUNKLINE_CORPUS"] = words.join(" ");
let failures = 0;
for (const node of await binaries()) {
  console.log(`\n${node}`);
  const { code, passed, failed } = await runTests(testSources(["doctor/corpus"]), { node, label: "doctor" });
  console.log(`${passed} passed, ${failed} failed`);
  if (code !== 0) failures++;
}
process.exitCode = failures > 0 || !typesAreRight ? 1 : 0;
