import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HpackDecoder, HpackEncoder, INDEX, NEVER_INDEX, PLAIN } from "../../src/http2/index.js";
import { ENCODERS, readBlocks, readStories } from "./hpack-corpus.js";
import { PlainDecoder } from "./plain-hpack.js";

function collect(decoder: HpackDecoder, block: Buffer): string[] {
  const fields: string[] = [];
  decoder.decode(block, 0, block.length, {
    field(name, value, line, _kind, size) {
      assert.equal(line, `${name}: ${value}\r\n`);
      assert.equal(size, name.length + value.length + 32);
      fields.push(name, value);
    },
  });
  return fields;
}

describe("HPACK, beside the blocks of other encoders", () => {
  const encoders = readBlocks();
  for (const [index, name] of ENCODERS.entries()) {
    test(`HpackDecoder: decodes every block of ${name}`, () => {
      for (const blocks of encoders[index] ?? []) {
        const decoder = new HpackDecoder();
        for (const { block, tableSize, fields } of blocks) {
          if (tableSize >= 0) decoder.allow(tableSize);
          assert.deepEqual(collect(decoder, block), fields);
        }
      }
    });
  }

  test("HpackDecoder: the corpus has 13,302 blocks", () => {
    assert.equal(encoders.flat(2).length, 13_302);
  });
});

describe("HPACK, our encoder beside a decoder that shares nothing with it", () => {
  test("HpackEncoder: every list of the corpus comes back, whatever is indexed and however the table is resized", () => {
    let lists = 0;
    for (const [number, story] of readStories().entries()) {
      const encoder = new HpackEncoder();
      const ours = new HpackDecoder();
      const plain = new PlainDecoder();
      for (const [i, fields] of story.entries()) {
        if (number % 3 === 1 && i % 7 === 3) {
          const limit = [0, 4_096, 100, 2_000, 65_536][((i / 7) % 5) | 0] as number;
          encoder.limit(limit);
          ours.allow(Math.min(limit, 4_096));
        }
        let block = encoder.sizeUpdate();
        for (let at = 0; at < fields.length; at += 2) {
          const indexing =
            number % 2 === 0 ? INDEX : ([INDEX, PLAIN, NEVER_INDEX][(i + at) % 3] as 0 | 1 | 2);
          block += encoder.field(fields[at] as string, fields[at + 1] as string, indexing);
        }
        const bytes = Buffer.from(block, "latin1");
        assert.deepEqual(plain.decode(bytes), fields, `story ${number}, list ${i}`);
        assert.deepEqual(collect(ours, bytes), fields);
        lists++;
      }
    }
    assert.equal(lists, 3_384);
  });
});
