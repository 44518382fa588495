import type { Transform } from "node:stream";
import type { BodyReader, ChunkSupply, Request } from "../../message/index.js";
import type { Coding } from "./codings.js";
import { brokenCoding, tooLarge } from "./decode-error.js";
import type { DecodeLimits } from "./decode-limits.js";

/** A body that is here already is decoded in one call up to this size, which costs a fifth of a stream. */
const SYNC_READ = 32 * 1024;
/** And as long as no more than this comes out: half a millisecond of the event loop's time. */
const SYNC_WRITE = 256 * 1024;

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** Undoes the codings of a body, in the order given. */
export class DecodedChunks implements ChunkSupply {
  readonly #raw: BodyReader;
  readonly #codings: readonly Coding[];
  readonly #meter: Meter;
  readonly #request: Request;
  readonly #streams: Transform[] = [];
  #chunks: Chunks | undefined;
  /** Set when the body failed by itself: then nothing is wrong with its coding. */
  #rawError: { readonly error: unknown } | undefined;
  #done = false;

  constructor(raw: BodyReader, codings: readonly Coding[], limits: DecodeLimits, request: Request) {
    this.#raw = raw;
    this.#codings = codings;
    this.#meter = new Meter(limits, request);
    this.#request = request;
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#done) return undefined;
    if (this.#chunks === undefined) {
      this.#raw.take();
      let whole: Buffer | undefined;
      if (this.#raw.complete && this.#raw.received <= SYNC_READ) {
        whole = await this.#raw.collect();
        // Empty after all, which was not known when the response came: there is nothing to undo.
        if (whole.byteLength === 0) {
          this.#done = true;
          return undefined;
        }
        const now = this.#decodeNow(whole);
        if (now !== undefined) {
          this.#done = true;
          return now.byteLength === 0 ? undefined : now;
        }
      }
      this.#chunks = this.#decoding(whole);
    }
    try {
      const result = await this.#chunks.next();
      if (result.done !== true) return result.value;
      // The coded stream may end before the body does; whoever waits for its end must not wait for what lies behind.
      if (!this.#raw.complete) void this.#raw.cancel(undefined);
      return undefined;
    } catch (error) {
      throw this.#rawError === undefined ? error : this.#rawError.error;
    }
  }

  async cancel(reason: unknown): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    await this.#raw.cancel(reason);
  }

  /** All of it at once; `undefined` when so much comes out that it must be streamed. */
  #decodeNow(whole: Buffer): Uint8Array | undefined {
    let bytes: Uint8Array = whole;
    for (const coding of this.#codings) {
      try {
        const frames = coding.frames?.();
        frames?.push(bytes);
        bytes = coding.sync(bytes, SYNC_WRITE);
        if (frames?.complete === false) throw cutShort();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
        throw brokenCoding(this.#request, coding.name, error);
      }
      this.#meter.check(coding.name, bytes.byteLength);
    }
    return ownChunk(bytes);
  }

  #decoding(whole: Buffer | undefined): Chunks {
    let chunks = whole === undefined ? this.#rawChunks() : this.#wholeChunk(whole);
    for (const [stage, coding] of this.#codings.entries()) chunks = this.#undo(coding, chunks, stage);
    return chunks;
  }

  async *#wholeChunk(whole: Buffer): Chunks {
    yield whole;
  }

  async *#rawChunks(): Chunks {
    try {
      for (;;) {
        const chunk = await this.#raw.read();
        if (chunk === undefined) return;
        yield chunk;
      }
    } catch (error) {
      this.#rawError = { error };
      throw error;
    }
  }

  async *#undo(coding: Coding, input: Chunks, stage: number): Chunks {
    const first = await input.next();
    if (first.done === true) return; // an empty body is not a stream cut short
    const stream = coding.stream(first.value);
    this.#streams.push(stream);
    if (stage === 0) this.#meter.readsFrom(stream);
    let failure: { readonly error: unknown } | undefined;
    const failed = (error: unknown): void => {
      failure = { error };
      stream.destroy();
    };
    const frames = coding.frames?.();
    void feed(stream, first.value, input, (chunk) => frames?.push(chunk)).catch(failed);
    let written = 0;
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        written += chunk.byteLength;
        this.#meter.check(coding.name, written);
        yield ownChunk(chunk);
      }
      if (failure === undefined && frames?.complete === false) throw cutShort();
    } catch (error) {
      if (failure !== undefined) throw failure.error;
      throw isZlibError(error) ? brokenCoding(this.#request, coding.name, error) : error;
    }
    // The iteration of a stream that was destroyed without an error just ends.
    if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
  }
}

/** Writes the chunks into the stream at its pace. */
async function feed(
  stream: Transform,
  first: Uint8Array,
  rest: Chunks,
  onChunk: (chunk: Uint8Array) => void,
): Promise<void> {
  for (let chunk: Uint8Array | undefined = first; chunk !== undefined && !stream.destroyed; ) {
    onChunk(chunk);
    if (!stream.write(chunk)) await room(stream);
    const next: IteratorResult<Uint8Array, void> = await rest.next();
    chunk = next.done === true ? undefined : next.value;
  }
  if (!stream.destroyed) stream.end();
}

function room(stream: Transform): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      stream.off("drain", go).off("close", go);
      resolve();
    };
    stream.on("drain", go).on("close", go);
  });
}

/** Zlib gives parts of a buffer it goes on writing to, and whoever gets a chunk may transfer its memory away. */
function ownChunk(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

/** As zlib says it of the codings it watches itself. */
function cutShort(): Error {
  return Object.assign(new Error("unexpected end of file"), { code: "Z_BUF_ERROR", errno: -5 });
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && "errno" in error && "code" in error;
}

/** Up to here any ratio is fine: a small body of spaces is not an attack. */
const RATIO_FREE_BYTES = 1024 * 1024;
/** From here on a body that is streamed must not live on one byte over and over. */
const LARGE_BYTES = 32 * 1024 * 1024;

/** Watches how much comes out of each stage of decoding for what went in. */
class Meter {
  readonly #limits: DecodeLimits;
  readonly #request: Request;
  #source: { readonly bytesWritten: number } | undefined;

  constructor(limits: DecodeLimits, request: Request) {
    this.#limits = limits;
    this.#request = request;
  }

  /** What the first stage has taken in is counted, not what arrived: a bomb whose rest waits unread is one as well. */
  readsFrom(firstStage: { readonly bytesWritten: number }): void {
    this.#source = firstStage;
  }

  /** @throws NetworkError when `written` bytes, all that one stage gave so far, are too many. */
  check(coding: string, written: number): void {
    const { maxBytes, maxRatio, maxLargeRatio } = this.#limits;
    if (written > maxBytes) throw tooLarge(this.#request, coding, `${maxBytes} bytes (decompress.maxBytes)`);
    if (written <= RATIO_FREE_BYTES) return;
    const most = written > LARGE_BYTES ? maxLargeRatio : maxRatio;
    if (written > (this.#source?.bytesWritten ?? 0) * most) {
      throw tooLarge(this.#request, coding, `${most} times its size (decompress.maxRatio)`);
    }
  }
}
