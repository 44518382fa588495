import type { BodyReader } from "./body-reader.js";
import { platformBodySource } from "./body-source.js";
import { type ByteStream, readAllBytes, streamOf, teeStream, usedStream } from "./body-stream.js";
import { fromWebStream, isDisturbed, OneShotSource } from "./one-shot-source.js";
import { sourceBody } from "./pulled-body.js";
import { TextSource } from "./replayable-source.js";
import type { BodySource } from "./source.js";

/**
 * A body as Fetch has it (§2.2.4): a stream, and perhaps a source that it can be made from again. The stream is made
 * when somebody asks for it, and from then on it alone tells whether the body was used.
 */
export class Body {
  #source: BodySource | undefined;
  #reader: BodyReader | undefined;
  #stream: ByteStream | undefined;
  #taken = false;
  /** The lock of one who collects it. */
  #reading: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  /** Whether the stream is one of two that read the same. */
  #branch = false;
  /** Whether the stream is somebody's own, whose chunks may be of any kind. */
  #foreign = false;

  private constructor(source: BodySource | undefined, reader: BodyReader | undefined) {
    this.#source = source;
    this.#reader = reader;
  }

  /**
   * The body of a `Request` or `Response` that a program makes (Fetch §5.2 "extract a body").
   * @throws TypeError for a stream that is locked or was read from.
   */
  static extract(init: unknown): Body {
    if (isStream(init)) return Body.fromStream(init);
    return new Body(platformBodySource(init), undefined);
  }

  static fromStream(stream: ByteStream): Body {
    const source = new OneShotSource(fromWebStream(stream));
    const body = new Body(source, undefined);
    body.#stream = stream;
    body.#foreign = true;
    return body;
  }

  /** A text that is known to be JSON. */
  static json(text: string): Body {
    return new Body(new TextSource(text, "application/json"), undefined);
  }

  static fromSource(source: BodySource): Body {
    return new Body(source, undefined);
  }

  static fromReader(reader: BodyReader): Body {
    return new Body(undefined, reader);
  }

  get contentType(): string | undefined {
    return this.#source?.contentType;
  }

  /** Whether it can be sent more than once. */
  get replayable(): boolean {
    return this.#source?.replayable ?? false;
  }

  /** What a request sends. */
  get source(): BodySource {
    const stream = this.#stream;
    if (this.#source === undefined || (!this.replayable && stream !== undefined && !this.#foreign)) {
      this.#source = new OneShotSource(fromWebStream(this.stream));
      this.#foreign = true;
    }
    return this.#source;
  }

  /** Whether any of it was read (Fetch "disturbed"). */
  get used(): boolean {
    return this.#taken || (this.#stream !== undefined && isDisturbed(this.#stream));
  }

  get unusable(): boolean {
    return this.#taken || (this.#stream !== undefined && (this.#stream.locked || isDisturbed(this.#stream)));
  }

  get stream(): ByteStream {
    this.#stream ??= this.#taken ? usedStream() : streamOf(this.reader);
    return this.#stream;
  }

  /** The bytes as they come, for layers below; the stream is not asked. */
  get reader(): BodyReader {
    this.#reader ??= sourceBody(this.source);
    return this.#reader;
  }

  /** Marks it as used by somebody who reads its source. */
  take(): void {
    this.#taken = true;
    const stream = this.#stream;
    if (stream === undefined || stream.locked || this.#foreign) return;
    void stream.getReader().cancel();
  }

  /** All its bytes; they are the caller's. Rejects when it was used. */
  async collect(): Promise<Buffer> {
    if (this.unusable) throw alreadyUsed();
    const stream = this.#stream;
    if (stream !== undefined) {
      this.#reading = stream.getReader();
      return readAllBytes(this.#reading);
    }
    this.#taken = true;
    const small = this.#reader === undefined ? this.#source?.small : undefined;
    if (small !== undefined) return Buffer.from(small as Uint8Array);
    this.reader.take();
    return this.reader.collect();
  }

  /** Its bytes for one who iterates; the stream, where there is one, is locked from then on. */
  lend(): BodyReader {
    const stream = this.#stream;
    if (stream !== undefined) return sourceBody(new OneShotSource(fromWebStream(stream)));
    this.#taken = true;
    return this.reader;
  }

  /** Moves it to a new owner, as `new Request(request)` does. @throws TypeError when it was used. */
  handOver(): Body {
    if (this.unusable) throw alreadyUsed();
    const moved = new Body(this.replayable ? this.#source : undefined, undefined);
    if (this.replayable) {
      this.take();
    } else if (this.#foreign) {
      moved.#stream = this.stream.pipeThrough(new TransformStream()) as ByteStream;
      moved.#source = new OneShotSource(fromWebStream(moved.#stream));
      moved.#foreign = true;
    } else {
      moved.#source = this.#source;
      moved.#reader = this.#reader;
      this.take();
    }
    return moved;
  }

  /** A second body with the same bytes; this one goes on with its own. @throws TypeError when it was used. */
  clone(): Body {
    if (this.unusable) throw alreadyUsed();
    if (this.replayable) {
      // Whoever has the stream finds it locked, as after a tee.
      this.#stream?.getReader();
      this.#stream = undefined;
      this.#reader = undefined;
      return new Body(this.#source, undefined);
    }
    const [mine, theirs] = this.#foreign
      ? teeStream(this.stream)
      : (this.stream.tee() as [ByteStream, ByteStream]);
    const copy = Body.fromBranch(theirs);
    this.#become(mine);
    return copy;
  }

  /** Gives up what has not been read. */
  async cancel(reason?: unknown): Promise<void> {
    const reader = this.#reader;
    const stream = this.#stream;
    if (reader !== undefined) {
      this.#taken = true;
      await reader.cancel(reason);
      return;
    }
    if (stream === undefined) {
      this.#taken = true;
      await this.#source?.cancel(reason);
      return;
    }
    if (stream.locked) {
      // Somebody else's lock is theirs to give up.
      await this.#reading?.cancel(reason).catch(() => undefined);
      return;
    }
    // Of a branch it ends only when the other is closed too, and whoever gives one up may go on with the other.
    const closing = stream.cancel(reason).catch(() => undefined);
    if (!this.#branch) await closing;
  }

  private static fromBranch(stream: ByteStream): Body {
    const body = new Body(undefined, undefined);
    body.#become(stream);
    return body;
  }

  #become(stream: ByteStream): void {
    this.#stream = stream;
    this.#reader = undefined;
    this.#source = new OneShotSource(fromWebStream(stream));
    this.#foreign = true;
    this.#branch = true;
  }
}

function isStream(value: unknown): value is ByteStream {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === "ReadableStream" &&
    typeof (value as { readonly getReader?: unknown }).getReader === "function"
  );
}

function alreadyUsed(): TypeError {
  return new TypeError("Cannot read this body: it has already been used; clone() it first");
}
