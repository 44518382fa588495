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
if (sources.length === 0) fail(`No test file's path contains ${words.map((word) => `"${word}"`).join(" or ")}; look in src/ and test/.`);
const typesAreRight = await compile();
await ensureBundles();
const { code, passed, failed } = await runTests(sources, { flags });
if (!typesAreRight) console.error("There are type errors (at the top of this output), so this run counts as failed.");
console.log(`${passed} passed, ${failed + (typesAreRight ? 0 : 1)} failed`);
process.exitCode = code !== 0 || !typesAreRight ? 1 : 0;
