import { ChunkedDecoder } from "./chunked-decoder.js";

/** The message has no body, whatever its framing fields say (a response to HEAD, 1xx, 204, 304, CONNECT 2xx). */
export const BODY_NONE = "none";
/** The body has `contentLength` bytes, which may be 0. */
export const BODY_LENGTH = "length";
/** The body is chunked. */
export const BODY_CHUNKED = "chunked";
/** The body ends with the connection. */
export const BODY_UNTIL_CLOSE = "until-close";
/** How the end of a body is found (RFC 9112 §6.3). */
export type BodyKind = typeof BODY_NONE | typeof BODY_LENGTH | typeof BODY_CHUNKED | typeof BODY_UNTIL_CLOSE;

/**
 * Finds the payload of one body and its end, whatever its framing. Payload is reported as ranges of the caller's
 * buffer and never copied. One decoder serves one connection; `begin` before each body.
 */
export class BodyDecoder {
  kind: BodyKind = BODY_NONE;
  /** Bytes still to come of a body with a length; -1 where only the bytes themselves can say. */
  remaining = -1;
  /** Whether the whole body, trailers included, has been consumed. */
  done = true;
  #chunks: ChunkedDecoder | undefined;

  /** Expects a body of this kind; `length` counts for `BODY_LENGTH` only. */
  begin(kind: BodyKind, length: number): void {
    this.kind = kind;
    this.remaining = kind === BODY_LENGTH ? length : -1;
    this.done = kind === BODY_NONE || this.remaining === 0;
    if (kind !== BODY_CHUNKED) return;
    this.#chunks ??= new ChunkedDecoder();
    this.#chunks.reset();
  }

  /**
   * Consumes `buffer[start, end)` and calls `onData` with each range of payload in it, in order. Returns the offset
   * just after the last consumed byte: `end`, or less when the body is `done` and other bytes follow it.
   *
   * @throws ProtocolError when the chunked coding is broken or a limit of this client is crossed.
   */
  decode(
    buffer: Buffer,
    start: number,
    end: number,
    onData: (buffer: Buffer, start: number, end: number) => void,
  ): number {
    if (this.done) return start;
    if (this.kind === BODY_CHUNKED) {
      const chunks = this.#chunks as ChunkedDecoder;
      const after = chunks.decode(buffer, start, end, onData);
      this.done = chunks.done;
      return after;
    }
    if (this.kind === BODY_UNTIL_CLOSE) {
      onData(buffer, start, end);
      return end;
    }
    const stop = Math.min(start + this.remaining, end);
    this.remaining -= stop - start;
    this.done = this.remaining === 0;
    onData(buffer, start, stop);
    return stop;
  }

  /** The fields after a chunked body, as latin1 lines `Name: value\r\n`; complete once `done`. */
  get trailerBlock(): string {
    return this.kind === BODY_CHUNKED ? (this.#chunks as ChunkedDecoder).trailerBlock : "";
  }
}
