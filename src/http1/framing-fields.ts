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
const NINE = 0x39;
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
      if (isContentLength(buffer, name)) this.#readLength(buffer, base, from, to);
    } else if (length === 10) {
      if (isConnection(buffer, name)) this.#readConnection(buffer, from, to);
      else if (isKeepAlive(buffer, name)) this.#readKeepAlive(buffer, from, to);
    } else if (isTransferEncoding(buffer, name)) {
      const start = skipBlanks(buffer, from, to);
      this.#readCoding(buffer, base, start, dropBlanks(buffer, start, to));
    }
  }

  /** A list of numbers, all spelled alike, with blanks around each. */
  #readLength(buffer: Buffer, base: number, from: number, to: number): void {
    let at = from;
    do {
      const first = skipBlanks(buffer, at, to);
      let value = 0;
      for (at = first; at < to && isDigit(buffer[at] as number); at++)
        value = value * 10 + ((buffer[at] as number) - ZERO);
      const digits = at - first;
      at = skipBlanks(buffer, at, to);
      if (at < to && buffer[at] !== COMMA) throw badLength(buffer, base, from, to, "is not a decimal number");
      if (value > Number.MAX_SAFE_INTEGER) throw badLength(buffer, base, from, to, "is more than 2^53-1");
      if (digits === 0)
        throw badLength(
          buffer,
          base,
          from,
          to,
          skipBlanks(buffer, from, to) === to ? "is empty" : "has an empty list element",
        );
      if (this.#lengthDigits === 0) {
        this.contentLength = value;
        this.#lengthDigits = digits;
      } else if (this.contentLength !== value || this.#lengthDigits !== digits) {
        const problem = `does not repeat the length seen before, ${this.contentLength}`;
        throw badLength(buffer, base, from, to, problem);
      }
    } while (at++ < to);
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

/** A decimal number with blanks around it. */
function readCount(buffer: Buffer, from: number, to: number, otherwise: number): number {
  const start = skipBlanks(buffer, from, to);
  const end = dropBlanks(buffer, start, to);
  if (start >= end) return otherwise;
  let value = 0;
  for (let i = start; i < end; i++) {
    if (!isDigit(buffer[i] as number)) return otherwise;
    value = Math.min(value * 10 + ((buffer[i] as number) - ZERO), KEEP_ALIVE_CEILING);
  }
  return value;
}

/** A count, perhaps between quotes. */
function readQuotedCount(buffer: Buffer, from: number, to: number, otherwise: number): number {
  const start = skipBlanks(buffer, from, to);
  const end = dropBlanks(buffer, start, to);
  const isQuoted = buffer[start] === QUOTE && buffer[end - 1] === QUOTE;
  return isQuoted
    ? readCount(buffer, start + 1, end - 1, otherwise)
    : readCount(buffer, start, end, otherwise);
}

/** As servers spell it: `5`, `"5"`, `5s`, `4.5`, `5000ms`. */
const SECONDS = /^"?\s*(\d+(?:\.\d+)?)\s*(s|secs?|seconds?|ms)?\s*"?$/i;
const MAX_SPELLING = 40;

function readSeconds(buffer: Buffer, from: number, to: number, otherwise: number): number {
  const plain = readCount(buffer, from, to, -1);
  if (plain !== -1) return plain;
  const start = skipBlanks(buffer, from, to);
  if (to - start > MAX_SPELLING) return otherwise;
  const [, digits, unit] =
    SECONDS.exec(buffer.toString("latin1", start, dropBlanks(buffer, start, to))) ?? [];
  if (digits === undefined) return otherwise;
  return Math.min(unit?.toLowerCase() === "ms" ? Number(digits) / 1000 : Number(digits), KEEP_ALIVE_CEILING);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
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

function badLength(buffer: Buffer, base: number, from: number, to: number, what: string): ProtocolError {
  const start = skipBlanks(buffer, from, to);
  const value = excerpt(buffer, start, dropBlanks(buffer, start, to));
  return new ProtocolError(
    "ERR_TRUNKLINE_CONTENT_LENGTH",
    `The response's Content-Length ${value} at byte ${start - base} ${what}, so the end of its body is unknown`,
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
