// The compiled tests and the packed package on the newest 22, 24 and 26 of Node, each as npm publishes its binary.
// (The machine's own Node has run them already in `npm test`.) `-- 24 26` limits the list.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installPacked, loadProblems } from "./lib/consumer.mjs";
import { capture, root, run } from "./lib/project.mjs";
import { countStep, runTests, testSources } from "./lib/run-tests.mjs";

const wanted = process.argv.slice(2).filter((argument) => /^\d+$/.test(argument));
const versions = wanted.length > 0 ? wanted : ["22", "24", "26"];
const attempts = 4;

/** The path of a node binary of this major version, fetched once into .cache/. */
async function nodeBinary(major) {
  const folder = join(root, ".cache", `node-${major}`);
  const binary = join(folder, "bin/node");
  if (existsSync(binary)) return binary;
  const name = `node-${process.platform}-${process.arch}@${major}`;
  const staging = `${folder}-${process.pid}`;
  mkdirSync(staging, { recursive: true });
  try {
    for (let attempt = 1; ; attempt++) {
      const packed = await capture("npm", [
        "pack",
        name,
        "--json",
        "--ignore-scripts",
        "--pack-destination",
        staging,
      ]);
      if (packed.code === 0) {
        const tarball = join(staging, JSON.parse(packed.stdout)[0].filename);
        if (
          (await run("tar", ["-xzf", tarball, "-C", staging, "--strip-components=1"], { quiet: true })) !== 0
        ) {
          throw new Error(`${tarball} could not be unpacked`);
        }
        rmSync(tarball);
        break;
      }
      if (attempt === attempts)
        throw new Error(`npm pack ${name} failed ${attempts} times:\n${packed.stderr}`);
      console.error(`npm pack ${name} failed; trying again (${attempt} of ${attempts - 1})`);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(staging, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return binary;
}

let failures = 0;
const { folder, remove } = await installPacked();
try {
  for (const major of versions) {
    const node = await nodeBinary(major);
    const version = (await capture(node, ["--version"])).stdout.trim();
    console.log(`\nNode ${version}`);
    const { code, passed, failed } = await runTests(testSources(), { node, label: `node-${major}` });
    if (code !== 0) failures++;
    const problems = await loadProblems(folder, node);
    for (const problem of problems) console.error(`Node ${version}: ${problem}`);
    countStep(problems.length === 0);
    if (problems.length > 0) failures++;
    console.log(
      `Node ${version}: ${passed} passed, ${failed} failed; the packed package ${problems.length === 0 ? "loads" : "does NOT load"}`,
    );
  }
} finally {
  remove();
}
process.exitCode = failures > 0 ? 1 : 0;
