import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { pingFrame, SETTINGS_ACK } from "../../../src/http2/index.js";
import type { Response, TransportOptions } from "../../../src/index.js";
import {
  type Http2WireConnection,
  seededRandom,
  type WireServerOptions,
} from "../../../src/testing/index.js";
import { clientOf, turn, turns } from "../../transport/support.js";
import { dataFrame, head } from "../server-frames.js";
import { H2World, overTls, PRIOR, TRUST } from "./h2-world.js";

// Bodies in frames of any size, with padding, cut anywhere, for readers of any kind: every byte is checked when it is
// read, and again at the end, since what a reader was given is its own. The server keeps its windows.
// `TRUNKLINE_SEEDS` says how many seeds.

const SEEDS = Number(process.env["TRUNKLINE_SEEDS"] ?? 12);
const CALLS = 16;
const FIRST_WINDOW = 65_535;
const LENGTHS = [0, 1, 9_000, 16_384, 20_000, 65_535, 65_536, 262_144, 262_145, 400_000];
const FRAMES = [1, 9, 100, 4_096, 16_384, 32_768, 65_536];

/** Octets that say where they belong: a period that no size here shares. */
const TABLE = Buffer.alloc(1_100_000);
for (let i = 0, octet = seededRandom(0); i < 509_203; i += 1) TABLE[i] = Math.floor(octet() * 256);
TABLE.copyWithin(509_203, 0, 509_203);
const content = (key: number, from: number, to: number): Buffer => {
  const at = (key * 7_919 + from) % 509_203;
  return TABLE.subarray(at, at + to - from);
};

type Below = (limit: number) => number;

interface Sending {
  readonly key: number;
  readonly length: number;
  /** How it ends: with its last frame, or with an empty one. */
  readonly emptyEnd: boolean;
  sent: number;
  window: number;
}

/** The server's side of one connection: one loop writes all its frames, each as whole or as cut as it comes. */
class Sender {
  readonly #connection: Http2WireConnection;
  readonly #below: Below;
  readonly #streams = new Map<number, Sending>();
  readonly #limit: number;
  #heard = 0;
  #pings = 0;
  #firstWindow = FIRST_WINDOW;
  #largest = 16_384;
  /** Of the connection, and the largest that it ever was. */
  window = FIRST_WINDOW;
  most = 0;

  constructor(connection: Http2WireConnection, below: Below) {
    this.#connection = connection;
    this.#below = below;
    this.#limit = 1 + below(3);
  }

