import { ProtocolError } from "../errors/index.js";
import { excerpt, HTAB, SP } from "./bytes.js";

/*
 * Case-insensitive comparison of the few words that framing depends on, four bytes at a time: a loop over single
 * letters costs four times as much, and every response has two or three of these words.
 *
 * Setting bit 5 lowers letters and leaves digits and the hyphen alone. The bytes it would confuse with those are
 * control bytes and `@[\\]^_`; the former are refused before a word is looked at, the latter match no letter.
 */

const LOWER = 0x20;
const LOWER_FOUR = 0x20202020;

function four(buffer: Buffer, at: number): number {
  const low = (buffer[at] as number) | ((buffer[at + 1] as number) << 8);
  return low | ((buffer[at + 2] as number) << 16) | ((buffer[at + 3] as number) << 24) | LOWER_FOUR | 0;
}

function lower(buffer: Buffer, at: number): number {
  return (buffer[at] as number) | LOWER;
}

function fourOf(text: string): number {
  return four(Buffer.from(text, "latin1"), 0);
}

const CONN = fourOf("conn");
const ECTI = fourOf("ecti");
const KEEP = fourOf("keep");
const ALI = fourOf("-ali");
const CONT = fourOf("cont");
const ENT = fourOf("ent-");
const LENG = fourOf("leng");
const TRAN = fourOf("tran");
const SFER = fourOf("sfer");
const ENC = fourOf("-enc");
const ODIN = fourOf("odin");
const CHUN = fourOf("chun");
const CLOS = fourOf("clos");
const TIME = fourOf("time");

const A = 0x61;
const D = 0x64;
const E = 0x65;
const G = 0x67;
const H = 0x68;
const K = 0x6b;
const M = 0x6d;
const N = 0x6e;
const O = 0x6f;
const T = 0x74;
const U = 0x75;
const V = 0x76;
const X = 0x78;

const COMMA = 0x2c;
const QUOTE = 0x22;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const ZERO = 0x30;
/** Any number of this many digits is a small integer for the machine. */
const SMALL_DIGITS = 9;
/** Where a number of the Keep-Alive field stops growing, so that absurd ones stay ordinary integers. */
const KEEP_ALIVE_CEILING = 2_147_483_647;

/**
 * The four fields that decide where a message ends and whether its connection lives on. They are read in place
 * while the head is scanned; all other fields stay undecoded text.
 */
export class FramingFields {
  /** -1 when the field is absent. */
  contentLength = -1;
  /** Whether Transfer-Encoding was present; it then was exactly `chunked`, once. */
  chunked = false;
  close = false;
  keepAlive = false;
  /** Seconds, perhaps with a fraction; -1 when absent. */
  keepAliveTimeout = -1;
  /** -1 when absent. */
  keepAliveMax = -1;
  /** With the value, this identifies a spelling: `042` and `42` differ here. */
  #lengthDigits = 0;

  reset(): void {
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.keepAliveTimeout = -1;
    this.keepAliveMax = -1;
    this.#lengthDigits = 0;
  }

