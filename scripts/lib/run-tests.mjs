// Runs compiled tests with a given node binary and reads the totals.
import { appendFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { compiled, filesUnder, root, run } from "./project.mjs";

/** Test sources whose path contains one of the words (all when there are none). Sources, not outputs: a deleted test must not live on. */
export function testSources(words = []) {
  const all = ["src", "test", "examples"].flatMap((folder) =>
    filesUnder(folder, (file) => /\.test\.[cm]?ts$/.test(file)),
  );
  return words.length === 0 ? all : all.filter((file) => words.some((word) => file.includes(word)));
}

/** Resolves to `{ code, passed, failed, skipped }`; cancelled tests count as failed. */
export async function runTests(sources, { node = process.execPath, label = "node", flags = [] } = {}) {
  const files = sources.map((file) => join(".build", file.replace(/\.([cm]?)ts$/, ".$1js")));
  const totalsFile = join(compiled, `totals-${label}-${process.pid}.json`);
  mkdirSync(compiled, { recursive: true });
  const code = await run(node, [
    "--enable-source-maps",
    "--test",
    // Each file has a process of its own; more than two at once only makes timings noisy on a small machine.
    "--test-concurrency=2",
    `--import=${pathToFileURL(join(root, "scripts/lib/watchdog.mjs"))}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${join(root, "scripts/lib/test-counts.mjs")}`,
    `--test-reporter-destination=${totalsFile}`,
    ...flags,
    ...files,
  ]);
  let totals = {};
  try {
    totals = JSON.parse(readFileSync(totalsFile, "utf8"));
  } catch {
    // The runner died before its summary; its exit code says so.
  }
  rmSync(totalsFile, { force: true });
  const failed = (totals.fail ?? 0) + (totals.cancelled ?? 0);
  const result = {
    code,
    passed: totals.pass ?? 0,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: totals.skipped ?? 0,
  };
  addTotals(result);
  return result;
}

/** A step that is not made of tests counts as one. */
export function countStep(ok) {
  addTotals({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });
}

/** .ci/run adds up everything that ran, through the file that TRUNKLINE_TOTALS names. */
function addTotals({ passed, failed }) {
  const file = process.env.TRUNKLINE_TOTALS;
  if (file) appendFileSync(file, `${passed} ${failed}\n`);
}