  async run(): Promise<void> {
    for (;;) {
      let octets = this.#hear();
      for (const id of [...this.#streams.keys()]) octets += this.#next(id);
      const pieces = Buffer.from(octets, "latin1");
      const { frames } = this.#connection;
      if (octets === "")
        await this.#connection.until(() => frames.length > this.#heard, "more from the client");
      for (let at = 0; at < pieces.length; ) {
        const size = [1 + this.#below(20), 3_000, 16_393, 200_000][this.#below(4)] as number;
        await this.#connection.wire.reply(pieces.subarray(at, at + size));
        at += size;
        if (this.#below(4) === 0) await turns(1 + this.#below(3));
      }
    }
  }

  /** Takes in what the client sent, and returns the answers. */
  #hear(): string {
    let answers = "";
    for (const { type, stream, settings, ack, increment = 0 } of this.#connection.frames.slice(this.#heard)) {
      this.#heard += 1;
      if (type === "SETTINGS" && ack !== true) answers += this.#settings(settings ?? []);
      if (type === "PING" && ack !== true)
        answers += pingFrame(String.fromCharCode(++this.#pings).padStart(8, "\0"), true);
      if (type === "HEADERS") answers += this.#begin(stream);
      if (type === "RST_STREAM") this.#streams.delete(stream);
      if (type !== "WINDOW_UPDATE") continue;
      const sending = this.#streams.get(stream);
      if (stream === 0) this.window += increment;
      else if (sending !== undefined) sending.window += increment;
      this.most = Math.max(this.most, this.window);
    }
    return answers;
  }

  #settings(pairs: readonly number[]): string {
    for (let i = 0; i < pairs.length; i += 2) {
      const value = pairs[i + 1] as number;
      if (pairs[i] === 4) this.#firstWindow = value;
      if (pairs[i] === 5) this.#largest = value;
    }
    return SETTINGS_ACK;
  }

  #begin(stream: number): string {
    const length = LENGTHS[this.#below(LENGTHS.length)] as number;
    const key = 1 + this.#below(60);
    const emptyEnd = length === 0 || this.#below(2) === 0;
    this.#streams.set(stream, { key, length, emptyEnd, sent: 0, window: this.#firstWindow });
    const fields = ["x-key", String(key), "x-length", String(length)];
    if (this.#below(3) > 0) fields.push("content-length", String(length));
    return head(stream, 200, fields);
  }

  /** Some frames of a stream, as far as its windows allow. */
  #next(stream: number): string {
    const sending = this.#streams.get(stream) as Sending;
    const { key, length, emptyEnd } = sending;
    let octets = "";
    for (let frames = 0; frames < this.#limit; frames += 1) {
      if (sending.sent === length) {
        this.#streams.delete(stream);
        return emptyEnd ? octets + dataFrame(stream, "", undefined, true) : octets;
      }
      const padding =
        this.#below(3) === 0 ? (([0, 1, 9, 255] as const)[this.#below(4)] as number) : undefined;
      const more = padding === undefined ? 0 : padding + 1;
      const room = Math.min(this.#largest, sending.window, this.window) - more;
      const wanted = FRAMES[this.#below(FRAMES.length)] as number;
      const size = Math.min(this.#below(2) === 0 ? this.#largest : wanted, room, length - sending.sent);
      if (size <= 0) return octets;
      const body = content(key, sending.sent, sending.sent + size).toString("latin1");
      sending.sent += size;
      sending.window -= size + more;
      this.window -= size + more;
      octets += dataFrame(stream, body, padding, sending.sent === length && !emptyEnd);
    }
    return octets;
  }
}

interface Kept {
  readonly octets: Uint8Array;
  readonly key: number;
  readonly at: number;
}

const sameAs = ({ octets, key, at }: Kept): boolean =>
  content(key, at, at + octets.byteLength).equals(octets);

/** Reads one body in a way that the seed chooses; `keep` takes what came. */
async function read(response: Response, below: Below, keep: (octets: Uint8Array) => void): Promise<boolean> {
  const way = below(6);
  const pause = async (): Promise<void> => {
    if (below(5) === 0) await turns(below(4));
  };
  if (below(4) === 0) await turns(below(10));
  if (way === 0) {
    keep(await response.bytes());
  } else if (way === 1) {
    const stream = response.body as ReadableStream<Uint8Array<ArrayBuffer>>;
    for await (const chunk of stream) {
      keep(structuredClone(chunk, { transfer: [chunk.buffer] }));
      await pause();
    }
  } else if (way === 2) {
    const reader = (response.body as ReadableStream<Uint8Array>).getReader({ mode: "byob" });
    const size = [1_000, 65_536, 150_000][below(3)] as number;
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(size));
      if (done) break;
      keep(value);
      await pause();
    }
  } else {
    const most = way === 3 ? below(300_000) : Number.POSITIVE_INFINITY;
    let received = 0;
    for await (const chunk of response) {
      keep(chunk);
      received += chunk.byteLength;
      if (received > most) return false;
      await pause();
    }
  }
  return true;
}

const WAYS: Readonly<
  Record<string, { server: WireServerOptions; options: (port: number) => TransportOptions }>
> = {
  "plain TCP": { server: {}, options: () => PRIOR },
  TLS: { server: overTls(["h2"]), options: () => TRUST },
  "a custom dial": {
    server: {},
    options: (port) => ({ ...PRIOR, dial: async () => connect(port, "127.0.0.1") }),
  },
};

for (const [way, { server, options }] of Object.entries(WAYS)) {
  test(`property: bodies over HTTP/2 on ${way} arrive whole, stay as they were, and give their credit back`, async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const random = seededRandom(seed);
      const below: Below = (limit) => Math.floor(random() * limit);
      const chosen = seededRandom(seed + 1_000);
      const connectionWindow = [FIRST_WINDOW, 300_000, 64 * 1024 * 1024][below(3)] as number;
      const senders: Sender[] = [];
      const script = async (connection: Http2WireConnection): Promise<void> => {
        const sender = new Sender(connection, (limit) => Math.floor(chosen() * limit));
        senders.push(sender);
        await sender.run().catch(() => undefined); // the connection is over
      };
      await using world = await H2World.start(script, { server, answer: false });
      const transport = world.world.transport({
        ...options(world.server.port),
        http2: { priorKnowledge: true, maxConnectionWindow: connectionWindow },
      });
      const kept: Kept[] = [];
      const one = async (): Promise<void> => {
        const response = await clientOf(transport).get(world.url());
        const key = Number(response.headers.get("x-key"));
        let at = 0;
        const whole = await read(response, below, (octets) => {
          assert.ok(sameAs({ octets, key, at }), `seed ${seed}: octets at ${at}`);
          kept.push({ octets, key, at });
          at += octets.byteLength;
        });
        if (whole) assert.equal(at, Number(response.headers.get("x-length")), `seed ${seed}`);
      };
      const inTurn = async (): Promise<void> => {
        for (let call = 0; call < CALLS / 4; call += 1) await one();
      };
      await Promise.all([inTurn(), inTurn(), inTurn(), inTurn()]);
      await turn();
      assert.ok(kept.every(sameAs), `seed ${seed}: what a reader was given has changed`);
      assert.equal(senders.length, 1, `seed ${seed}: connections`);
      assert.ok((senders[0] as Sender).most <= connectionWindow, `seed ${seed}: the connection's window`);
    }
  });
}
