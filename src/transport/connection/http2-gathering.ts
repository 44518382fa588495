import { freshChunk } from "../../message/index.js";
import { nextTurn } from "../../runtime/index.js";
import type { Http2Exchange } from "./http2-exchange.js";
import { Http2Landing, type Http2LandingHost, LARGE_FRAME_BYTES } from "./http2-landing.js";

/** The rest of a frame is waited for when it is less than this share of what has come. */
const SMALL_SHARE = 1 / 8;

/**
 * Puts together the pieces in which a body comes: each chunk costs its reader some promises. What one read brings is
 * one chunk, with the rest of a frame that it cuts near its end: over TLS a frame of 16,384 octets comes as one record
 * and nine octets of another.
 */
export class Http2Gathering {
  readonly #host: Http2LandingHost;
  /** Pieces of one body that the present read brought: where each begins and ends in the read's buffer. */
  #part: Http2Exchange | undefined;
  #source: Buffer | undefined;
  readonly #pieces: number[] = [];
  #octets = 0;
  /** The chunk that has room for the rest of a frame, whose it is, and how far it is filled. */
  #chunk: Buffer | undefined;
  #owner: Http2Exchange | undefined;
  #filled = 0;
  #scheduled = false;
  readonly #landing: Http2Landing;
  /** Whose the frame at hand is, and whether the one before was the same body's. */
  #last: Http2Exchange | undefined;
  #follows = false;

  constructor(host: Http2LandingHost) {
    this.#host = host;
    this.#landing = new Http2Landing(host);
  }

  readBegun(): void {
    this.#landing.readBegun();
  }

  nextBuffer(): Buffer | undefined {
    return this.#landing.nextBuffer();
  }

  forget(part: Http2Exchange): void {
    if (this.#last === part) this.#last = undefined;
    this.#landing.forget(part);
  }

  /** Notes a piece, which lies in the present read's buffer. */
  add(part: Http2Exchange, buffer: Buffer, start: number, end: number): void {
    const size = part.settled ? 0 : (part.body?.chunkBytes ?? 0);
    if (size > 0 && this.#fillsChunks(part, end - start)) {
      this.#release();
      this.#take();
      this.#landing.add(part, buffer, start, end, size);
      return;
    }
    this.#landing.release();
    let from = start;
    if (this.#chunk !== undefined) {
      if (this.#owner === part) from = this.#complete(this.#chunk, buffer, start, end);
      else this.#release();
      if (from === end) return;
    }
    if (this.#part !== part || this.#source !== buffer) {
      this.#take();
      this.#part = part;
      this.#source = buffer;
    }
    this.#pieces.push(from, end);
    this.#octets += end - from;
  }

  /** Whether it is worth a large chunk: not where the small frames of several bodies alternate, each of which would take one. */
  #fillsChunks(part: Http2Exchange, octets: number): boolean {
    const length = this.#host.dataLength();
    if (this.#host.dataLeft() + octets === length) {
      this.#follows = this.#last === part;
      this.#last = part;
    }
    return this.#follows || length >= LARGE_FRAME_BYTES;
  }

  #complete(chunk: Buffer, buffer: Buffer, start: number, end: number): number {
    const copied = buffer.copy(chunk, this.#filled, start, end);
    this.#filled += copied;
    if (this.#filled === chunk.length) this.#release();
    return start + copied;
  }

  /** The read is over, and its buffer will be overwritten. */
  readDone(): void {
    const part = this.#part;
    const buffer = this.#source;
    if (part === undefined || buffer === undefined) return;
    const left = this.#host.dataLeft();
    if (left === 0 || left > this.#octets * SMALL_SHARE || part.settled || part.body?.handsOn !== true) {
      this.#take();
      return;
    }
    const octets = this.#octets;
    this.#chunk = freshChunk(octets + left);
    this.#filled = this.#copyTo(this.#chunk, buffer);
    this.#owner = part;
    this.#forget();
    if (this.#scheduled) return;
    this.#scheduled = true;
    nextTurn(this.#turn); // the rest did not come in this turn of the event loop
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#release();
  };

  /** Hands on all that was gathered. */
  flush(): void {
    this.#last = undefined;
    this.#landing.release();
    this.#release();
    this.#take();
  }

  /** Hands on the chunk as far as it is filled. */
  #release(): void {
    const chunk = this.#chunk;
    const part = this.#owner;
    if (chunk === undefined || part === undefined) return;
    const filled = this.#filled;
    this.#chunk = undefined;
    this.#owner = undefined;
    const whole = filled === chunk.length ? chunk : chunk.subarray(0, filled);
    const more = part.body === undefined || part.settled || part.body.pushOwned(whole);
    this.#host.handedOn(part, filled, more);
  }

  /** Hands on the pieces of the present read. */
  #take(): void {
    const part = this.#part;
    const buffer = this.#source;
    if (part === undefined || buffer === undefined) return;
    const { body } = part;
    const pieces = this.#pieces;
    const octets = this.#octets;
    let more = true;
    if (body !== undefined && !part.settled) {
      if (pieces.length > 2 && body.handsOn) {
        const chunk = freshChunk(octets);
        this.#copyTo(chunk, buffer);
        more = body.pushOwned(chunk);
      } else {
        for (let i = 0; i < pieces.length; i += 2) {
          more = body.push(buffer, pieces[i] as number, pieces[i + 1] as number);
        }
      }
    }
    this.#forget();
    this.#host.handedOn(part, octets, more);
  }

  #copyTo(chunk: Buffer, buffer: Buffer): number {
    const pieces = this.#pieces;
    let filled = 0;
    for (let i = 0; i < pieces.length; i += 2) {
      filled += buffer.copy(chunk, filled, pieces[i], pieces[i + 1]);
    }
    return filled;
  }

  #forget(): void {
    this.#part = undefined;
    this.#source = undefined;
    this.#octets = 0;
    if (this.#pieces.length > 0) this.#pieces.length = 0; // which V8 does slowly, also where there is nothing to do
  }
}
