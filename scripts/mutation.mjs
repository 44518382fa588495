// `npm run mutation [-- area…] [--all] [--sample N] [--seed S] [--least PERCENT]`: puts small faults into the pool and
// the HTTP/1.1 codec, one at a time, and counts how many of them the tests of that area notice. A sample with a fixed
// seed by default, since all take an hour. Those that go unnoticed are listed: each is a test to write, or code that does nothing.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { compile } from "./lib/compile.mjs";
import { mutantsOf, withMutant } from "./lib/mutants.mjs";
import { compiled, fail, filesUnder, root } from "./lib/project.mjs";
import { testSources } from "./lib/run-tests.mjs";

/** For each area: which files get faults, and which tests are to notice, the quick ones first. */
const AREAS = {
  pool: {
    files: (file) => file.startsWith("src/pool/") && !/index\.ts$|invariants\.ts$/.test(file),
    tests: [["src/pool/", "test/pool/behaviours.test"], ["test/pool/property.test"]],
  },
  http1: {
    files: (file) => file.startsWith("src/http1/") && !/index\.ts$|-errors\.ts$/.test(file),
    tests: [["src/http1/"], ["test/framing/"]],
  },
};
/** Faults tried of each area unless all are asked for. */
const SAMPLE = 150;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    sample: { type: "string", default: String(SAMPLE) },
    seed: { type: "string", default: "1" },
    least: { type: "string", default: "90" },
  },
});

/** Numbers in [0, 1) from a seed. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function sampleOf(all, size, random) {
  const rest = [...all];
  const taken = [];
  while (taken.length < size && rest.length > 0)
    taken.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return taken;
}

/** Runs tests in one process; whether they pass within the time. */
function passes(folder, sources, milliseconds) {
  const imports = sources.map((source) => {
    const url = pathToFileURL(join(folder, source.replace(/\.ts$/, ".js"))).href;
    return `await import(${JSON.stringify(url)});`;
  });
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", imports.join("\n")], {
      cwd: root,
      stdio: "ignore",
      env: { ...process.env, TRUNKLINE_SEEDS: process.env.TRUNKLINE_SEEDS ?? "3" },
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}

/** A copy of what is compiled, for one worker to break. */
function copyFor(worker) {
  const folder = join(compiled, `mutation-${worker}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ["package.json", "src", "test"])
    cpSync(join(compiled, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  return folder;
}

async function measure(area, folders) {
  const { files, tests } = AREAS[area];
  const groups = tests.map((words) => testSources(words)).filter((group) => group.length > 0);
  const sources = filesUnder("src", (file) => /\.ts$/.test(file) && !/\.test\.ts$/.test(file)).filter(files);
  const all = sources.flatMap((file) => {
    const output = file.replace(/\.ts$/, ".js");
    const text = readFileSync(join(compiled, output), "utf8");
    return mutantsOf(text).map((mutant) => ({ ...mutant, output, source: text }));
  });
  const chosen = values.all ? all : sampleOf(all, Number(values.sample), randomOf(Number(values.seed)));
  const times = [];
  for (const group of groups) {
    const began = performance.now();
    if (!(await passes(folders[0], group, 300_000)))
      fail(`The tests of ${area} fail without any fault; mend them first.`);
    times.push(performance.now() - began);
  }
  const survivors = [];
  let next = 0;
  const work = async (folder) => {
    for (let mutant = chosen[next++]; mutant !== undefined; mutant = chosen[next++]) {
      const file = join(folder, mutant.output);
      writeFileSync(file, withMutant(mutant.source, mutant));
      let noticed = false;
      for (const [index, group] of groups.entries()) {
        noticed = !(await passes(folder, group, 5000 + 5 * times[index]));
        if (noticed) break;
      }
      writeFileSync(file, mutant.source);
      if (!noticed) survivors.push(mutant);
    }
  };
  await Promise.all(folders.map(work));
  const score = (100 * (chosen.length - survivors.length)) / chosen.length;
  survivors.sort((a, b) => a.output.localeCompare(b.output) || a.line - b.line);
  for (const { output, line, what, source } of survivors)
    console.log(`${output}:${line}: ${what}    ${source.split("\n")[line - 1].trim()}`);
  console.log(
    `${area}: ${score.toFixed(1)} % noticed (${chosen.length - survivors.length} of ${chosen.length}; there are ${all.length})`,
  );
  return score >= Number(values.least);
}

const areas = positionals.length > 0 ? positionals : Object.keys(AREAS);
for (const area of areas)
  if (!(area in AREAS)) fail(`There is no area ${area}; there are ${Object.keys(AREAS).join(" and ")}.`);
if (!(await compile())) fail("There are type errors.");
const folders = Array.from({ length: Math.min(2, availableParallelism()) }, (_, worker) => copyFor(worker));
let enough = true;
for (const area of areas) enough = (await measure(area, folders)) && enough;
for (const folder of folders) rmSync(folder, { recursive: true, force: true });
process.exitCode = enough ? 0 : 1;
