// `npm test [-- word…]`: sets up, compiles, bundles, and runs every test (or those whose path contains a word).
import { compile } from "./lib/compile.mjs";
import { fail } from "./lib/project.mjs";
import { runTests, testSources } from "./lib/run-tests.mjs";
import { ensureBundles, ensureDependencies, requireNode } from "./lib/setup.mjs";

requireNode();
await ensureDependencies();
const words = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const flags = process.argv.slice(2).filter((argument) => argument.startsWith("-"));
const sources = testSources(words);
if (sources.length === 0)
  fail(
    `No test file's path contains ${words.map((word) => `"${word}"`).join(" or ")}; look in src/ and test/.`,
  );
const typesAreRight = await compile();
// Tests of the built package fail by themselves without bundles; the others are worth running all the same.
const bundled = await ensureBundles().then(
  () => true,
  (error) => console.error(`The bundles could not be built: ${error.message}`),
);
const { code, passed, failed } = await runTests(sources, { flags });
if (!typesAreRight)
  console.error("There are type errors (at the top of this output), so this run counts as failed.");
const more = (typesAreRight ? 0 : 1) + (bundled ? 0 : 1);
console.log(`${passed} passed, ${failed + more} failed`);
process.exitCode = code !== 0 || more > 0 ? 1 : 0;
