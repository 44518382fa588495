import { corpus } from "../corpora/folder.js";
import { readFixtures } from "../corpora/llhttp-fixtures.js";
import { cut, makeCase, seededRandom } from "./parser-cases.js";
import { disagreement } from "./parser-compare.js";

/*
 * Differential fuzz of the response parser against Node's own, as a program: `parser.js [seconds] [seed]`. Whatever
 * Trunkline accepts, llhttp must accept with the same status, headers and body; what it refuses beyond llhttp must be
 * on the list of what is refused on purpose; and no split of the bytes may change the outcome.
 */

const SHOWN = 10;
const CASES_PER_LOOK_AT_THE_CLOCK = 200;

const seconds = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write("usage: parser.js [seconds] [seed]\n");
  process.exit(2);
}

const folder = corpus("llhttp-response");
const more = folder === undefined ? [] : readFixtures(folder).map((fixture) => fixture.bytes);
const random = seededRandom(seed);
const end = performance.now() + seconds * 1_000;
let cases = 0;
let failures = 0;
while (performance.now() < end && failures < SHOWN) {
  for (let i = 0; i < CASES_PER_LOOK_AT_THE_CLOCK && failures < SHOWN; i++, cases++) {
    const bytes = makeCase(random, more);
    const problem = disagreement(cut(bytes, random), random(8) === 0 ? "HEAD" : "GET");
    if (problem === undefined) continue;
    failures++;
    process.stdout.write(`${problem}\n  ${JSON.stringify(bytes.toString("latin1"))}\n`);
  }
}
process.stdout.write(
  `${cases} cases, ${failures} disagreements, seed ${seed}, ${more.length} corpus seeds\n`,
);
process.exitCode = failures === 0 ? 0 : 1;
