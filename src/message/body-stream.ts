import type { ReadableByteStreamController, UnderlyingByteSource } from "node:stream/web";
import type { BodyReader, BodyWatcher } from "./body-reader.js";

export type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** The body as a byte stream, which asks for bytes when its reader does, and ends when the body does. */
export function streamOf(body: BodyReader): ByteStream {
  return new ReadableStream(new BodyStreamSource(body), { highWaterMark: 0 }) as ByteStream;
}

class BodyStreamSource implements UnderlyingByteSource, BodyWatcher {
  readonly type = "bytes";
  readonly #body: BodyReader;
  #controller: ReadableByteStreamController | undefined;
  /** Whether bytes are on their way to the controller. */
  #pulling = false;
  readonly #aborted = (): void => this.#release()?.error(this.#body.signal?.reason);

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

  async pull(): Promise<void> {
    const body = this.#body;
    body.take();
    this.#pulling = true;
    let chunk: Uint8Array | undefined;
    try {
      chunk = (await body.next()).value;
    } finally {
      this.#pulling = false;
    }
    if (chunk !== undefined) this.#controller?.enqueue(chunk);
    this.settled();
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

/** A stream that has been read to its end by somebody who still holds it, as a body is that was used before it was asked for. */
export function usedStream(): ByteStream {
  const stream = new ReadableStream({ type: "bytes" }) as ByteStream;
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
  const copies = new ReadableStream<Uint8Array<ArrayBuffer>>(
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
    if (!isUint8Array(value)) {
      throw new TypeError("Cannot read this body as its stream gave a chunk that is no Uint8Array");
    }
    chunks.push(value);
  }
  return chunks.length === 1 ? Buffer.from(chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

function isUint8Array(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) &&
      (value as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag] === "Uint8Array")
  );
}
