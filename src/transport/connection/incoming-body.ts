import {
  BODY_CHUNKED,
  BODY_LENGTH,
  BODY_UNTIL_CLOSE,
  type BodyKind,
  ChunkedDecoder,
} from "../../http1/index.js";
import type { BodyReader } from "../../message/index.js";

/** The framing of a response body that did not arrive whole with its head: which bytes belong to it, and its end. */
export class IncomingBody {
  kind: BodyKind = BODY_UNTIL_CLOSE;
  /** Bytes of a length-delimited body still to come. */
  remaining = 0;
  /** Whether the reader wanted more after the last {@link take}. */
  wantsMore = true;
  done = false;
  /** The fields after a chunked body, once it is done. */
  trailerBlock = "";
  #body: BodyReader | undefined;
  #decoder: ChunkedDecoder | undefined;
  readonly #push = (bytes: Buffer, from: number, to: number): void => {
    this.wantsMore = (this.#body as BodyReader).push(bytes, from, to);
  };

  /** Expects a body of this kind; `length` counts for `BODY_LENGTH` only. */
  begin(body: BodyReader, kind: BodyKind, length: number): void {
    this.#body = body;
    this.kind = kind;
    this.remaining = length;
    this.wantsMore = true;
    this.done = false;
    this.trailerBlock = "";
    if (kind === BODY_CHUNKED) {
      this.#decoder ??= new ChunkedDecoder();
      this.#decoder.reset();
    }
  }

  /**
   * Gives the reader its bytes and returns the offset after them.
   *
   * @throws ProtocolError when chunked framing is broken.
   */
  take(buffer: Buffer, start: number, end: number): number {
    const body = this.#body as BodyReader;
    if (this.kind === BODY_CHUNKED) {
      const decoder = this.#decoder as ChunkedDecoder;
      const after = decoder.decode(buffer, start, end, this.#push);
      if (decoder.done) {
        this.trailerBlock = decoder.trailerBlock;
        this.#finish();
      }
      return after;
    }
    if (this.kind !== BODY_LENGTH) {
      this.wantsMore = body.push(buffer, start, end);
      return end;
    }
    const stop = end - start >= this.remaining ? start + this.remaining : end;
    this.remaining -= stop - start;
    this.wantsMore = body.push(buffer, start, stop);
    if (this.remaining === 0) this.#finish();
    return stop;
  }

  /** What was missing when the connection ended, as evidence. */
  get missing(): string {
    return this.kind === BODY_LENGTH
      ? `the connection ended with ${this.remaining} bytes of the body still to come`
      : "the connection ended before the last chunk of the body";
  }

  #finish(): void {
    this.done = true;
    this.#body = undefined;
  }
}
