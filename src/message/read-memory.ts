import { freshChunk } from "./chunk-memory.js";

/** A body known to be larger is read into buffers of its own that are handed over uncopied. */
export const OWN_BUFFER_BYTES: number = 256 * 1024;
/**
 * The rest of a result goes through the shared buffer once it is shorter than this, which is what TLS gives at most at
 * once: a buffer that ended with the body would hide what came behind it in the same record.
 */
const TAIL_BYTES = 16 * 1024;
/** A read that filled less of a buffer than this is copied out, and the buffer used again. */
const HAND_OVER_BYTES = 16 * 1024;

/**
 * The memory that a large body is read into without a copy on the way: the result itself while it is collected, else
 * one fresh buffer after the other, each handed over.
 */
export class ReadMemory {
  #result: Buffer | undefined;
  #filled = 0;
  /** What {@link next} gave last. */
  #view: Buffer | undefined;

  /** Whether the bytes go to their result. */
  get collects(): boolean {
    return this.#result !== undefined;
  }

  /** From here on bytes go straight into a result of this length, behind those that have come. */
  collect(length: number, pieces: Iterable<Buffer>): void {
    const result = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    for (const piece of pieces) filled += piece.copy(result, filled);
    this.#view = undefined;
    this.#result = result;
    this.#filled = filled;
  }

  /** Where the next read should go: `bytes` of it where it is not the result; `undefined` for the shared buffer. */
  next(bytes: number): Buffer | undefined {
    const result = this.#result;
    if (result === undefined) {
      this.#view ??= freshChunk(bytes);
    } else {
      if (result.length - this.#filled < TAIL_BYTES) return undefined;
      this.#view = result.subarray(this.#filled, this.#filled + OWN_BUFFER_BYTES);
    }
    return this.#view;
  }

  /** Adds bytes to the result. */
  fill(buffer: Buffer, start: number, end: number): void {
    // A read that went to the view is where it belongs already.
    if (buffer !== this.#view) buffer.copy(this.#result as Buffer, this.#filled, start, end);
    this.#filled += end - start;
  }

  /** The bytes as a chunk that is their taker's to keep, where the read that brought them filled enough of its own buffer. */
  handOver(buffer: Buffer, start: number, end: number): Buffer | undefined {
    if (buffer !== this.#view || end - start < HAND_OVER_BYTES) return undefined;
    // The consumer may transfer the chunk's memory away, so no later read goes there.
    this.#view = undefined;
    return start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end);
  }

  /** The result, as far as it was filled: never memory that nothing was written to, whatever length was announced. */
  take(): Buffer {
    const result = this.#result as Buffer;
    this.#result = undefined;
    this.#view = undefined;
    return this.#filled === result.length ? result : result.subarray(0, this.#filled);
  }
}
