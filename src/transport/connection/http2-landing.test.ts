import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../testing/index.js";
import type { Http2Exchange } from "./http2-exchange.js";
import { Http2Landing } from "./http2-landing.js";

const HEAD = 9;
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A body's reader that takes the memory of each chunk away, as a web stream does. */
class Part {
  readonly chunks: Buffer[] = [];
  credit = 0;
  settled = false;
  readonly body = {
    chunkBytes: 65_536,
    pushOwned: (chunk: Buffer): boolean => {
      this.chunks.push(Buffer.from(structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] })));
      return true;
    },
  };

  get octets(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

interface Frame {
  readonly part: Part;
  readonly content: Buffer;
}

/** A connection whose frames (nine octets of head and the content) are read into the shared buffer or into the target. */
class Reads {
  readonly landing: Http2Landing;
  readonly #wire: Buffer;
  readonly #frames: readonly Frame[];
  readonly #shared = Buffer.alloc(65_536);
  #at = 0;
  #frame = -1;
  #headLeft = HEAD;
  #left = 0;
  inPlace = 0;
  now = 0;
  #target: Buffer | undefined;

  constructor(frames: readonly Frame[]) {
    this.#frames = frames;
    this.#wire = Buffer.concat(frames.flatMap(({ content }) => [Buffer.alloc(HEAD, "#"), content]));
    const clock = (): number => this.now;
    this.landing = new Http2Landing({
      get now() {
        return clock();
      },
      dataLength: () => this.#frames[this.#frame]?.content.length ?? 0,
      dataLeft: () => this.#left,
      dataPart: () => this.#frames[this.#frame]?.part as unknown as Http2Exchange,
      handedOn: (part, octets) => {
        (part as unknown as Part).credit += octets;
      },
    });
  }

  /** Octets of all frames' contents that were read, where the first frame has not ended. */
  get arrived(): number {
    return this.#at - HEAD;
  }

  /** One read of up to so many octets; false at the end. */
  read(most: number): boolean {
    const buffer = this.#target ?? this.#shared;
    assert.ok(buffer.length > 0, "the place of this read was given away");
    const bytes = Math.min(most, buffer.length, this.#wire.length - this.#at);
    this.#wire.copy(buffer, 0, this.#at, this.#at + bytes);
    this.#at += bytes;
    if (buffer === this.#target) this.inPlace += bytes;
    this.landing.readBegun();
    for (let at = 0; at < bytes; ) at = this.#take(buffer, at, bytes);
    this.#target = this.landing.nextBuffer();
    this.#shared.fill("!");
    return this.#at < this.#wire.length;
  }

  #take(buffer: Buffer, at: number, end: number): number {
    if (this.#left === 0) {
      const head = Math.min(this.#headLeft, end - at);
      this.#headLeft -= head;
      if (this.#headLeft > 0) return at + head;
      this.#headLeft = HEAD;
      this.#frame += 1;
      this.#left = (this.#frames[this.#frame] as Frame).content.length;
      return at + head;
    }
    const to = Math.min(end, at + this.#left);
    const { part } = this.#frames[this.#frame] as Frame;
    this.#left -= to - at;
    if (part.settled) this.landing.release();
    else this.landing.add(part as unknown as Http2Exchange, buffer, at, to, part.body.chunkBytes);
    return to;
  }
}

function octets(length: number, random: () => number): Buffer {
  const content = Buffer.alloc(length);
  for (let i = 0; i < length; i += 97) content[i] = 1 + Math.floor(random() * 255);
  return content;
}

test("Http2Landing: a large frame lands in its chunk, and a reader that takes the memory away takes no other's", () => {
  const part = new Part();
  const random = seededRandom(1);
  const frames = Array.from({ length: 8 }, () => ({ part, content: octets(65_536, random) }));
  const reads = new Reads(frames);
  while (reads.read(Number.POSITIVE_INFINITY));
  reads.landing.release();
  assert.deepEqual(part.octets, Buffer.concat(frames.map(({ content }) => content)));
  assert.ok(reads.inPlace > 7 * 65_536 - 1_000, `${reads.inPlace}`);
  assert.ok(part.chunks.length <= 9, `${part.chunks.length} chunks`);
});

test("Http2Landing: what came goes on after a turn that brings nothing, while the next read waits for its place", async () => {
  const part = new Part();
  const content = octets(65_536, seededRandom(2));
  const reads = new Reads([{ part, content }]);
  reads.read(HEAD + 20_000);
  assert.equal(part.chunks.length, 0);
  await nextTurn();
  await nextTurn();
  assert.deepEqual([part.octets.length, part.credit], [20_000, 20_000]);
  while (reads.read(30_000));
  reads.landing.release();
  assert.deepEqual(part.octets, content);
  assert.equal(part.credit, content.length);
});

test("Http2Landing: what came goes on after a few milliseconds, though each turn brings more", async () => {
  const part = new Part();
  const reads = new Reads([{ part, content: octets(65_536, seededRandom(5)) }]);
  for (let turns = 0; turns < 10; turns += 1) {
    reads.now += 10;
    reads.read(HEAD + 100);
    await nextTurn();
    const before = reads.arrived - (HEAD + 100);
    assert.ok(part.octets.length >= before, `${part.octets.length} octets after ${turns} turns`);
  }
  const quick = new Part();
  const others = new Reads([{ part: quick, content: octets(65_536, seededRandom(6)) }]);
  for (let turns = 0; turns < 10; turns += 1) {
    others.read(HEAD + 1_000);
    await nextTurn();
  }
  assert.equal(quick.chunks.length, 0);
});

test("property: Http2Landing gives each body whole and in order, and all its credit back", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const parts = [new Part(), new Part()];
    let which = 0;
    const frames = Array.from({ length: 24 }, () => {
      if (below(4) === 0) which = below(2);
      const length = [1, 40, 16_384, 40_000, 65_536, 100_000][below(6)] as number;
      return { part: parts[which] as Part, content: octets(length, random) };
    });
    const reads = new Reads(frames);
    const sizes = [1, 9, 5_000, 16_384, 65_545, 1_000_000];
    while (reads.read(sizes[below(6)] as number)) {
      if (below(6) === 0) await nextTurn();
      if (below(10) === 0) reads.landing.release();
    }
    reads.landing.release();
    for (const part of parts) {
      const sent = Buffer.concat(frames.flatMap((frame) => (frame.part === part ? [frame.content] : [])));
      assert.ok(part.octets.equals(sent), `seed ${seed}`);
      assert.equal(part.credit, sent.length, `seed ${seed}: credit`);
    }
  }
});

test("Http2Landing: of a body that was given up nothing goes on, and its credit goes back", () => {
  const part = new Part();
  const reads = new Reads([{ part, content: octets(65_536, seededRandom(3)) }]);
  reads.read(HEAD + 10_000);
  part.settled = true;
  while (reads.read(Number.POSITIVE_INFINITY));
  assert.deepEqual([part.chunks.length, part.credit], [0, 10_000]);

  const other = new Part();
  const more = new Reads([{ part: other, content: octets(65_536, seededRandom(4)) }]);
  more.read(HEAD + 10_000);
  more.landing.forget(other as unknown as Http2Exchange);
  other.settled = true;
  while (more.read(Number.POSITIVE_INFINITY));
  assert.deepEqual([other.chunks.length, other.credit], [0, 0]);
});
