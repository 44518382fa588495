import type {
  ReadableByteStreamController,
  ReadableStreamBYOBRequest,
  UnderlyingByteSource,
} from "node:stream/web";
import type { BodySink, BodyWatcher } from "./body-feed.js";
import type { BodyReader } from "./body-reader.js";
import { isBytes, ownCopy } from "./chunk.js";
import { readableStreams } from "./platform.js";

/** A body as a web stream of bytes. */
export type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** The body as a byte stream, which asks for bytes when its reader does, and ends when the body does. */
export function streamOf(body: BodyReader): ByteStream {
  return new (readableStreams())(new BodyStreamSource(body), { highWaterMark: 0 }) as ByteStream;
}

class BodyStreamSource implements UnderlyingByteSource, BodyWatcher {
  readonly type = "bytes";
  readonly #body: BodyReader;
  #controller: ReadableByteStreamController | undefined;
  /** Whether bytes are on their way to the controller. */
  #pulling = false;
  readonly #aborted = (): void => this.#release()?.error(this.#body.signal?.reason);

  readonly #pulled = ({ value }: IteratorResult<Uint8Array, undefined>): void => {
    this.#pulling = false;
    if (value !== undefined) this.#controller?.enqueue(value);
    this.settled();
  };
  readonly #broke = (error: unknown): never => {
    this.#pulling = false;
    throw error;
  };

  constructor(body: BodyReader) {
    this.#body = body;
  }

  start(controller: ReadableByteStreamController): void {
    const body = this.#body;
    this.#controller = controller;
    body.watcher = this;
    if (body.signal?.aborted === true) this.#aborted();
    else body.signal?.addEventListener("abort", this.#aborted, { once: true });
    this.settled();
  }

  pull(controller: ReadableByteStreamController): Promise<void> {
    const body = this.#body;
    body.take();
    const request = controller.byobRequest;
    if (
      request?.view != null &&
      body.empty &&
      !body.complete &&
      !body.failed &&
      body.signal?.aborted !== true
    ) {
      return this.#fill(request, request.view);
    }
    this.#pulling = true;
    return body.next().then(this.#pulled, this.#broke);
  }

  /** Reads into the reader's own memory what the connection brings next. */
  #fill(request: ReadableStreamBYOBRequest, view: ArrayBufferView): Promise<void> {
    this.#pulling = true;
    return new Promise((resolve) => {
      const done = (): void => {
        this.#pulling = false;
        this.#body.takeBack();
        resolve();
      };
      const sink = new ViewSink(this.#body, view, (filled, rest) => {
        done();
        // What ended meanwhile has no controller to be told.
        if (this.#controller === undefined) return;
        if (filled > 0) request.respond(filled);
        if (rest !== undefined) this.#controller.enqueue(rest);
        this.settled();
      });
      this.#body.pourInto(sink);
    });
  }

  async cancel(reason: unknown): Promise<void> {
    this.#release();
    await this.#body.cancel(reason);
  }

  settled(): void {
    const body = this.#body;
    if (this.#pulling || !body.empty) return;
    if (body.failed) this.#release()?.error(body.failure);
    if (!body.complete) return;
    const controller = this.#release();
    controller?.close();
    // A pending BYOB read is answered only by this.
    controller?.byobRequest?.respond(0);
  }

  /** The controller, the first time: whoever asks ends the stream. */
  #release(): ReadableByteStreamController | undefined {
    const controller = this.#controller;
    this.#controller = undefined;
    this.#body.watcher = undefined;
    this.#body.signal?.removeEventListener("abort", this.#aborted);
    return controller;
  }
}

/** Fills one view of a BYOB reader with what comes next, be it less than fits: nobody knows whether more follows soon. */
class ViewSink implements BodySink {
  readonly #body: BodyReader;
  readonly #view: Buffer;
  readonly #done: (filled: number, rest: Uint8Array<ArrayBuffer> | undefined) => void;
  #target: Buffer | undefined;
  wantsMore = true;

  constructor(
    body: BodyReader,
    { buffer, byteOffset, byteLength }: ArrayBufferView,
    done: (filled: number, rest: Uint8Array<ArrayBuffer> | undefined) => void,
  ) {
    this.#body = body;
    this.#view = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    this.#done = done;
  }

  /**
   * The memory is given back within the read that fills it, so nothing but bytes of the body may be read into it: of one
   * that comes in chunks, framing stands between them.
   */
  target(): Buffer | undefined {
    const left = this.#body.length - this.#body.received;
    this.#target = this.wantsMore && left > 0 ? this.#view.subarray(0, left) : undefined;
    return this.#target;
  }

  write(buffer: Buffer, start: number, end: number): void {
    const taken = Math.min(end - start, this.#view.length);
    if (buffer !== this.#target) buffer.copy(this.#view, 0, start, start + taken);
    this.#finish(taken, start + taken < end ? ownCopy(buffer, start + taken, end) : undefined);
  }

  end(): void {
    this.#finish(0, undefined);
  }

  fail(): void {
    this.#finish(0, undefined);
  }

  #finish(filled: number, rest: Uint8Array<ArrayBuffer> | undefined): void {
    if (!this.wantsMore) return;
    // The memory goes back to the reader now, and the connection must not read into it any more.
    this.wantsMore = false;
    this.#done(filled, rest);
  }
}

/** A stream that has been read to its end by somebody who still holds it, as a body is that was used before it was asked for. */
export function usedStream(): ByteStream {
  const stream = new (readableStreams())({ type: "bytes" }) as ByteStream;
  void stream.getReader().cancel();
  return stream;
}

/**
 * Splits a stream for a clone: the second branch gets copies of the chunks (Streams "ReadableStreamTee" with
 * `cloneForBranch2`), so that neither side can change or transfer away what the other will read.
 */
export function teeStream(stream: ByteStream): [ByteStream, ByteStream] {
  const [mine, theirs] = stream.tee() as [ByteStream, ByteStream];
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  const copies = new (readableStreams())<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        reader ??= theirs.getReader();
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(structuredClone(value));
      },
      cancel(reason: unknown) {
        return reader === undefined ? theirs.cancel(reason) : reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return [mine, copies];
}

/** All bytes of a stream, by its reader (Streams "read all bytes"). @throws TypeError for a chunk that is no `Uint8Array`. */
export async function readAllBytes(reader: ReadableStreamDefaultReader<unknown>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!isBytes(value)) {
      throw new TypeError("Cannot read this body: its stream returned a chunk that is not a Uint8Array");
    }
    chunks.push(value);
  }
  return chunks.length === 1 ? Buffer.from(chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

type Step = IteratorResult<Uint8Array, undefined>;

/**
 * Iterates over a body. By hand and not as an async generator, which makes three promises more for each chunk.
 */
export class BodyIterator implements AsyncIterableIterator<Uint8Array, undefined, undefined> {
  readonly #body: BodyReader | undefined;
  #refusal: Promise<never> | undefined;

  /** Without a body it is at its end at once; with a refusal its first step fails with that. */
  constructor(body: BodyReader | undefined, refusal: Promise<never> | undefined) {
    this.#body = body;
    this.#refusal = refusal;
    refusal?.catch(() => undefined);
  }

  next(): Promise<Step> {
    const refusal = this.#refusal;
    if (refusal !== undefined) {
      this.#refusal = undefined;
      return refusal;
    }
    return this.#body?.next() ?? Promise.resolve({ value: undefined, done: true });
  }

  /** The loop was left early. */
  async return(): Promise<Step> {
    await this.#body?.cancel(undefined);
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
