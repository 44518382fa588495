import { chunkBytes } from "./chunk.js";
import type { BodySource } from "./source.js";

/** A `Blob` or `File`, the platform's or another library's. */
export interface BlobLike {
  /** Its length in bytes. */
  readonly size: number;
  /** Its media type; empty when it has none. */
  readonly type: string;
  /** Its bytes as a web stream. */
  stream(): unknown;
  /** All its bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

type Chunks = AsyncIterator<Uint8Array, undefined, undefined>;

const NO_BYTES: Uint8Array = new Uint8Array(0);
const NOTHING: Promise<void> = Promise.resolve();

/** What all bodies share that can be read any number of times: there is nothing to close. */
abstract class ReplayableSource implements BodySource {
  readonly replayable = true as const;
  abstract readonly length: number | undefined;
  abstract readonly contentType: string | undefined;
  abstract readonly small: string | Uint8Array | undefined;
  abstract open(): Chunks;

  cancel(): Promise<void> {
    return NOTHING;
  }
}

/** A string, sent as UTF-8. */
export class TextSource extends ReplayableSource {
  readonly contentType: string | undefined;
  readonly small: string;
  #length = -1;

  constructor(text: string, contentType: string | undefined) {
    super();
    this.small = text;
    this.contentType = contentType;
  }

  get length(): number {
    if (this.#length === -1) this.#length = Buffer.byteLength(this.small);
    return this.#length;
  }

  async *open(): AsyncGenerator<Uint8Array, undefined, undefined> {
    if (this.small !== "") yield Buffer.from(this.small);
  }
}

/** Bytes that nobody else changes any more. */
export class BytesSource extends ReplayableSource {
  readonly contentType: string | undefined;
  readonly small: Uint8Array;

  constructor(bytes: Uint8Array, contentType: string | undefined) {
    super();
    this.small = bytes;
    this.contentType = contentType;
  }

  get length(): number {
    return this.small.length;
  }

  async *open(): AsyncGenerator<Uint8Array, undefined, undefined> {
    if (this.small.length > 0) yield this.small;
  }
}

/** A blob, read anew each time it is opened. */
export class BlobSource extends ReplayableSource {
  readonly small: undefined = undefined;
  readonly #blob: BlobLike;

  constructor(blob: BlobLike) {
    super();
    this.#blob = blob;
  }

  get length(): number {
    return this.#blob.size;
  }

  get contentType(): string | undefined {
    return this.#blob.type === "" ? undefined : this.#blob.type;
  }

  async *open(): AsyncGenerator<Uint8Array, undefined, undefined> {
    yield* readBlob(this.#blob);
  }
}

/** An array of chunks: unlike other iterables it can be read again, and its length is known. */
export class ArraySource extends ReplayableSource {
  readonly contentType: undefined = undefined;
  readonly small: Uint8Array | undefined;
  readonly length: number;
  readonly #chunks: readonly Uint8Array[];

  /** @throws TypeError for an item that is neither bytes nor a string. */
  constructor(items: readonly unknown[]) {
    super();
    this.#chunks = items.map((item) => chunkBytes(item, true));
    this.length = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.small = this.length === 0 ? NO_BYTES : undefined;
  }

  async *open(): AsyncGenerator<Uint8Array, undefined, undefined> {
    for (const chunk of this.#chunks) {
      if (chunk.length > 0) yield chunk;
    }
  }
}

/**
 * A blob whose bytes can be read.
 * @throws TypeError for another library's blob, such as jsdom's, that keeps its bytes to itself.
 */
export function readableBlob<T extends Partial<BlobLike>>(blob: T): T & BlobLike {
  if (typeof blob.stream === "function" || typeof blob.arrayBuffer === "function")
    return blob as T & BlobLike;
  throw new TypeError(
    "Cannot send this Blob: it has neither stream() nor arrayBuffer(); use Node's, from node:buffer",
  );
}

/** The chunks of a blob; leaving the loop early cancels its stream. */
export async function* readBlob(blob: BlobLike): AsyncGenerator<Uint8Array, undefined, undefined> {
  if (typeof blob.stream !== "function") {
    yield new Uint8Array(await blob.arrayBuffer());
    return;
  }
  for await (const chunk of blob.stream() as AsyncIterable<unknown>) {
    const bytes = chunkBytes(chunk, false);
    if (bytes.length > 0) yield bytes;
  }
}
