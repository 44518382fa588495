import { rejection } from "../errors/index.js";
import type { BodyFeed, BodySink, BodyWatcher } from "./body-feed.js";
import { ownCopy } from "./chunk.js";
import { freshChunk } from "./chunk-memory.js";
import { ChunkQueue } from "./chunk-queue.js";
import { OWN_BUFFER_BYTES, ReadMemory } from "./read-memory.js";

// Small response bodies are copied out of the shared read buffer into a slab: one 64 KiB allocation serves
// hundreds of them, where an allocation each would cost more than parsing the response.
const SLAB_BYTES = 64 * 1024;

let slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
let used = 0;

/** Bodies up to this size go to a slab; larger ones would waste what is left of it. */
const SLAB_ITEM_BYTES: number = 8 * 1024;

/** The slab that {@link slabCopy} has filled last. */
function currentSlab(): Buffer {
  return slab;
}

/** Copies the range into the slab and returns its offset there; read {@link currentSlab} right after. */
function slabCopy(source: Buffer, start: number, end: number): number {
  const length = end - start;
  if (used + length > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  const offset = used;
  source.copy(slab, offset, start, end);
  used = offset + length;
  return offset;
}

/** An unread body is read ahead this far, so that a response that fits frees its connection, read or not. */
const READ_AHEAD_BYTES: number = 64 * 1024;
/** The size of the buffers a large body is handed over in; 64 KiB measured best. */
const CHUNK_BYTES = 64 * 1024;
/** Of a body read through a web stream, whose every chunk costs more. */
const STREAM_CHUNK_BYTES = 128 * 1024;
/** `bytes()` of a body of known length reads straight into its result up to this size; beyond it the length
 * is only a claim, and memory is taken as bytes arrive. */
const PREALLOCATED_BYTES = 512 * 1024 * 1024;

const OPEN = 0;
const ENDED = 1;
const FAILED = 2;

/** Settles a promise; to reject it, see `rejection`. */
type Settle<T> = (value: T | Promise<T>) => void;

/**
 * The bytes of one body between the feed that pushes them and the consumer that collects or reads them. At
 * most one consumer; nothing is copied twice.
 */
export class BodyReader {
  #feed: BodyFeed | undefined;
  /** Bytes announced, -1 when unknown. */
  readonly #length: number;
  #state = OPEN;
  #error: unknown;
  /** The first piece: most bodies have no other. */
  #piece: Buffer | undefined;
  #pieceStart = 0;
  #pieceEnd = 0;
  #more: ChunkQueue | undefined;
  #queued = 0;
  /** Set while `collect` waits; the bytes then go to `#memory` or `#more` without a limit. */
  #collecting: Settle<Buffer> | undefined;
  /** Where a large body is read to. */
  #memory: ReadMemory | undefined;
  #reading: Settle<IteratorResult<Uint8Array, undefined>> | undefined;
  #sink: BodySink | undefined;
  /** Whether the feed is to wait although there is room. */
  #held = false;
  #taken = false;
  #cancelled = false;
  #cancelling: Promise<void> | undefined;
  /** Whether the consumer has been given any bytes. */
  delivered = false;
  /** Bytes pushed so far. */
  received = 0;
  /**
   * The signal of the call. Once it aborts nothing more can be read, not even what has arrived (Fetch §5.6 "abort the
   * fetch() call"). It is asked when somebody reads, so that a body costs no listener.
   */
  signal: AbortSignal | undefined = undefined;
  /** Makes the error that a reader is told from the one that ended the body. */
  describe: ((error: unknown) => unknown) | undefined = undefined;
  watcher: BodyWatcher | undefined = undefined;
  /** Told once when the last byte is in. */
  onEnd: (() => void) | undefined = undefined;

  constructor(feed: BodyFeed | undefined, length: number) {
    this.#feed = feed;
    this.#length = length;
  }

  /** A body that is complete and in one piece already. */
  static whole(buffer: Buffer, start: number, end: number): BodyReader {
    const reader = new BodyReader(undefined, end - start);
    reader.#piece = buffer;
    reader.#pieceStart = start;
    reader.#pieceEnd = end;
    reader.#queued = end - start;
    reader.received = end - start;
    reader.#state = ENDED;
    return reader;
  }

  /** A body that is complete, whose bytes still lie in a buffer that will be overwritten. */
  static copied(buffer: Buffer, start: number, end: number): BodyReader {
    const length = end - start;
    if (length <= SLAB_ITEM_BYTES) {
      const offset = slabCopy(buffer, start, end);
      return BodyReader.whole(currentSlab(), offset, offset + length);
    }
    const own = Buffer.allocUnsafeSlow(length);
    buffer.copy(own, 0, start, end);
    return BodyReader.whole(own, 0, length);
  }

  static empty(): BodyReader {
    const reader = new BodyReader(undefined, 0);
    reader.#state = ENDED;
    return reader;
  }

  // ── the feed's side ──────────────────────────────────────────────────────────────────────────────────────

  /** Takes the bytes; returns whether more are wanted now. */
  push(buffer: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (length === 0) return this.wantsMore;
    this.received += length;
    if (this.#cancelled) return true;
    const sink = this.#sink;
    if (sink !== undefined) {
      sink.write(buffer, start, end);
      return this.wantsMore;
    }
    const memory = this.#memory;
    if (memory?.collects === true) {
      memory.fill(buffer, start, end);
      return true;
    }
    const whole = memory?.handOver(buffer, start, end);
    if (whole !== undefined) {
      this.#enqueue(whole);
    } else if (this.#queued === 0 && this.#reading === undefined && length <= SLAB_ITEM_BYTES) {
      this.#pieceStart = slabCopy(buffer, start, end);
      this.#pieceEnd = this.#pieceStart + length;
      this.#piece = currentSlab();
      this.#queued += length;
    } else if (this.#reading !== undefined) {
      const own = freshChunk(length);
      buffer.copy(own, 0, start, end);
      this.#enqueue(own);
    } else {
      this.#queued += length;
      this.#more ??= new ChunkQueue();
      this.#more.copy(buffer, start, end);
    }
    return this.wantsMore;
  }

  /** Whether chunks go to the reader as they are: whoever pushes small ones does well to join them. */
  get handsOn(): boolean {
    return this.#sink === undefined && this.#memory?.collects !== true && !this.#cancelled;
  }

  /** As {@link push}, of a buffer that is the reader's to keep. */
  pushOwned(chunk: Buffer): boolean {
    if (this.#cancelled || chunk.length === 0) return true;
    this.received += chunk.length;
    if (this.#sink !== undefined) {
      this.#sink.write(chunk, 0, chunk.length);
      return this.wantsMore;
    }
    if (this.#memory?.collects === true) {
      this.#memory.fill(chunk, 0, chunk.length);
      return true;
    }
    this.#enqueue(chunk);
    return this.wantsMore;
  }

  /** Whether the feed should go on, or wait for `resume`. */
  get wantsMore(): boolean {
    if (this.#sink !== undefined) return this.#sink.wantsMore;
    if (this.#held) return this.#cancelled;
    return this.#queued < READ_AHEAD_BYTES || this.#collecting !== undefined || this.#cancelled;
  }

  /**
   * The buffer the next read should go to, where the body has one of its own: the result itself while
   * collecting a body of known length, fresh chunks while streaming a large one.
   */
  nextBuffer(): Buffer | undefined {
    if (this.#cancelled || this.#state !== OPEN) return undefined;
    if (this.#sink !== undefined) return this.#sink.target();
    if (!this.#isLarge) return undefined;
    this.#memory ??= new ReadMemory();
    return this.#memory.next(this.#largeChunk);
  }

  /** The size of the chunks that a large body does well to be pushed in; 0 where it is pushed as it comes. */
  get chunkBytes(): number {
    return this.handsOn && this.#isLarge ? this.#largeChunk : 0;
  }

  get #isLarge(): boolean {
    return this.#length < 0 ? this.received > OWN_BUFFER_BYTES : this.#length > OWN_BUFFER_BYTES;
  }

  get #largeChunk(): number {
    return this.watcher === undefined ? CHUNK_BYTES : STREAM_CHUNK_BYTES;
  }

  end(): void {
    if (this.#state !== OPEN) return;
    this.#state = ENDED;
    this.#feed = undefined;
    const collecting = this.#collecting;
    if (collecting !== undefined) {
      this.#collecting = undefined;
      try {
        collecting(this.#assemble());
      } catch (error) {
        collecting(Promise.reject(error)); // larger than a buffer can be
      }
    }
    this.#memory = undefined;
    const reading = this.#reading;
    if (reading !== undefined) {
      this.#reading = undefined;
      reading({ value: undefined, done: true });
    }
    this.#dismiss()?.end();
    this.watcher?.settled();
    this.onEnd?.();
  }

  /** Ends the body with an error: what arrived before it can still be read from a stream, then it throws. */
  fail(error: unknown): void {
    if (this.#state !== OPEN) return;
    this.#state = FAILED;
    const told = this.describe === undefined ? error : this.describe(error);
    this.#error = told;
    this.#feed = undefined;
    this.#memory = undefined;
    this.#collecting?.(rejection(told));
    this.#collecting = undefined;
    this.#reading?.(rejection(told));
    this.#reading = undefined;
    this.#dismiss()?.fail(told);
    this.watcher?.settled();
  }

  // ── the consumer's side ──────────────────────────────────────────────────────────────────────────────────

  /** Whether all bytes are here, so that nothing more will be asked of the feed. */
  get complete(): boolean {
    return this.#state === ENDED;
  }

  get failed(): boolean {
    return this.#state === FAILED;
  }

  /** What it failed with, as readers are told it. */
  get failure(): unknown {
    return this.#error;
  }

  /** Whether nothing is left to read of what has arrived. */
  get empty(): boolean {
    return this.#piece === undefined && this.#more?.empty !== false;
  }

  /** Whether somebody waits for bytes of it. */
  get awaited(): boolean {
    return this.#collecting !== undefined || this.#reading !== undefined;
  }

  /** Bytes that the consumer has been given, or was to be given. */
  get consumed(): number {
    return this.received - this.#queued;
  }

  /** Its length in bytes where that is known beforehand, else -1. */
  get length(): number {
    return this.#length;
  }

  /** Whether a consumer has begun with it. */
  get taken(): boolean {
    return this.#taken;
  }

  take(): void {
    this.#taken = true;
  }

  /** The whole body as text if it is complete and in one piece, else undefined; consumes it. */
  textNow(): string | undefined {
    if (this.#state !== ENDED || this.#more !== undefined) return undefined;
    if (this.signal?.aborted === true) return undefined;
    const piece = this.#piece;
    if (piece === undefined) return "";
    // A byte order mark is dropped, as everywhere on the platform.
    const start =
      piece[this.#pieceStart] === 0xef &&
      this.#pieceEnd - this.#pieceStart >= 3 &&
      piece[this.#pieceStart + 1] === 0xbb &&
      piece[this.#pieceStart + 2] === 0xbf
        ? this.#pieceStart + 3
        : this.#pieceStart;
    this.#piece = undefined;
    return piece.toString("utf8", start, this.#pieceEnd);
  }

  /** All bytes, when they have arrived. The buffer is the caller's alone, unless it is a `shared` small one. */
  collect(): Promise<Buffer> {
    if (this.signal?.aborted === true) return Promise.reject(this.signal.reason);
    if (this.#state === ENDED) return Promise.resolve(this.#assemble());
    if (this.#state === FAILED) return rejection(this.#error);
    this.delivered = true;
    this.#held = false;
    return new Promise<Buffer>((resolve) => {
      this.#collecting = resolve;
      if (this.#length > OWN_BUFFER_BYTES && this.#length <= PREALLOCATED_BYTES) this.#intoResult();
      this.#feed?.resume();
    });
  }

  /** The next bytes, as an iterator gives them, so that iterating costs one promise a chunk. One call at a time. */
  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.signal?.aborted === true) return Promise.reject(this.signal.reason);
    this.#held = false;
    const chunk = this.#dequeue();
    if (chunk !== undefined) {
      this.delivered = true;
      if (this.#state === OPEN && this.#queued < READ_AHEAD_BYTES) this.#feed?.resume();
      return Promise.resolve({ value: chunk, done: false });
    }
    if (this.#state === ENDED) return Promise.resolve({ value: undefined, done: true });
    if (this.#state === FAILED) return rejection(this.#error);
    if (this.#cancelled) return Promise.reject(closedEarly());
    return new Promise((resolve) => {
      this.#reading = resolve;
      this.#feed?.resume();
    });
  }

  /** Lets everything from here on go to `sink`, what has arrived already first. */
  pourInto(sink: BodySink): void {
    this.#taken = true;
    this.delivered = true;
    if (this.signal?.aborted === true) {
      sink.fail(this.signal.reason);
      return;
    }
    for (let chunk = this.#dequeue(); chunk !== undefined; chunk = this.#dequeue()) {
      sink.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength), 0, chunk.byteLength);
    }
    if (this.#state === ENDED) sink.end();
    else if (this.#state === FAILED) sink.fail(this.#error);
    else if (this.#cancelled) sink.fail(closedEarly());
    else {
      this.#sink = sink;
      this.#held = false;
      this.#feed?.resume();
    }
  }

  /** Goes on after the sink wanted no more for a while. */
  resume(): void {
    if (this.#state === OPEN && !this.#cancelled) this.#feed?.resume();
  }

  /** Takes the sink away; the bytes are the reader's own again, and no more are wanted until somebody asks. */
  takeBack(): void {
    this.#sink = undefined;
    this.#held = true;
  }

  /** The next bytes, `undefined` at the end. */
  async read(): Promise<Uint8Array | undefined> {
    return (await this.next()).value;
  }

  /**
   * Gives the rest up. Resolves when the feed has let go of the body. Whoever still waits for bytes is told so: what
   * is not the end must not look like it.
   */
  cancel(reason: unknown): Promise<void> {
    this.#taken = true;
    if (this.#cancelling !== undefined) return this.#cancelling;
    this.#piece = undefined;
    this.#more = undefined;
    this.#queued = 0;
    if (this.#state !== OPEN) return Promise.resolve();
    this.#cancelled = true;
    this.#memory = undefined;
    this.#collecting?.(Promise.reject(closedEarly()));
    this.#collecting = undefined;
    this.#reading?.(Promise.reject(closedEarly()));
    this.#reading = undefined;
    this.#dismiss()?.fail(reason ?? closedEarly());
    this.#cancelling = this.#feed?.cancel(reason) ?? Promise.resolve();
    return this.#cancelling;
  }

  #dismiss(): BodySink | undefined {
    const sink = this.#sink;
    this.#sink = undefined;
    return sink;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  #enqueue(chunk: Buffer): void {
    const reading = this.#reading;
    if (reading !== undefined) {
      this.#reading = undefined;
      this.delivered = true;
      reading({ value: chunk, done: false });
      return;
    }
    this.#queued += chunk.length;
    this.#more ??= new ChunkQueue();
    this.#more.push(chunk);
  }

  #dequeue(): Uint8Array | undefined {
    const piece = this.#piece;
    if (piece !== undefined) {
      this.#piece = undefined;
      this.#queued -= this.#pieceEnd - this.#pieceStart;
      return ownCopy(piece, this.#pieceStart, this.#pieceEnd);
    }
    const chunk = this.#more?.shift();
    if (chunk !== undefined) this.#queued -= chunk.length;
    return chunk;
  }

  /** Turns to reading straight into the final buffer; what is queued moves there. */
  #intoResult(): void {
    const first = this.#piece === undefined ? [] : [this.#piece.subarray(this.#pieceStart, this.#pieceEnd)];
    this.#memory ??= new ReadMemory();
    this.#memory.collect(this.#length, [...first, ...(this.#more?.all() ?? [])]);
    this.#piece = undefined;
    this.#more = undefined;
    this.#queued = 0;
  }

  #assemble(): Buffer {
    if (this.#memory?.collects === true) return this.#memory.take();
    const piece = this.#piece;
    const more = this.#more?.all();
    this.#piece = undefined;
    this.#more = undefined;
    this.#queued = 0;
    if (piece === undefined) {
      if (more === undefined) return Buffer.alloc(0);
      return more.length === 1 ? (more[0] as Buffer) : Buffer.concat(more);
    }
    const first = piece.subarray(this.#pieceStart, this.#pieceEnd);
    return more === undefined ? first : Buffer.concat([first, ...more]);
  }
}

/** The error of a reader whose body was closed meanwhile. */
export function closedEarly(): Error {
  return new Error("The response body was closed before its end");
}
