import type { WireSink } from "./wire.js";

/** No server has more to say before it is asked: reading pauses here. */
const MOST_BYTES = 64 * 1024;

/** What happens on a wire before its carrier is there: kept, and told to the carrier in the same order. */
export class EarlyBytes implements WireSink {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #error: NodeJS.ErrnoException | undefined;

  received(buffer: Buffer, bytes: number): boolean {
    // The buffer is shared by all sockets.
    this.#chunks.push(Buffer.from(buffer.subarray(0, bytes)));
    this.#bytes += bytes;
    return this.#bytes < MOST_BYTES;
  }

  nextBuffer(): undefined {
    return undefined;
  }

  ended(): void {
    this.#ended = true;
  }

  failed(error: NodeJS.ErrnoException): void {
    this.#error ??= error;
  }

  tell(sink: WireSink): void {
    for (const chunk of this.#chunks) sink.received(chunk, chunk.length);
    if (this.#error !== undefined) sink.failed(this.#error);
    else if (this.#ended) sink.ended();
  }
}