  /**
   * Reads one field whose name has the length of one of the four (10, 14 or 17); others are ignored.
   * `from` and `to` bound its value, `base` is where the head starts (offsets in errors count from there).
   */
  read(buffer: Buffer, base: number, name: number, length: number, from: number, to: number): void {
    if (length === 14) {
      if (!isContentLength(buffer, name) || this.#readPlainLength(buffer, from, to)) return;
      const start = skipBlanks(buffer, from, to);
      this.#readLength(buffer, base, start, dropBlanks(buffer, start, to));
    } else if (length === 10) {
      if (isConnection(buffer, name)) {
        if (!this.#readPlainConnection(buffer, from, to)) this.#readConnection(buffer, from, to);
      } else if (isKeepAlive(buffer, name)) {
        this.#readKeepAlive(buffer, from, to);
      }
    } else if (isTransferEncoding(buffer, name)) {
      const start = skipBlanks(buffer, from, to);
      this.#readCoding(buffer, base, start, dropBlanks(buffer, start, to));
    }
  }

  /** The way nearly every server writes it, ` 1234` in small integers; false leaves the rest to {@link #readLength}. */
  #readPlainLength(buffer: Buffer, from: number, to: number): boolean {
    const start = buffer[from] === SP ? from + 1 : from;
    const digits = to - start;
    if (digits < 1 || digits > SMALL_DIGITS || this.#lengthDigits !== 0) return false;
    let value = 0;
    for (let i = start; i < to; i++) {
      const digit = (buffer[i] as number) - ZERO;
      if (digit < 0 || digit > 9) return false;
      value = (value * 10 + digit) | 0;
    }
    this.contentLength = value;
    this.#lengthDigits = digits;
    return true;
  }

  /** A lone `keep-alive` or `close`; false leaves the rest to {@link #readConnection}. */
  #readPlainConnection(buffer: Buffer, from: number, to: number): boolean {
    const start = buffer[from] === SP ? from + 1 : from;
    const length = to - start;
    if (length === 10 && isKeepAlive(buffer, start)) this.keepAlive = true;
    else if (length === 5 && isClose(buffer, start)) this.close = true;
    else return false;
    return true;
  }

  #readLength(buffer: Buffer, base: number, start: number, end: number): void {
    let value = 0;
    let digits = 0;
    let done = false;
    for (let i = start; ; i++) {
      const byte = i < end ? (buffer[i] as number) : COMMA;
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9 && !done) {
        value = value * 10 + digit;
        digits++;
        if (value > Number.MAX_SAFE_INTEGER) throw badLength(buffer, base, start, end, "is more than 2^53-1");
      } else if (byte === COMMA) {
        if (digits === 0)
          throw badLength(buffer, base, start, end, start === end ? "is empty" : "has an empty list element");
        if (this.#lengthDigits === 0) {
          this.contentLength = value;
          this.#lengthDigits = digits;
        } else if (this.contentLength !== value || this.#lengthDigits !== digits) {
          throw badLength(
            buffer,
            base,
            start,
            end,
            `does not repeat the length seen before, ${this.contentLength}`,
          );
        }
        if (i >= end) return;
        value = 0;
        digits = 0;
        done = false;
      } else if (byte === SP || byte === HTAB) {
        // Blanks may surround a member of the list, not split it.
        done = digits > 0;
      } else {
        throw badLength(buffer, base, start, end, "is not a decimal number");
      }
    }
  }

  #readCoding(buffer: Buffer, base: number, start: number, end: number): void {
    if (this.chunked) {
      throw badCoding(buffer, base, start, end, "follows another; only a single `chunked` is supported");
    }
    if (end - start !== 7 || !isChunked(buffer, start)) {
      throw badCoding(buffer, base, start, end, "is not supported; only a single `chunked` is supported");
    }
    this.chunked = true;
  }

  #readConnection(buffer: Buffer, start: number, end: number): void {
    let from = start;
    while (from < end) {
      let to = from;
      while (to < end && buffer[to] !== COMMA) to++;
      const first = skipBlanks(buffer, from, to);
      const length = dropBlanks(buffer, first, to) - first;
      if (length === 10 && isKeepAlive(buffer, first)) this.keepAlive = true;
      else if (length === 5 && isClose(buffer, first)) this.close = true;
      from = to + 1;
    }
  }

  /** A hint, not framing: what cannot be understood is passed over. Some servers separate by semicolons. */
  #readKeepAlive(buffer: Buffer, start: number, end: number): void {
    let from = start;
    while (from < end) {
      let to = from;
      while (to < end && buffer[to] !== COMMA && buffer[to] !== SEMICOLON) to++;
      const first = skipBlanks(buffer, from, to);
      let equals = first;
      while (equals < to && buffer[equals] !== EQUALS) equals++;
      const length = dropBlanks(buffer, first, equals) - first;
      if (length === 7 && isTimeout(buffer, first)) {
        this.keepAliveTimeout = readSeconds(buffer, equals + 1, to, this.keepAliveTimeout);
      } else if (length === 3 && isMax(buffer, first)) {
        this.keepAliveMax = readQuotedCount(buffer, equals + 1, to, this.keepAliveMax);
      }
      from = to + 1;
    }
  }
}

