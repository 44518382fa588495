import {
  frameHeader,
  goAwayFrame,
  HpackDecoder,
  headersFrames,
  pingFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../../src/http2/index.js";
import { readBlocks } from "../http2/hpack-corpus.js";
import { Harness } from "../http2/peer.js";
import { PlainDecoder } from "../http2/plain-hpack.js";
import { block, data, head, padded, trailers } from "../http2/server-frames.js";
import { cut, type Random } from "./parser-cases.js";

/** What a server may say to three requests, in pieces that are put together in any order. */
const PIECES: readonly string[] = [
  settingsFrame([3, 100, 4, 70_000]),
  settingsFrame([1, 0, 4, 0, 5, 20_000, 6, 100, 8, 1, 9, 9]),
  head(1, 103, ["link", "<a>"]),
  head(1, 200, ["content-length", "5", "set-cookie", "a=b"]),
  head(3, 404, ["x-a", "b"], true),
  headersFrames(5, "\x88\x40\x03x-a\x011\xbe\xbe", false, 6),
  headersFrames(5, `\x3f\x01\x88${block(["date", "now"])}`, true, 400),
  data(1, "hello", true),
  data(5, "x".repeat(300)),
  padded(5, "abc", 20),
  padded(1, "", 3, true),
  trailers(5, ["x-sum", "1"]),
  rstStreamFrame(3, 7),
  rstStreamFrame(1, 0),
  pingFrame("12345678", false),
  pingFrame("\0\0\0\0\0\0\0\x01", true),
  windowUpdateFrame(0, 1_000),
  windowUpdateFrame(1, 0x7fffffff),
  goAwayFrame(3, 0, "bye"),
  `${frameHeader(2, 0, 3, 5)}\0\0\0\0\x10`,
  frameHeader(0x42, 0xff, 7, 0),
  frameHeader(4, 1, 0, 0),
];

function pick<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)] as T;
}

function damage(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1);
  const rest = Math.min(bytes.length, at + random(4));
  switch (random(4)) {
    case 0: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = random(256);
      return copy;
    }
    case 1: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << random(8));
      return copy;
    }
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(rest)]);
    default:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([random(256), random(256)]),
        bytes.subarray(rest),
      ]);
  }
}

/** The octets of a server, some of them damaged. */
export function makeServerOctets(random: Random): Buffer {
  let octets = random(20) === 0 ? "" : settingsFrame([]);
  for (let count = 1 + random(12); count > 0; count--) octets += pick(PIECES, random);
  let bytes: Buffer = Buffer.from(octets, "latin1");
  for (let count = random(4); count > 0; count--) bytes = damage(bytes, random);
  return bytes;
}

/** What a session makes of the octets, as text. It throws only where the session has a fault. */
function outcome(pieces: readonly Buffer[]): string {
  const harness = new Harness();
  for (const owner of ["a", "b"]) harness.get(owner);
  harness.post("c");
  harness.out();
  for (const piece of pieces) {
    const shared = Buffer.from(piece);
    harness.session.received(shared, 0, shared.length, 1_000);
    shared.fill(0xee);
  }
  const sent = Buffer.concat(harness.out().map(({ payload }) => payload)).toString("latin1");
  return JSON.stringify([
    harness.log,
    [...harness.bodies],
    sent,
    harness.error?.message,
    harness.session.active,
  ]);
}

/** Undefined when the session takes the octets the same way wherever they are cut. */
export function frameProblem(bytes: Buffer, random: Random): string | undefined {
  try {
    const whole = outcome([bytes]);
    const parts = outcome(cut(bytes, random));
    return whole === parts ? undefined : `depends on the cut: ${whole} or ${parts}`;
  } catch (error) {
    return `the session threw ${(error as Error).stack}`;
  }
}

let corpus: Buffer[][] | undefined;

/** A few blocks of one story in their order, some of them damaged. */
export function makeBlocks(random: Random): Buffer[] {
  corpus ??= readBlocks()
    .flat()
    .map((story) => story.filter(({ tableSize }) => tableSize < 0).map((entry) => Buffer.from(entry.block)))
    .filter((story) => story.length > 0);
  const story = pick(corpus, random);
  const count = 1 + random(3);
  return story
    .slice(0, count)
    .map((bytes, i) => (i === count - 1 || random(4) === 0 ? damage(bytes, random) : bytes));
}

/** Undefined when both decoders read the same, or both refuse. */
export function hpackProblem(blocks: readonly Buffer[]): string | undefined {
  const ours = new HpackDecoder();
  const plain = new PlainDecoder();
  for (const bytes of blocks) {
    const fields: string[] = [];
    let refused: unknown;
    let expected: string[] | undefined;
    try {
      ours.decode(bytes, 0, bytes.length, { field: (name, value) => fields.push(name, value) });
    } catch (error) {
      refused = error;
    }
    try {
      expected = plain.decode(bytes);
    } catch (error) {
      if (refused === undefined) return `accepted what the other refuses: ${(error as Error).message}`;
    }
    if (refused !== undefined) {
      if ((refused as { http2Code?: number }).http2Code !== 9) return `threw ${(refused as Error).stack}`;
      return expected === undefined
        ? undefined
        : `refused what the other accepts: ${(refused as Error).message}`;
    }
    if (JSON.stringify(fields) !== JSON.stringify(expected))
      return `read ${JSON.stringify(fields)}, the other ${JSON.stringify(expected)}`;
  }
  return undefined;
}
