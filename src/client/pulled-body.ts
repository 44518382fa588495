import { type BodyFeed, BodyReader } from "../message/index.js";

/** Where a body made by a policy gets its bytes. */
export interface ChunkSupply {
  /** The next chunk, `undefined` at the end. One call at a time. */
  next(): Promise<Uint8Array | undefined>;
  /** No more is wanted, or something failed. Resolves when what is behind it has let go; never rejects. */
  cancel(reason: unknown): Promise<void>;
}

/** A body that asks for the next chunk when its reader has room, and no sooner. */
export function pulledBody(supply: ChunkSupply): BodyReader {
  const feed = new PulledFeed(supply);
  const reader = new BodyReader(feed, -1);
  feed.reader = reader;
  return reader;
}

/** The same body, each piece of which `onChunk` sees first; it may end it by throwing. */
export function observedBody(raw: BodyReader, onChunk: (bytes: number) => void): BodyReader {
  const supply: ChunkSupply = {
    async next() {
      raw.take();
      const chunk = await raw.read();
      if (chunk !== undefined) onChunk(chunk.byteLength);
      return chunk;
    },
    cancel: (reason) => raw.cancel(reason),
  };
  return pulledBody(supply);
}

class PulledFeed implements BodyFeed {
  readonly #supply: ChunkSupply;
  #pulling = false;
  reader: BodyReader | undefined;

  constructor(supply: ChunkSupply) {
    this.#supply = supply;
  }

  resume(): void {
    if (this.#pulling) return;
    this.#pulling = true;
    void this.#pull();
  }

  cancel(reason: unknown): Promise<void> {
    return this.#supply.cancel(reason);
  }

  async #pull(): Promise<void> {
    const reader = this.reader as BodyReader;
    try {
      do {
        const chunk = await this.#supply.next();
        if (reader.cancelled) return;
        if (chunk === undefined) {
          reader.end();
          return;
        }
        reader.pushOwned(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      } while (reader.wantsMore);
    } catch (error) {
      reader.fail(error);
      void this.#supply.cancel(error);
    } finally {
      this.#pulling = false;
    }
  }
}
