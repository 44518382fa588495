import { frameProblem, hpackProblem, makeBlocks, makeServerOctets } from "./http2-cases.js";
import { seededRandom } from "./parser-cases.js";

/*
 * Fuzz of the HTTP/2 session and of HPACK, as a program: `http2.js [seconds] [seed]`. Whatever a server sends, the
 * session must not throw and must not depend on how the octets are cut; and two HPACK decoders that share nothing must
 * agree on every block.
 */

const SHOWN = 10;
const CASES_PER_LOOK_AT_THE_CLOCK = 200;

const seconds = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write("usage: http2.js [seconds] [seed]\n");
  process.exit(2);
}

const random = seededRandom(seed);
const end = performance.now() + seconds * 1_000;
let cases = 0;
let failures = 0;
while (performance.now() < end && failures < SHOWN) {
  for (let i = 0; i < CASES_PER_LOOK_AT_THE_CLOCK && failures < SHOWN; i++, cases++) {
    let problem: string | undefined;
    let shown: string;
    if (i % 2 === 0) {
      const octets = makeServerOctets(random);
      problem = frameProblem(octets, random);
      shown = octets.toString("hex");
    } else {
      const blocks = makeBlocks(random);
      problem = hpackProblem(blocks);
      shown = blocks.map((block) => block.toString("hex")).join(" ");
    }
    if (problem === undefined) continue;
    failures++;
    process.stdout.write(`${problem}\n  ${shown}\n`);
  }
}
process.stdout.write(`HTTP/2: ${cases} cases, ${failures} problems, seed ${seed}\n`);
process.exitCode = failures === 0 ? 0 : 1;
