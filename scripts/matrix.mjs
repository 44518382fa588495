// The compiled tests and the packed package on the newest 22, 24 and 26 of Node, each as npm publishes its binary.
// (The machine's own Node has run them already in `npm test`.) `-- 24 26` limits the list.
import { installPacked, loadProblems } from "./lib/consumer.mjs";
import { nodeBinary } from "./lib/node-binary.mjs";
import { capture } from "./lib/project.mjs";
import { countStep, runTests, testSources } from "./lib/run-tests.mjs";

const wanted = process.argv.slice(2).filter((argument) => /^\d+$/.test(argument));
const versions = wanted.length > 0 ? wanted : ["22", "24", "26"];
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
