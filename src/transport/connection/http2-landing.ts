import { freshChunk } from "../../message/index.js";
import { nextTurn } from "../../runtime/index.js";
import type { Http2Exchange } from "./http2-exchange.js";

export interface Http2LandingHost {
  /** When the last read began. */
  readonly now: number;
  /** How many octets the DATA frame at hand has, how many of them have not arrived, and whose they are. */
  dataLength(): number;
  dataLeft(): number;
  dataPart(): Http2Exchange | undefined;
  /** The reader has so many octets of the part's body, or nobody wants them; `more`: it wants more now. */
  handedOn(part: Http2Exchange, octets: number, more: boolean): void;
}

/** Behind the rest of a frame the head of the next one is read, which the content of that one then overwrites. */
const NEXT_HEAD_BYTES = 9;
/** Frames smaller than this are not worth a system call each: they come several at a time into the shared buffer. */
export const LARGE_FRAME_BYTES: number = 32 * 1024;
/** Where the turns of the event loop are long and each brings a little, what there is waits no longer, in milliseconds. */
const LONGEST_MS = 4;
/** A chunk that is filled to less than this share is copied out, so that its reader does not hold the rest of it. */
const WORTH_HANDING = 1 / 4;

/**
 * Where a large body lands: in chunks that are its reader's to keep, filled by several reads and frames. The rest of a
 * frame is read straight to its place in the chunk, so that most octets are copied by nobody here; over TLS, which
 * gives a record of 16 KiB at a time, a chunk has many of them, and each chunk costs its reader some promises.
 *
 * Nobody waits for a chunk to fill: after a turn of the event loop that brought nothing, or a few milliseconds, what
 * there is goes on.
 */
export class Http2Landing {
  readonly #host: Http2LandingHost;
  #owner: Http2Exchange | undefined;
  #chunk: Buffer | undefined;
  /** How large it may get, what of it has been handed on, and how far it is filled. */
  #size = 0;
  #handed = 0;
  #filled = 0;
  /** When the first octet came that has not been handed on. */
  #since = 0;
  /** The part of the chunk that the next read goes to: until then the chunk cannot be given away. */
  #target: Buffer | undefined;
  #awaitsRead = false;
  #moved = false;
  #scheduled = false;

  constructor(host: Http2LandingHost) {
    this.#host = host;
  }

  /** A read has begun: nothing more will be written to its target. */
  readBegun(): void {
    this.#awaitsRead = false;
  }

  /** Takes octets of a body whose chunks are to have `size`, which lie in the present read's buffer. */
  add(part: Http2Exchange, buffer: Buffer, start: number, end: number, size: number): void {
    if (this.#owner !== part) this.release();
    if (this.#filled === this.#handed) this.#since = this.#host.now;
    let from = start;
    if (buffer === this.#target && this.#owner === part) {
      this.#filled += end - start; // it lies where it belongs
      from = end;
      if (this.#filled === this.#size) this.release();
    }
    while (from < end) {
      const chunk = this.#room(part, size);
      const to = Math.min(end, from + this.#size - this.#filled);
      buffer.copy(chunk, this.#filled, from, to);
      this.#filled += to - from;
      from = to;
      if (this.#filled === this.#size) this.release();
    }
    this.#moved = true;
    if (this.#scheduled || this.#chunk === undefined) return;
    this.#scheduled = true;
    nextTurn(this.#turn);
  }

  #room(part: Http2Exchange, size: number): Buffer {
    if (this.#chunk === undefined) {
      this.#chunk = freshChunk(size + NEXT_HEAD_BYTES);
      this.#size = size;
      this.#handed = 0;
      this.#filled = 0;
      this.#since = this.#host.now;
    }
    this.#owner = part;
    return this.#chunk;
  }

  /** The place of the rest of the frame at hand, where a body has one. It is asked after each read. */
  nextBuffer(): Buffer | undefined {
    this.#target = undefined;
    const left = this.#host.dataLeft();
    const part = left > 0 && this.#host.dataLength() >= LARGE_FRAME_BYTES ? this.#host.dataPart() : undefined;
    const size = part === undefined || part.settled ? 0 : (part.body?.chunkBytes ?? 0);
    if (part === undefined || size === 0) return undefined;
    const room = this.#size - this.#filled;
    // A chunk less than full is better than a frame in two reads.
    if (this.#owner !== part || (room < left && this.#filled * 2 >= this.#size)) this.release();
    const chunk = this.#room(part, size);
    const from = this.#filled;
    const to = Math.min(from + left + NEXT_HEAD_BYTES, left > this.#size - from ? this.#size : chunk.length);
    this.#target = chunk.subarray(from, to);
    this.#awaitsRead = true;
    return this.#target;
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    if (this.#chunk === undefined || this.#filled === this.#handed) return;
    if (this.#moved && this.#host.now - this.#since < LONGEST_MS) {
      this.#moved = false;
      this.#scheduled = true;
      nextTurn(this.#turn);
    } else {
      this.release();
    }
  };

  /** Nobody wants the body any more: what has landed of it goes nowhere, and its memory with it. */
  forget(part: Http2Exchange): void {
    if (this.#owner === part) this.#drop();
  }

  /** Hands on what has landed. */
  release(): void {
    const part = this.#owner;
    const chunk = this.#chunk;
    if (part === undefined || chunk === undefined) return;
    const octets = this.#filled - this.#handed;
    const whole = !this.#awaitsRead && octets >= this.#size * WORTH_HANDING;
    const piece = chunk.subarray(this.#handed, this.#filled);
    this.#handed = this.#filled;
    if (whole || !this.#awaitsRead) this.#drop();
    if (octets === 0) return;
    let more = true;
    if (part.body !== undefined && !part.settled) more = part.body.pushOwned(whole ? piece : copied(piece));
    this.#host.handedOn(part, octets, more);
  }

  #drop(): void {
    this.#chunk = undefined;
    this.#owner = undefined;
    this.#target = undefined;
    this.#size = 0;
    this.#handed = 0;
    this.#filled = 0;
  }
}

function copied(piece: Buffer): Buffer {
  const own = freshChunk(piece.length);
  piece.copy(own);
  return own;
}
