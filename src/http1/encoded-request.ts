import { CHUNK_END, chunkHeader, encodeTrailers } from "./chunk-writer.js";
import type { RequestFraming } from "./request-framing.js";
import { encodeRequestHead, type RequestHead } from "./request-writer.js";

/** The body of a request is not as long as its head says. */
export class BodyLengthError extends Error {
  override readonly name = "BodyLengthError";
  /** What the head says. */
  readonly declared: number;
  /** What the body has, or has so far. */
  readonly actual: number;
  /** Whether the body may have more. */
  readonly more: boolean;

  constructor(declared: number, actual: number, more: boolean) {
    super(`The body has ${more ? "at least " : ""}${actual} bytes instead of ${declared}`);
    this.declared = declared;
    this.actual = actual;
    this.more = more;
  }
}

/**
 * A request in HTTP/1.1. Its head says how the body is delimited, and its body can be written only by what it gives
 * itself, so that the two cannot contradict each other.
 */
export class EncodedRequest {
  readonly #head: string;
  readonly #framing: RequestFraming;

  /** The parts have been validated; see {@link encodeRequestHead}. */
  constructor(head: RequestHead) {
    this.#head = encodeRequestHead(head);
    this.#framing = head.framing;
  }

  /**
   * Head and body in one piece, for one write; `undefined` where the framing does not allow exactly this body, or it
   * is longer than `most` bytes. A string is sent as UTF-8.
   */
  whole(body: string | Uint8Array | undefined, most: number): string | Buffer | undefined {
    const head = this.#head;
    const framing = this.#framing;
    if (framing.kind === "chunked") return undefined;
    const length = framing.kind === "none" ? 0 : framing.length;
    if (body === undefined || length > most) return undefined;
    if (typeof body === "string") {
      // As many characters as bytes: ASCII, which is the same in latin1.
      if (body.length === length) return head + body;
      const bytes = Buffer.from(body, "utf8");
      return bytes.length === length ? Buffer.concat([Buffer.from(head, "latin1"), bytes]) : undefined;
    }
    if (body.byteLength !== length) return undefined;
    if (length === 0) return head;
    const joined = Buffer.allocUnsafe(head.length + length);
    joined.write(head, 0, "latin1");
    joined.set(body, head.length);
    return joined;
  }

  /** The head alone, of a request that has no body to be written. */
  get headAlone(): string {
    return this.#head;
  }

  /** Writes the request once: `write` gets the bytes in order, a string as latin1. */
  writer(write: (data: string | Uint8Array) => void): RequestWriter {
    return new RequestWriter(this.#head, this.#framing, write);
  }
}

/**
 * Writes one request, piece by piece, and never a byte that its framing does not allow.
 *
 * What completes a request of known length (its last bytes, or the head where it has none) is held until the body has
 * ended: a body that turns out to be longer must not reach the server as a whole request.
 */
export class RequestWriter {
  readonly #head: string;
  readonly #framing: RequestFraming;
  readonly #write: (data: string | Uint8Array) => void;
  /** Bytes of the body that were given. */
  #given = 0;
  #held: string | Uint8Array | undefined;
  #complete = false;

  constructor(head: string, framing: RequestFraming, write: (data: string | Uint8Array) => void) {
    this.#head = head;
    this.#framing = framing;
    this.#write = write;
  }

  /** Bytes of the body so far, those that are held included. */
  get given(): number {
    return this.#given;
  }

  /** Whether only the body's end is missing; {@link release} writes what is held. */
  get held(): boolean {
    return this.#held !== undefined;
  }

  /** Whether the whole request is written. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The head. Called first, once. */
  begin(): void {
    if (this.#declared === 0 && this.#framing.kind !== "chunked") this.#held = this.#head;
    else this.#write(this.#head);
  }

  /**
   * The next bytes of the body; none are passed over.
   * @throws BodyLengthError where the body may not have so many; nothing of them is written.
   */
  chunk(bytes: Uint8Array): void {
    const { byteLength } = bytes;
    if (byteLength === 0) return; // as a chunk it would end the body
    const declared = this.#declared;
    this.#given += byteLength;
    if (declared >= 0 && this.#given > declared) throw new BodyLengthError(declared, this.#given, true);
    if (this.#framing.kind === "chunked") {
      this.#write(chunkHeader(byteLength));
      this.#write(bytes);
      this.#write(CHUNK_END);
    } else if (this.#given === declared) {
      this.#held = bytes;
    } else {
      this.#write(bytes);
    }
  }

  /**
   * The body has ended. `trailers` (name, value, …) go out behind chunks.
   * @throws BodyLengthError where bytes are missing; TypeError for a field that cannot be a trailer.
   */
  end(trailers: readonly string[] = []): void {
    const declared = this.#declared;
    if (this.#given < declared) throw new BodyLengthError(declared, this.#given, false);
    if (this.#framing.kind !== "chunked") {
      this.release();
      return;
    }
    this.#write(encodeTrailers(trailers));
    this.#complete = true;
  }

  /** Writes what is held: the request is complete, whatever the body still says. */
  release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#write(held);
    this.#complete = true;
  }

  get #declared(): number {
    return this.#framing.kind === "none" ? 0 : this.#framing.length;
  }
}
