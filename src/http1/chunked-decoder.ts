import { isForbiddenTrailer } from "../message/index.js";
import { BYTE_CLASS, COLON, CR, HEX, LF, latin1, TOKEN, VALUE } from "./bytes.js";
import {
  badChunk,
  badTrailer,
  chunkSizeTooLarge,
  extensionsTooLarge,
  sizeHasTooManyDigits,
  trailersTooLarge,
} from "./chunk-errors.js";
import { MAX_CHUNK_EXTENSION_BYTES, MAX_CHUNK_SIZE_DIGITS, MAX_TRAILER_BYTES } from "./limits.js";

// What the next byte is. The machine stops between any two bytes and goes on where it was.
const SIZE = 0;
const SIZE_LF = 1;
const EXTENSION_NAME_FIRST = 2;
const EXTENSION_NAME = 3;
const EXTENSION_VALUE_FIRST = 4;
const EXTENSION_VALUE = 5;
const EXTENSION_QUOTED = 6;
const EXTENSION_ESCAPED = 7;
const EXTENSION_AFTER_QUOTED = 8;
const DATA = 9;
const DATA_CR = 10;
const DATA_LF = 11;
const TRAILER_FIRST = 12;
const TRAILER_NAME = 13;
const TRAILER_VALUE = 14;
const TRAILER_LF = 15;
const END_LF = 16;
const DONE = 17;
/** No state: the byte may not stand there. */
const NOWHERE = -1;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Decodes one chunked body (RFC 9112 §7.1) in place: payload is reported as ranges of the caller's buffer and never
 * copied. Chunk extensions are validated and dropped. One decoder serves one connection; `reset` before each body.
 */
export class ChunkedDecoder {
  /** Whether the whole body, trailers included, has been consumed. */
  done = false;
  /**
   * The trailer section as latin1 lines `Name: value\r\n`, "" when there is none; complete once `done`. Fields that
   * would frame, route or authorise a message had they stood in its head are left out (RFC 9110 §6.5.1).
   */
  trailerBlock = "";

  #state = SIZE;
  /** While in a chunk line the size so far, in the data what is left of it. */
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;
  /** Bytes of the chunked body consumed by earlier calls: errors give offsets from its start. */
  #consumed = 0;

  /** Makes the decoder ready for the next body. */
  reset(): void {
    this.done = false;
    this.trailerBlock = "";
    this.#state = SIZE;
    this.#size = 0;
    this.#digits = 0;
    this.#extensionBytes = 0;
    this.#trailerBytes = 0;
    this.#consumed = 0;
  }

  /**
   * Consumes `buffer[start, end)` and calls `onData` with each range of payload in it, in order. Returns the offset
   * just after the last consumed byte: `end`, or less when the body is `done` and other bytes follow it.
   *
   * @throws ProtocolError when the coding is broken or a limit of this client is crossed.
   */
  decode(
    buffer: Buffer,
    start: number,
    end: number,
    onData: (buffer: Buffer, start: number, end: number) => void,
  ): number {
    let at = start;
    while (at < end) {
      const state = this.#state;
      if (state === DATA) {
        const size = this.#size;
        const stop = Math.min(at + size, end);
        this.#size = size - (stop - at);
        if (this.#size === 0) this.#state = DATA_CR;
        onData(buffer, at, stop);
        at = stop;
      } else if (state === SIZE) {
        at = this.#readSize(buffer, at, end, start);
      } else if (state === DONE) {
        break;
      } else if (state <= EXTENSION_AFTER_QUOTED) {
        at = this.#readLine(buffer, at, end, start);
      } else if (state <= DATA_LF) {
        const wanted = state === DATA_CR ? CR : LF;
        if (buffer[at] !== wanted)
          throw this.#bad("has no CRLF after the data of a chunk", buffer, at, start);
        this.#state = state === DATA_CR ? DATA_LF : SIZE;
        at++;
      } else {
        at = this.#readTrailers(buffer, at, end, start);
      }
    }
    this.#consumed += at - start;
    return at;
  }

  #readSize(buffer: Buffer, from: number, end: number, start: number): number {
    let at = from;
    let size = this.#size;
    let digits = this.#digits;
    for (; at < end; at++) {
      const byte = buffer[at] as number;
      if (((BYTE_CLASS[byte] as number) & HEX) === 0) break;
      // Digits are 0x30…, letters in either case have a low nibble of their value minus 9.
      size = size * 16 + (byte & 0x0f) + (byte > 0x39 ? 9 : 0);
      if (++digits > MAX_CHUNK_SIZE_DIGITS) throw sizeHasTooManyDigits();
    }
    if (size > Number.MAX_SAFE_INTEGER) throw chunkSizeTooLarge();
    this.#size = size;
    this.#digits = digits;
    if (at === end) return at;
    const byte = buffer[at];
    if (digits === 0) throw this.#bad("has no hexadecimal chunk size", buffer, at, start);
    if (byte === CR) this.#state = SIZE_LF;
    else if (byte === SEMICOLON) this.#enterExtension();
    else throw this.#bad("has a chunk size that is not followed by CRLF or an extension", buffer, at, start);
    return at + 1;
  }

