import { DEFAULT_WINDOW, MAX_FRAME_BYTES } from "./frame-types.js";
import { dataHeader, headersFrames } from "./frame-writer.js";
import type { Output } from "./output.js";
import type { Http2Stream } from "./stream.js";

/** A stream with less credit waits a little for more: a server that gives octets singly must not get frames of one. */
const TINY_CREDIT = 1_024;
const TINY_WAIT = 10;
/** A body up to this size leaves directly behind its head. */
const SMALL_BODY = 16_384;

/** What one {@link SendQueue.fill} did. */
interface Filled {
  /** Octets of bodies. */
  bytes: number;
  /** When a stream with tiny credit may go on; Infinity when none waits. */
  wakeAt: number;
}

/**
 * The bodies that wait for their turn, a frame each in turn, and the connection's window. A stream is in the ring while
 * it has octets and credit of its own, or only its end to send, which needs none; nothing is reserved for others.
 */
export class SendQueue<Owner> {
  /** What the server takes on the connection as a whole (RFC 9113 §6.9). */
  window: number = DEFAULT_WINDOW;
  readonly #ring: Http2Stream<Owner>[] = [];
  /** Those that wait because their credit is tiny. */
  #waiting: Set<Http2Stream<Owner>> | undefined;
  readonly #encodeTrailers: (fields: readonly string[]) => string;
  /** Streams that this side has ended, and those whose octets have all left, since they were last asked for. */
  readonly ended: Http2Stream<Owner>[] = [];
  readonly drained: Http2Stream<Owner>[] = [];

  constructor(encodeTrailers: (fields: readonly string[]) => string) {
    this.#encodeTrailers = encodeTrailers;
  }

  /** Whether a call of {@link fill} would send something. */
  get ready(): boolean {
    if (this.window > 0) return this.#ring.length > 0;
    return this.#ring.some((stream) => stream.queued === 0);
  }

  /** Takes the stream up into the ring if it can send. */
  add(stream: Http2Stream<Owner>): boolean {
    if (stream.inRing || !canSend(stream)) return false;
    stream.inRing = true;
    this.#ring.push(stream);
    return true;
  }

  /** A body that is small and whole, directly behind its head; false leaves it to the ring. */
  sendSmall(stream: Http2Stream<Owner>, out: Output): number {
    const { queued } = stream;
    if (queued > SMALL_BODY || queued > this.window || queued > stream.sendWindow) return 0;
    if (queued > 0) this.#data(stream, queued, out);
    else if (canSend(stream)) this.#end(stream, out);
    return queued;
  }

  /** Lets those that wait try again: the connection's window has grown, or their time is over. */
  wake(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    for (const stream of waiting) this.add(stream);
  }

  /** Sends up to about `budget` octets of bodies, in frames of at most `maxFrame`. */
  fill(out: Output, budget: number, maxFrame: number, now: number): Filled {
    const filled: Filled = { bytes: 0, wakeAt: Number.POSITIVE_INFINITY };
    const ring = this.#ring;
    // How many at the ring's end only lack the connection's credit.
    let held = 0;
    while (ring.length > held) {
      const stream = ring[0] as Http2Stream<Owner>;
      const ready = canSend(stream);
      if (ready && stream.queued > 0 && filled.bytes >= budget) return filled;
      ring.shift();
      stream.inRing = false;
      if (!ready) continue;
      if (stream.queued === 0) {
        this.#end(stream, out);
        continue;
      }
      const credit = Math.min(this.window, stream.sendWindow);
      if (credit <= 0) {
        held++;
        this.add(stream);
      } else if (this.#waits(stream, credit, now, filled)) {
        this.#waiting ??= new Set();
        this.#waiting.add(stream);
      } else {
        const bytes = Math.min(credit, stream.queued, maxFrame);
        filled.bytes += bytes;
        this.#data(stream, bytes, out);
        this.add(stream);
      }
    }
    return filled;
  }

  #waits(stream: Http2Stream<Owner>, credit: number, now: number, filled: Filled): boolean {
    // What is left of a larger window goes at once: there may be servers that give more only when it is used up.
    if (!stream.starved || credit >= TINY_CREDIT || credit >= stream.queued) return false;
    if (stream.tinySince < 0) stream.tinySince = now;
    const until = stream.tinySince + TINY_WAIT;
    if (now >= until) return false;
    filled.wakeAt = Math.min(filled.wakeAt, until);
    return true;
  }

  #data(stream: Http2Stream<Owner>, bytes: number, out: Output): void {
    const last = bytes === stream.queued;
    const endStream = last && stream.endQueued && stream.trailers === undefined;
    out.text(dataHeader(stream.id, bytes, endStream));
    let left = bytes;
    let gone = 0;
    while (left > 0) {
      const chunk = stream.chunks[gone] as Uint8Array;
      const from = stream.chunkOffset;
      const to = Math.min(chunk.length, from + left);
      out.bytes(chunk, from, to);
      left -= to - from;
      stream.chunkOffset = to;
      if (to < chunk.length) break;
      stream.chunkOffset = 0;
      gone++;
    }
    if (gone > 0) stream.chunks.splice(0, gone);
    stream.queued -= bytes;
    stream.sendWindow -= bytes;
    stream.tinySince = -1;
    this.window -= bytes;
    stream.starved = this.window <= 0 || stream.sendWindow <= 0;
    if (endStream) this.#ended(stream);
    else if (last && stream.endQueued) this.#end(stream, out);
    else if (last) this.drained.push(stream);
  }

  #end(stream: Http2Stream<Owner>, out: Output): void {
    const { trailers } = stream;
    if (trailers === undefined) out.text(dataHeader(stream.id, 0, true));
    else out.text(headersFrames(stream.id, this.#encodeTrailers(trailers), true, MAX_FRAME_BYTES));
    this.#ended(stream);
  }

  #ended(stream: Http2Stream<Owner>): void {
    stream.localEnded = true;
    this.ended.push(stream);
  }
}

function canSend<Owner>(stream: Http2Stream<Owner>): boolean {
  if (stream.id === 0 || stream.over || stream.localEnded) return false;
  return stream.queued > 0 ? stream.sendWindow > 0 : stream.endQueued;
}
