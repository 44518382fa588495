import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../testing/index.js";
import type { Http2Exchange } from "./http2-exchange.js";
import { Http2Gathering } from "./http2-gathering.js";

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A body's reader that notes its chunks, and the credit that went back for it. */
class FakePart {
  readonly chunks: string[] = [];
  credit = 0;
  settled = false;
  handsOn = true;
  chunkBytes = 0;
  readonly body = {
    owner: this,
    get chunkBytes(): number {
      return this.owner.handsOn ? this.owner.chunkBytes : 0;
    },
    get handsOn(): boolean {
      return this.owner.handsOn;
    },
    push: (buffer: Buffer, start: number, end: number): boolean => {
      this.chunks.push(buffer.toString("latin1", start, end));
      return true;
    },
    pushOwned: (chunk: Buffer): boolean => {
      this.chunks.push(chunk.toString("latin1"));
      return true;
    },
  };

  get part(): Http2Exchange {
    return this as unknown as Http2Exchange;
  }
}

/** `read`: what one read brings, and how much of its last frame is to come. */
function gathering() {
  let dataLeft = 0;
  const of = new Http2Gathering({
    now: 0,
    dataLength: () => dataLeft,
    dataLeft: () => dataLeft,
    dataPart: () => undefined,
    handedOn: (part, octets) => {
      (part as unknown as FakePart).credit += octets;
    },
  });
  const buffer = Buffer.alloc(65_536);
  const read = (left: number, ...pieces: (readonly [FakePart, string])[]): void => {
    let at = 0;
    for (const [{ part }, text] of pieces) {
      at += 9;
      at += buffer.write(text, at, "latin1");
      of.add(part, buffer, at - text.length, at);
    }
    dataLeft = left;
    of.readDone();
    buffer.fill("!"); // it will be overwritten
  };
  return { of, read };
}

test("Http2Gathering: the frames of one read are one chunk, and so is a frame whose last octets come in another", () => {
  const { read } = gathering();
  const a = new FakePart();
  read(0, [a, "one "], [a, "two "]);
  assert.deepEqual(a.chunks, ["one two "]);
  read(9, [a, "x".repeat(16_375)]);
  assert.equal(a.chunks.length, 1);
  read(0, [a, "y".repeat(9)]);
  assert.deepEqual(a.chunks.slice(1), ["x".repeat(16_375) + "y".repeat(9)]);
  assert.equal(a.credit, 8 + 16_384);
});

test("Http2Gathering: nobody waits longer than a turn of the event loop, nor for the greater part of a frame", async () => {
  const { read } = gathering();
  const a = new FakePart();
  read(9, [a, "x".repeat(100)]);
  await nextTurn();
  assert.deepEqual([a.chunks, a.credit], [["x".repeat(100)], 100]);
  read(0, [a, "y".repeat(9)]);
  assert.equal(a.chunks[1], "y".repeat(9));
  read(100, [a, "z".repeat(100)]);
  assert.equal(a.chunks[2], "z".repeat(100));
});

test("Http2Gathering: what waits goes on when the connection ends", () => {
  const { of, read } = gathering();
  const a = new FakePart();
  read(1, [a, "x".repeat(100)]);
  of.flush();
  assert.deepEqual([a.chunks, a.credit], [["x".repeat(100)], 100]);
});

test("property: each body is whole and in order, and the credit of every octet goes back", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const next = seededRandom(seed);
    const random = (below: number): number => Math.floor(next() * below);
    const { of, read } = gathering();
    const parts = [new FakePart(), new FakePart(), new FakePart()];
    const sent = parts.map(() => "");
    // The frame at hand is of one part until it is over.
    let inFrame: number | undefined;
    for (let turn = 0; turn < 60; turn++) {
      const pieces: [FakePart, string][] = [];
      for (let count = 1 + random(4); count > 0; count--) {
        const which = inFrame ?? random(3);
        inFrame = undefined;
        const part = parts[which] as FakePart;
        const text = String.fromCharCode(97 + random(26)).repeat(1 + random(200));
        pieces.push([part, text]);
        sent[which] += text;
      }
      const last = pieces.at(-1)?.[0];
      const left = last === undefined || random(3) === 0 ? 0 : 1 + random(40);
      if (left > 0) inFrame = parts.indexOf(last as FakePart);
      read(left, ...pieces);
      const some = parts[random(3)] as FakePart;
      if (random(20) === 0) some.handsOn = !some.handsOn;
      if (random(5) === 0) await nextTurn();
    }
    of.flush();
    parts.forEach((part, i) => {
      assert.equal(part.chunks.join(""), sent[i], `seed ${seed}`);
      assert.equal(part.credit, sent[i]?.length, `seed ${seed}: credit`);
    });
  }
});

test("Http2Gathering: a body that was given up gets nothing, and its credit goes back", async () => {
  const { read } = gathering();
  const a = new FakePart();
  read(9, [a, "x".repeat(100)]);
  a.settled = true;
  await nextTurn();
  read(0, [a, "y"]);
  assert.deepEqual([a.chunks, a.credit], [[], 101]);
});
