import { freshChunk } from "./chunk-memory.js";

/** Pieces shorter than this are put together, or a body in tiny chunks would take hundreds of bytes for each of its own. */
const SMALL_BYTES = 2 * 1024;
const FIRST_BLOCK_BYTES = 1024;
const LAST_BLOCK_BYTES = 64 * 1024;

/**
 * Bytes that wait for their reader, in order. Each chunk that comes out has memory that nothing else is written to.
 * Small pieces share a block; each block that fills up is followed by one twice its size.
 */
export class ChunkQueue {
  readonly #chunks: Buffer[] = [];
  /** The block that small pieces go to, and how far it is filled. */
  #block: Buffer | undefined;
  #filled = 0;
  #nextBlock = FIRST_BLOCK_BYTES;

  /** Takes a copy of the range. */
  copy(buffer: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length >= SMALL_BYTES) {
      const own = freshChunk(length);
      buffer.copy(own, 0, start, end);
      this.#add(own);
      return;
    }
    let from = start;
    while (from < end) {
      this.#block ??= Buffer.allocUnsafeSlow(this.#nextBlock);
      const copied = buffer.copy(this.#block, this.#filled, from, end);
      this.#filled += copied;
      from += copied;
      if (this.#filled < this.#block.length) return;
      this.#nextBlock = Math.min(this.#block.length * 2, LAST_BLOCK_BYTES);
      this.#seal();
    }
  }

  /** Takes a chunk that is the queue's to keep. */
  push(chunk: Buffer): void {
    if (chunk.length < SMALL_BYTES && (this.#block !== undefined || this.#chunks.length > 0)) {
      this.copy(chunk, 0, chunk.length);
    } else {
      this.#add(chunk);
    }
  }

  /** Whether nothing waits in it. */
  get empty(): boolean {
    return this.#chunks.length === 0 && this.#block === undefined;
  }

  shift(): Buffer | undefined {
    if (this.#chunks.length === 0) this.#seal();
    return this.#chunks.shift();
  }

  /** All chunks, which stay the queue's. */
  all(): readonly Buffer[] {
    this.#seal();
    return this.#chunks;
  }

  #add(chunk: Buffer): void {
    this.#seal();
    this.#chunks.push(chunk);
  }

  /** The block, as far as it is filled, becomes a chunk: it may be handed out, and is written to no more. */
  #seal(): void {
    if (this.#block === undefined) return;
    this.#chunks.push(this.#block.subarray(0, this.#filled));
    this.#block = undefined;
    this.#filled = 0;
  }
}