  /** The rest of a chunk line, after its size. */
  #readLine(buffer: Buffer, from: number, end: number, start: number): number {
    let at = from;
    while (at < end) {
      const byte = buffer[at] as number;
      if (this.#state === SIZE_LF) {
        if (byte !== LF) throw this.#bad("has a chunk line that does not end in CRLF", buffer, at, start);
        this.#state = this.#size === 0 ? TRAILER_FIRST : DATA;
        this.#digits = 0;
        return at + 1;
      }
      const next = nextInExtension(this.#state, byte);
      if (next === NOWHERE) throw this.#bad("has a malformed chunk extension", buffer, at, start);
      this.#state = next;
      if (next !== SIZE_LF) this.#countExtensionByte();
      at++;
    }
    return at;
  }

  #enterExtension(): void {
    this.#state = EXTENSION_NAME_FIRST;
    this.#countExtensionByte();
  }

  #countExtensionByte(): void {
    if (++this.#extensionBytes > MAX_CHUNK_EXTENSION_BYTES) throw extensionsTooLarge();
  }

  #readTrailers(buffer: Buffer, from: number, end: number, start: number): number {
    let at = from;
    for (; at < end; at++) {
      const byte = buffer[at] as number;
      const bits = BYTE_CLASS[byte] as number;
      if (++this.#trailerBytes > MAX_TRAILER_BYTES) throw trailersTooLarge();
      const state = this.#state;
      if (state === TRAILER_VALUE) {
        if (byte === CR) this.#state = TRAILER_LF;
        else if ((bits & VALUE) === 0) throw this.#badTrailer("a control byte or bare LF", buffer, at, start);
      } else if (state === TRAILER_NAME) {
        if (byte === COLON) this.#state = TRAILER_VALUE;
        else if ((bits & TOKEN) === 0)
          throw this.#badTrailer("a name that is not a token", buffer, at, start);
      } else if (state === TRAILER_LF) {
        if (byte !== LF) throw this.#badTrailer("a CR without LF", buffer, at, start);
        this.#state = TRAILER_FIRST;
      } else if (state === TRAILER_FIRST) {
        if (byte === CR) {
          this.#keepTrailers(buffer, from, at);
          this.#state = END_LF;
          return at + 1;
        }
        if ((bits & TOKEN) === 0) throw this.#badTrailer("a line without a name", buffer, at, start);
        this.#state = TRAILER_NAME;
      } else {
        if (byte !== LF) throw this.#badTrailer("a CR without LF at its end", buffer, at, start);
        this.#state = DONE;
        this.done = true;
        this.trailerBlock = keepPlainTrailers(this.trailerBlock);
        return at + 1;
      }
    }
    this.#keepTrailers(buffer, from, at);
    return at;
  }

  #keepTrailers(buffer: Buffer, from: number, to: number): void {
    this.trailerBlock += latin1(buffer, from, to);
  }

  #bad(what: string, buffer: Buffer, at: number, start: number): Error {
    return badChunk(what, buffer[at] as number, this.#consumed + at - start);
  }

  #badTrailer(what: string, buffer: Buffer, at: number, start: number): Error {
    return badTrailer(what, buffer[at] as number, this.#consumed + at - start);
  }
}

/** The state after `byte` of a chunk extension (`;name`, `;name=value`, `;name="value"`), or {@link NOWHERE} where it may not stand. */
function nextInExtension(state: number, byte: number): number {
  const bits = BYTE_CLASS[byte] as number;
  switch (state) {
    case EXTENSION_NAME_FIRST:
      return (bits & TOKEN) !== 0 ? EXTENSION_NAME : NOWHERE;
    case EXTENSION_NAME:
      if ((bits & TOKEN) !== 0) return EXTENSION_NAME;
      return byte === EQUALS ? EXTENSION_VALUE_FIRST : afterExtension(byte);
    case EXTENSION_VALUE_FIRST:
      if ((bits & TOKEN) !== 0) return EXTENSION_VALUE;
      return byte === QUOTE ? EXTENSION_QUOTED : NOWHERE;
    case EXTENSION_VALUE:
      return (bits & TOKEN) !== 0 ? EXTENSION_VALUE : afterExtension(byte);
    case EXTENSION_QUOTED:
      if (byte === QUOTE) return EXTENSION_AFTER_QUOTED;
      if (byte === BACKSLASH) return EXTENSION_ESCAPED;
      return (bits & VALUE) !== 0 ? EXTENSION_QUOTED : NOWHERE;
    case EXTENSION_ESCAPED:
      return (bits & VALUE) !== 0 ? EXTENSION_QUOTED : NOWHERE;
    default:
      return afterExtension(byte);
  }
}

function afterExtension(byte: number): number {
  if (byte === SEMICOLON) return EXTENSION_NAME_FIRST;
  return byte === CR ? SIZE_LF : NOWHERE;
}

/** The lines of a validated trailer section, each with its end, without the forbidden fields. */
function keepPlainTrailers(section: string): string {
  let kept = "";
  let from = 0;
  while (from < section.length) {
    const to = section.indexOf("\r\n", from) + 2;
    if (!isForbiddenTrailer(section.slice(from, section.indexOf(":", from)))) kept += section.slice(from, to);
    from = to;
  }
  return kept;
}
