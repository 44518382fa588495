import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { frameProblem, hpackProblem, makeBlocks, makeServerOctets } from "./http2-cases.js";
import { seededRandom } from "./parser-cases.js";

const CASES = 3_000;

describe("HTTP/2, a fixed set of damaged input", () => {
  test("frameProblem: finds none", () => {
    const random = seededRandom(9113);
    for (let i = 0; i < CASES; i++) {
      const octets = makeServerOctets(random);
      assert.equal(frameProblem(octets, random), undefined, octets.toString("hex"));
    }
  });

  test("hpackProblem: finds none", () => {
    const random = seededRandom(7541);
    for (let i = 0; i < CASES; i++) {
      const blocks = makeBlocks(random);
      assert.equal(hpackProblem(blocks), undefined, blocks.map((block) => block.toString("hex")).join(" "));
    }
  });
});
