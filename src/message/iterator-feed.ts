import type { BodyFeed } from "./body-feed.js";
import { BodyReader } from "./body-reader.js";
import { ownCopy } from "./chunk.js";
import type { BodySource } from "./source.js";

/** What a feed needs of a source. */
type FeedSource = Pick<BodySource, "open" | "length" | "cancel" | "replayable">;

/** A reader over a body source: of responses made by hand, clones, and decoded bodies. */
export function feedFromIterator(source: FeedSource): BodyReader {
  const feed = new IteratorFeed(source);
  const reader = new BodyReader(feed, source.length ?? -1);
  feed.reader = reader;
  return reader;
}

class IteratorFeed implements BodyFeed {
  readonly #source: FeedSource;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #pulling = false;
  reader: BodyReader | undefined;

  constructor(source: FeedSource) {
    this.#source = source;
  }

  resume(): void {
    if (!this.#pulling) void this.#pull();
  }

  async #pull(): Promise<void> {
    const reader = this.reader as BodyReader;
    this.#pulling = true;
    try {
      this.#iterator ??= this.#source.open();
      do {
        const next = await this.#iterator.next();
        if (next.done === true) {
          reader.end();
          return;
        }
        const bytes = next.value;
        // A part of a larger buffer (Node's pool, zlib's output) is not ours to keep: a byte stream detaches the
        // whole buffer of what it is given. Nor is what the source will give again.
        const { buffer, byteOffset, byteLength } =
          bytes.byteLength === bytes.buffer.byteLength && !this.#source.replayable
            ? bytes
            : ownCopy(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength);
        if (!reader.pushOwned(Buffer.from(buffer, byteOffset, byteLength))) break;
      } while (reader.wantsMore && !reader.cancelled);
    } catch (error) {
      reader.fail(error);
    } finally {
      this.#pulling = false;
    }
  }

  async cancel(reason: unknown): Promise<void> {
    // A stream that was never read from is closed all the same: a connection may hang on it.
    if (this.#iterator === undefined) await this.#source.cancel(reason);
    else await this.#iterator.return?.();
    this.reader?.end();
  }
}
