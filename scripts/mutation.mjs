// `npm run mutation [-- area…] [--all] [--sample N] [--seed S] [--file PART] [--least PERCENT]`: puts small
// faults into the pool and the HTTP/1.1 codec, one at a time, and counts how many of them the tests of that area notice.
// Those that go unnoticed are listed: each is a test to write, or code that does nothing.
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { compile } from "./lib/compile.mjs";
import { mutantsOf, withMutant } from "./lib/mutants.mjs";
import { compiled, fail, filesUnder } from "./lib/project.mjs";
import { testSources } from "./lib/run-tests.mjs";

/** For each area: which files get faults, and the words of the tests that are to notice. */
const AREAS = {
  pool: {
    files: (file) => file.startsWith("src/pool/") && !/index\.ts$|invariants\.ts$/.test(file),
    tests: ["src/pool/", "test/pool/"],
  },
  http1: {
    files: (file) => file.startsWith("src/http1/") && !/index\.ts$|-errors\.ts$/.test(file),
    tests: ["src/http1/"],
  },
};
/** Faults tried of each area unless all are asked for. */
const SAMPLE = 150;
/** Seeds of the property test of the pool. */
const SEEDS = 2;
/** Tests that take so many times as long as without a fault are stuck. */
const STUCK_FACTOR = 4;
/** Milliseconds that they may take in any case. */
const STUCK_AFTER = 1_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    sample: { type: "string", default: String(SAMPLE) },
    seed: { type: "string", default: "1" },
    file: { type: "string", default: "" },
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

/** A thread that runs the tests of an area with one fault after the other. */
class Tests {
  #tests;
  #files = new Map();
  /** Milliseconds of the processor after which they are stuck. */
  #patience = 0;
  #worker;
  #answer;

  constructor(tests) {
    this.#tests = tests;
  }

  /** Resolves when the tests have passed without any fault. */
  async start() {
    this.#worker = new Worker(new URL("./lib/mutation-worker.mjs", import.meta.url), {
      workerData: { folder: compiled, tests: this.#tests, seeds: SEEDS, files: this.#files },
      resourceLimits: { maxOldGenerationSizeMb: 1_024 },
      stdout: true,
      stderr: true,
    });
    this.#worker.on("message", (message) => this.#answer(message));
    this.#worker.on("error", (error) => this.#answer({ died: error }));
    const { ready, files, milliseconds, died } = await this.#ask(undefined);
    if (ready === undefined)
      fail(`The tests fail without any fault (${died?.message ?? "stuck"}); correct them first.`);
    if (files === undefined) return;
    this.#files = files;
    this.#patience = Math.max(STUCK_AFTER, STUCK_FACTOR * milliseconds);
  }

  /** Whether a test fails with this text for the file: "noticed", "unnoticed", or "invalid" where it is not a program. */
  async with(file, text) {
    const answer = await this.#ask({ file, text });
    if (answer.invalid !== undefined) return "invalid";
    if ("by" in answer) return answer.by === null ? "unnoticed" : "noticed";
    await this.stop();
    await this.start();
    return "noticed";
  }

  async stop() {
    await this.#worker.terminate();
  }

  /** Other programs may keep the processor busy: stuck is what has used much of it itself. */
  #ask(question) {
    return new Promise((resolve) => {
      const before = process.cpuUsage();
      const patience = question === undefined ? Number.POSITIVE_INFINITY : this.#patience;
      const watch = setInterval(() => {
        const { user, system } = process.cpuUsage(before);
        if (user + system > 1_000 * patience) this.#answer({ stuck: true });
      }, 200);
      this.#answer = (answer) => {
        clearInterval(watch);
        resolve(answer);
      };
      if (question !== undefined) this.#worker.postMessage(question);
    });
  }
}

async function measure(area) {
  const { files, tests } = AREAS[area];
  const all = filesUnder("src", (file) => /\.ts$/.test(file) && !/\.test\.ts$/.test(file))
    .filter((source) => files(source) && source.includes(values.file))
    .flatMap((source) => {
      const output = source.replace(/\.ts$/, ".js");
      const whole = readFileSync(join(compiled, output), "utf8");
      return mutantsOf(whole).map((mutant) => ({ ...mutant, source, output, whole }));
    });
  const chosen = values.all ? all : sampleOf(all, Number(values.sample), randomOf(Number(values.seed)));
  chosen.sort((a, b) => a.source.localeCompare(b.source) || a.at - b.at);
  const runner = new Tests(testSources(tests).map((source) => source.replace(/\.ts$/, ".js")));
  await runner.start();
  let tried = 0;
  let unnoticed = 0;
  for (const mutant of chosen) {
    const outcome = await runner.with(mutant.output, withMutant(mutant.whole, mutant));
    if (outcome !== "invalid") tried += 1;
    if (outcome !== "unnoticed") continue;
    unnoticed += 1;
    console.log(describe(mutant));
  }
  await runner.stop();
  const score = (100 * (tried - unnoticed)) / tried;
  console.log(
    `${area}: ${score.toFixed(1)} % noticed (${tried - unnoticed} of ${tried}; there are ${all.length})`,
  );
  return score >= Number(values.least);
}

/** A fault as `file:line: what    the line`, where the line is that of the source. */
function describe({ source, output, whole, line, at, what }) {
  const map = new SourceMap(JSON.parse(readFileSync(join(compiled, `${output}.map`), "utf8")));
  const column = at - whole.lastIndexOf("\n", at - 1) - 1;
  const { originalLine } = map.findEntry(line - 1, column);
  const code = whole.split("\n")[line - 1].trim();
  return `${source}:${(originalLine ?? line - 1) + 1}: ${what}    ${code}`;
}

const areas = positionals.length > 0 ? positionals : Object.keys(AREAS);
for (const area of areas)
  if (!(area in AREAS)) fail(`There is no area ${area}; there are ${Object.keys(AREAS).join(" and ")}.`);
if (!(await compile())) fail("There are type errors.");
let enough = true;
for (const area of areas) enough = (await measure(area)) && enough;
process.exitCode = enough ? 0 : 1;
