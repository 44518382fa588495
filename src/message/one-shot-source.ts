import { Readable } from "node:stream";
import { chunkBytes } from "./chunk.js";
import type { BodySource } from "./source.js";

/** A `ReadableStream`, the platform's or another library's. */
export interface WebStreamLike {
  /** Whether it has a reader; such a stream cannot be sent. */
  readonly locked: boolean;
  /** Locks the stream and returns its reader. */
  getReader(): unknown;
  /** Tells the source that nothing more will be read. */
  cancel(reason?: unknown): Promise<void>;
}

interface WebReader {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

/** A Node `Readable`. */
export interface NodeStreamLike extends AsyncIterable<unknown> {
  readonly destroyed?: boolean;
  readonly errored?: unknown;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  pipe(destination: never): unknown;
  destroy?(reason?: Error): unknown;
}

/** A stream of any kind, reduced to what a body needs of it. */
interface ChunkStream {
  /** Whether chunks may be strings. */
  readonly text: boolean;
  /** The next chunk. Called one at a time. */
  pull(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  /** Ends it early, whether or not it was pulled from. */
  close(reason: unknown): unknown;
}

/**
 * A body that can be read once. It closes its stream exactly once, and not at all when it was read to the end
 * or failed by itself.
 */
export class OneShotSource implements BodySource {
  readonly length: undefined = undefined;
  readonly contentType: undefined = undefined;
  readonly replayable = false as const;
  readonly small: undefined = undefined;
  readonly #stream: ChunkStream;
  #opened = false;
  #ended = false;
  /** What the iterator throws once it was cancelled. */
  #failure: { readonly error: unknown } | undefined = undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(stream: ChunkStream) {
    this.#stream = stream;
  }

  open(): AsyncIterator<Uint8Array, undefined, undefined> {
    if (this.#opened) {
      throw new TypeError(
        "Cannot send this request body again: it is a stream that was already sent; use a string, bytes or a Blob",
      );
    }
    this.#opened = true;
    return {
      next: () => this.#next(),
      return: async () => {
        await this.#end();
        return { done: true, value: undefined };
      },
    };
  }

  /** May take as long as what is behind it takes to close. */
  cancel(reason?: unknown): Promise<void> {
    if (!this.#ended) this.#failure = { error: reason ?? new Error("The request body was cancelled") };
    return this.#end(reason);
  }

  #end(reason?: unknown): Promise<void> {
    if (!this.#ended) {
      this.#ended = true;
      this.#closing = this.#close(reason);
    }
    return this.#closing;
  }

  async #close(reason: unknown): Promise<void> {
    try {
      await this.#stream.close(reason);
    } catch {
      // Whoever cancels has a failure to report already; that closing failed too tells nobody anything.
    }
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    while (!this.#ended) {
      const result = await this.#pull();
      // A pull that a cancellation ended looks like the end of the stream, and must not be taken for one.
      if (this.#ended) break;
      if (result.done === true) {
        this.#ended = true;
        break;
      }
      const chunk = this.#bytes(result.value);
      if (chunk.length > 0) return { done: false, value: chunk };
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return { done: true, value: undefined };
  }

  async #pull(): ReturnType<ChunkStream["pull"]> {
    try {
      return await this.#stream.pull();
    } catch (error) {
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#ended = true;
      throw error;
    }
  }

  #bytes(value: unknown): Uint8Array {
    try {
      return chunkBytes(value, this.#stream.text);
    } catch (error) {
      // Not waited for: the error is the news, and a generator may take its time to close.
      void this.cancel(error);
      throw error;
    }
  }
}

/** @throws TypeError when the stream is locked or was read from already. */
export function fromWebStream(stream: WebStreamLike): ChunkStream {
  if (stream.locked) {
    throw new TypeError("Cannot use this ReadableStream as a request body: it is locked to a reader");
  }
  if (isDisturbed(stream)) {
    throw new TypeError("Cannot use this ReadableStream as a request body: it has already been read from");
  }
  let reader: WebReader | undefined;
  return {
    text: false,
    async pull() {
      reader ??= stream.getReader() as WebReader;
      const result = await reader.read();
      if (result.done) reader.releaseLock();
      return result;
    },
    close(reason) {
      return reader === undefined ? stream.cancel(reason) : reader.cancel(reason);
    },
  };
}

/** @throws TypeError when the stream is destroyed or was read from already; one that failed fails when it is read. */
export function fromNodeStream(stream: NodeStreamLike): ChunkStream {
  if (!stream.errored && (stream.destroyed === true || isDisturbed(stream))) {
    throw new TypeError("Cannot use this stream as a request body: it has already been read or destroyed");
  }
  // While the request waits for its connection nobody else listens, and an 'error' nobody hears ends the process.
  // The stream keeps the error, and its iterator gives it to whoever reads.
  stream.on("error", () => undefined);
  let iterator: AsyncIterator<unknown> | undefined;
  return {
    text: true,
    pull() {
      iterator ??= stream[Symbol.asyncIterator]();
      return iterator.next();
    },
    close() {
      // Without the reason: there may be listeners for 'error' to whom it would be news that the stream failed.
      stream.destroy?.();
    },
  };
}

/** Chunks from anything that can be iterated. */
export function fromIterable(source: AsyncIterable<unknown> | Iterable<unknown>): ChunkStream {
  let iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  const start = () =>
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  return {
    text: true,
    async pull() {
      iterator ??= start();
      return iterator.next();
    },
    async close() {
      // What was never iterated has nothing to clean up, unless it is an iterator itself.
      if (iterator === undefined && "next" in source) iterator = start();
      await iterator?.return?.();
    },
  };
}

/** Whether anything was read from a stream, of Node or of the web. */
export function isDisturbed(stream: object): boolean {
  return Readable.isDisturbed(stream as Readable);
}