function readCount(buffer: Buffer, from: number, to: number, otherwise: number): number {
  const start = skipBlanks(buffer, from, to);
  const end = dropBlanks(buffer, start, to);
  if (start >= end) return otherwise;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (buffer[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return otherwise;
    value = Math.min(value * 10 + digit, KEEP_ALIVE_CEILING);
  }
  return value;
}

/** A count, perhaps between quotes. */
function readQuotedCount(buffer: Buffer, from: number, to: number, otherwise: number): number {
  const start = skipBlanks(buffer, from, to);
  const end = dropBlanks(buffer, start, to);
  const isQuoted = end - start > 2 && buffer[start] === QUOTE && buffer[end - 1] === QUOTE;
  return isQuoted
    ? readCount(buffer, start + 1, end - 1, otherwise)
    : readCount(buffer, start, end, otherwise);
}

/** As servers spell it: `5`, `"5"`, `5s`, `4.5`, `5000ms`. */
const SECONDS = /^"?\s*(\d+(?:\.\d+)?)\s*(s|secs?|seconds?|ms)?\s*"?$/i;
const MAX_SPELLING = 40;

function readSeconds(buffer: Buffer, from: number, to: number, otherwise: number): number {
  const plain = readCount(buffer, from, to, -1);
  if (plain >= 0) return plain;
  const start = skipBlanks(buffer, from, to);
  if (to - start > MAX_SPELLING) return otherwise;
  const [, digits, unit] =
    SECONDS.exec(buffer.toString("latin1", start, dropBlanks(buffer, start, to))) ?? [];
  if (digits === undefined) return otherwise;
  return Math.min(unit?.toLowerCase() === "ms" ? Number(digits) / 1000 : Number(digits), KEEP_ALIVE_CEILING);
}

function skipBlanks(buffer: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && (buffer[at] === SP || buffer[at] === HTAB)) at++;
  return at;
}

function dropBlanks(buffer: Buffer, from: number, to: number): number {
  let at = to;
  while (at > from && (buffer[at - 1] === SP || buffer[at - 1] === HTAB)) at--;
  return at;
}

function badLength(buffer: Buffer, base: number, start: number, end: number, what: string): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_CONTENT_LENGTH",
    `The response's Content-Length ${excerpt(buffer, start, end)} at byte ${start - base} ${what}, so the end of its body is unknown`,
  );
}

function badCoding(buffer: Buffer, base: number, start: number, end: number, what: string): ProtocolError {
  return new ProtocolError(
    "ERR_TRUNKLINE_TRANSFER_ENCODING",
    `The response's Transfer-Encoding ${excerpt(buffer, start, end)} at byte ${start - base} ${what}`,
  );
}

// Each expects that the caller has compared the length: as many bytes as the word has start at `at`.

function isConnection(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === CONN &&
    four(buffer, at + 4) === ECTI &&
    lower(buffer, at + 8) === O &&
    lower(buffer, at + 9) === N
  );
}

function isKeepAlive(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === KEEP &&
    four(buffer, at + 4) === ALI &&
    lower(buffer, at + 8) === V &&
    lower(buffer, at + 9) === E
  );
}

function isContentLength(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === CONT &&
    four(buffer, at + 4) === ENT &&
    four(buffer, at + 8) === LENG &&
    lower(buffer, at + 12) === T &&
    lower(buffer, at + 13) === H
  );
}

function isTransferEncoding(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === TRAN &&
    four(buffer, at + 4) === SFER &&
    four(buffer, at + 8) === ENC &&
    four(buffer, at + 12) === ODIN &&
    lower(buffer, at + 16) === G
  );
}

function isChunked(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === CHUN &&
    lower(buffer, at + 4) === K &&
    lower(buffer, at + 5) === E &&
    lower(buffer, at + 6) === D
  );
}

function isClose(buffer: Buffer, at: number): boolean {
  return four(buffer, at) === CLOS && lower(buffer, at + 4) === E;
}

function isTimeout(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === TIME &&
    lower(buffer, at + 4) === O &&
    lower(buffer, at + 5) === U &&
    lower(buffer, at + 6) === T
  );
}

function isMax(buffer: Buffer, at: number): boolean {
  return lower(buffer, at) === M && lower(buffer, at + 1) === A && lower(buffer, at + 2) === X;
}
