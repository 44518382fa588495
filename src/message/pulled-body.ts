import type { BodyFeed } from "./body-feed.js";
import { BodyReader } from "./body-reader.js";
import { ownCopy } from "./chunk.js";
import type { BodySource } from "./source.js";

/** Where a body that nobody pushes gets its bytes. */
export interface ChunkSupply {
  /** The next chunk, which is its taker's to keep; `undefined` at the end. One call at a time. */
  next(): Promise<Uint8Array | undefined>;
  /** No more is wanted, or something failed. Resolves when what is behind it has let go. */
  cancel(reason: unknown): Promise<void>;
}

/** A body that asks for the next chunk when its reader has room, and no sooner. `length`: its bytes, where known. */
export function pulledBody(supply: ChunkSupply, length = -1): BodyReader {
  const feed = new PulledFeed(supply);
  const reader = new BodyReader(feed, length);
  feed.reader = reader;
  return reader;
}

/** The same body, each piece of which `onChunk` sees first; it may end it by throwing. */
export function observedBody(raw: BodyReader, onChunk: (bytes: number) => void): BodyReader {
  return pulledBody({
    async next() {
      raw.take();
      const chunk = await raw.read();
      if (chunk !== undefined) onChunk(chunk.byteLength);
      return chunk;
    },
    cancel: (reason) => raw.cancel(reason),
  });
}

/** What is read of a source. */
type PulledSource = Pick<BodySource, "open" | "length" | "cancel" | "replayable">;

/** A body out of a source: of responses made by hand, and of clones. */
export function sourceBody(source: PulledSource): BodyReader {
  let iterator: AsyncIterator<Uint8Array, undefined, undefined> | undefined;
  const reader: BodyReader = pulledBody(
    {
      async next() {
        iterator ??= source.open();
        const { value, done } = await iterator.next();
        return done === true ? undefined : ownBytes(value, source.replayable);
      },
      async cancel(reason) {
        // A stream that was never read from is closed all the same: a connection may hang on it.
        if (iterator === undefined) await source.cancel(reason);
        else await iterator.return?.();
        reader.end();
      },
    },
    source.length,
  );
  return reader;
}

/**
 * A part of a larger buffer (Node's pool, zlib's output) is not ours to keep: a byte stream detaches the whole buffer
 * of what it is given. Nor is what the source will give again.
 */
function ownBytes(bytes: Uint8Array, again: boolean): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteLength === buffer.byteLength && !again) return bytes;
  return ownCopy(Buffer.from(buffer, byteOffset, byteLength), 0, byteLength);
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
      } while (reader.wantsMore && !reader.cancelled);
    } catch (error) {
      reader.fail(error);
      // The failure is the news; that closing failed too tells nobody anything.
      void this.#supply.cancel(error).catch(() => undefined);
    } finally {
      this.#pulling = false;
    }
  }
}
