import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";

/** Names and values, `[name, value, …]`. */
export type FieldList = readonly string[];

/** One list of a story, as one encoder encoded it. */
export interface CorpusBlock {
  readonly block: Buffer;
  /** The SETTINGS_HEADER_TABLE_SIZE that was acknowledged just before it; -1 for none. */
  readonly tableSize: number;
  readonly fields: FieldList;
}

export const ENCODERS = [
  "nghttp2",
  "haskell-http2-linear-huffman",
  "nghttp2-change-table-size",
  "nghttp2-16384-4096",
] as const;

const NONE = 0xffffffff;

function read(name: string): Buffer {
  return brotliDecompressSync(readFileSync(`test/fixtures/hpack/${name}.br`));
}

/** The lists of each story: 32 stories, 3,384 lists. */
export function readStories(): FieldList[][] {
  const data = JSON.parse(read("stories.json").toString("utf8")) as {
    strings: string[];
    stories: Record<string, number[][]>;
  };
  return Object.keys(data.stories)
    .sort()
    .map((story) =>
      (data.stories[story] as number[][]).map((list) => list.map((index) => data.strings[index] as string)),
    );
}

/** The blocks of each encoder, by story: 13,302 blocks. A story that an encoder lacks is empty. */
export function readBlocks(): CorpusBlock[][][] {
  const bytes = read("blocks.bin");
  const stories = readStories();
  const encoders: CorpusBlock[][][] = ENCODERS.map(() => stories.map(() => []));
  let at = 0;
  for (const [story, lists] of stories.entries()) {
    for (const fields of lists) {
      for (const blocks of encoders) {
        const length = bytes.readUInt32BE(at);
        at += 4;
        if (length === NONE) continue;
        const size = bytes.readUInt32BE(at);
        const block = bytes.subarray(at + 4, at + 4 + length);
        (blocks[story] as CorpusBlock[]).push({ block, tableSize: size === NONE ? -1 : size, fields });
        at += 4 + length;
      }
    }
  }
  return encoders;
}
