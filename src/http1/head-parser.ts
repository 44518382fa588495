import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE, BODY_UNTIL_CLOSE, type BodyKind } from "./body-decoder.js";
import { BYTE_CLASS, COLON, CR, type Latin1Sliceable, LF, SP, TOKEN, VALUE } from "./bytes.js";
import { FramingFields } from "./framing-fields.js";
import {
  badByte,
  badStatusLine,
  codingInOldVersion,
  headTooLarge,
  lengthAndCoding,
  missingLineFeed,
  NO_COLON,
  tooManyHeaders,
  tooManyInformational,
} from "./head-errors.js";
import { MAX_HEADER_COUNT, MAX_INFORMATIONAL } from "./limits.js";

/*
 * Field values are most of a head, and nearly all of their bytes are plain. Where the buffer allows it they are
 * checked four at a time, which halves the cost of a head with 20 fields.
 */

const NO_WORDS: Int32Array = new Int32Array(0);
let lastBuffer: Buffer | null = null;
let lastWords = NO_WORDS;

/** Offset of the status's first digit and of what follows its last, in `HTTP/1.1 200 OK`. */
const STATUS_START = 9;
const STATUS_END = 12;
const PREFIX = new Uint8Array(Buffer.from("HTTP/1.", "latin1"));
const INITIAL_CARRY = 1_024;
/** What {@link ResponseHeadParser.parse} returns for a head that has not fully arrived. */
const MORE = -1;

/**
 * Parses response heads in one strict pass (RFC 9112): every byte is validated, the framing fields are read, and
 * the head is kept as one string whose names and values are cut out only when somebody asks.
 *
 * One parser serves one response at a time: `begin` before each, then `parse` until it returns an offset; after an
 * informational head, `parse` again from there. After an error the parser is unusable until the next `begin`.
 */
export class ResponseHeadParser {
  /** 100 to 999. */
  status = 0;
  /** Of `HTTP/1.x`. */
  minorVersion: 0 | 1 = 1;
  /** The head as latin1, from the status line to the CRLF of the last field; the empty line is left out. */
  block = "";
  /** Where in `block` the first field line starts; `block.length` when there is none. */
  headersStart = 0;
  bodyKind: BodyKind = BODY_NONE;
  /** As the field says, also where there is no body (HEAD, 304); -1 when absent. */
  contentLength = -1;
  /** Whether a framing field announces at least one byte, also where there is no body. */
  announcesBody = false;
  /** Whether version and Connection field let the connection live on (RFC 9112 §9.3). `bodyKind` has its own say. */
  keepAlive = false;
  /** Whether the server sent `Connection: close`. */
  saidClose = false;
  /** Seconds, of `Keep-Alive: timeout=N`; -1 when absent. */
  keepAliveTimeout = -1;
  /** Of `Keep-Alive: max=N`; -1 when absent. */
  keepAliveMax = -1;
  /** A 1xx other than 101: the final response is still to come. */
  informational = false;
  /** Bytes of this head, its empty line included. */
  headBytes = 0;

  readonly #maxHeadBytes: number;
  readonly #framing = new FramingFields();
  #forHead = false;
  #forConnect = false;
  /** Head bytes this response may still take. */
  #allowance: number;
  #informationalCount = 0;
  /** The start of a head that has not fully arrived, or null. */
  #carry: Buffer | null = null;
  #carried = 0;
  /** Where the scan goes on, as offsets from the start of the head; 0: at its start, where the others mean nothing. */
  #position = 0;
  #line = 0;
  #colon = NO_COLON;
  #count = 0;
  #firstField = 0;

  /** `maxHeadBytes` bounds all heads of one response together, 1xx included, in bytes. */
  constructor(maxHeadBytes: number) {
    this.#maxHeadBytes = maxHeadBytes;
    this.#allowance = maxHeadBytes;
  }

  /** The phrase after the status, which may be empty and means nothing. */
  get statusText(): string {
    return reasonPhrase(this.block);
  }

  /** Expects the response to a request of this method. Must precede every response. */
  begin(method: string): void {
    this.#forHead = method === "HEAD";
    this.#forConnect = method === "CONNECT";
    this.#allowance = this.#maxHeadBytes;
    this.#informationalCount = 0;
    this.#rewind();
  }

  /**
   * Takes head bytes from `buffer[start, end)`. Returns the offset just after the head once it is complete, or -1
   * when all bytes were taken (and copied) and more are needed.
   *
   * @throws ProtocolError when the head breaks RFC 9112 or a limit of this client.
   */
  parse(buffer: Buffer, start: number, end: number): number {
    const carried = this.#carried;
    const room = this.#allowance - carried;
    const full = end - start >= room;
    const stop = full ? start + room : end;
    if (carried === 0) {
      const after = this.#scan(buffer, start, stop);
      if (after !== MORE) {
        this.#complete(buffer, start, after);
        return after;
      }
      if (full) throw headTooLarge(this.#maxHeadBytes);
      this.#append(buffer, start, stop);
      return MORE;
    }
    const carry = this.#append(buffer, start, stop);
    const after = this.#scan(carry, 0, this.#carried);
    if (after !== MORE) {
      this.#complete(carry, 0, after);
      return start + after - carried;
    }
    if (full) throw headTooLarge(this.#maxHeadBytes);
    return MORE;
  }

  /** Goes over the bytes of a head that starts at `base`, from where the last scan stopped. {@link MORE}: it goes on beyond `end`. */
  #scan(buffer: Buffer, base: number, end: number): number {
    let at = base + this.#position;
    let line = base + this.#line;
    let colon = this.#colon === NO_COLON ? NO_COLON : base + this.#colon;
    let count = this.#count;
    const table = BYTE_CLASS;
    const words = wordsOf(buffer);
    if (at === base) {
      if (!this.#startLine(buffer, base, end)) return MORE;
      // From here on the status line is scanned like a field whose name is `HTTP/1.1 200`.
      line = base;
      at = colon = base + STATUS_END;
      count = -1;
    }
    for (;;) {
      if (colon === NO_COLON) {
        while (at < end && ((table[buffer[at] as number] as number) & TOKEN) !== 0) at++;
        if (at >= end) break;
        if (buffer[at] !== COLON || at === line) {
          if (buffer[at] !== CR || at !== line) throw badByte(buffer, base, line, NO_COLON, at);
          if (at + 1 >= end) break;
          if (buffer[at + 1] !== LF) throw missingLineFeed(buffer, base, line, NO_COLON, at + 1);
          this.#count = count;
          return at + 2;
        }
        colon = at++;
      }
      at = skipValue(buffer, words, at, end);
      if (at >= end) break;
      if (buffer[at] !== CR) throw badByte(buffer, base, line, colon, at);
      if (at + 1 >= end) break;
      if (buffer[at + 1] !== LF) throw missingLineFeed(buffer, base, line, colon, at + 1);
      const length = colon - line;
      if (length === 10 || length === 14 || length === 17) {
        this.#framing.read(buffer, base, line, length, colon + 1, at);
      }
      at += 2;
      if (line === base) this.#firstField = at - base;
      line = at;
      colon = NO_COLON;
      if (++count > MAX_HEADER_COUNT) throw tooManyHeaders();
    }
    this.#position = at - base;
    this.#line = line - base;
    this.#colon = colon === NO_COLON ? NO_COLON : colon - base;
    this.#count = count;
    return MORE;
  }

  /** Reads `HTTP/1.x NNN` and looks at the byte after it; false when that has not all arrived. */
  #startLine(buffer: Buffer, base: number, end: number): boolean {
    const seen = end - base;
    if (seen <= STATUS_END || !startsWithPrefix(buffer, base))
      return this.#partialStartLine(buffer, base, end);
    const minor = (buffer[base + 7] as number) - 0x30;
    const hundreds = (buffer[base + 9] as number) - 0x30;
    const tens = (buffer[base + 10] as number) - 0x30;
    const ones = (buffer[base + 11] as number) - 0x30;
    const next = buffer[base + STATUS_END];
    if (
      (minor !== 0 && minor !== 1) ||
      buffer[base + 8] !== SP ||
      hundreds < 1 ||
      hundreds > 9 ||
      tens < 0 ||
      tens > 9 ||
      ones < 0 ||
      ones > 9 ||
      (next !== SP && next !== CR)
    ) {
      return this.#partialStartLine(buffer, base, end);
    }
    this.minorVersion = minor;
    this.status = hundreds * 100 + tens * 10 + ones;
    this.#framing.reset();
    return true;
  }

  /** At most 13 bytes: finds the first wrong one and throws, or says that more are needed. */
  #partialStartLine(buffer: Buffer, base: number, end: number): false {
    for (let i = 0; i <= STATUS_END && base + i < end; i++) {
      const byte = buffer[base + i] as number;
      // One byte of what may be a TLS record does not tell yet; the error should be the same however it arrives.
      if (i === 0 && (byte === 0x15 || byte === 0x16) && base + 1 === end) return false;
      // A line of which all else fits comes here only for what stands behind its status.
      if (i === STATUS_END || !fitsStartLine(i, byte)) throw badStatusLine(buffer, base, base + i, end);
    }
    return false;
  }

  #complete(buffer: Buffer, base: number, after: number): void {
    const { status } = this;
    const framing = this.#framing;
    this.headBytes = after - base;
    this.block = (buffer as Buffer & Latin1Sliceable).latin1Slice(base, after - 2);
    this.headersStart = this.#firstField;
    this.contentLength = framing.contentLength;
    this.announcesBody = framing.contentLength > 0 || framing.chunked;
    this.saidClose = framing.close;
    this.keepAlive = !framing.close && (this.minorVersion === 1 || framing.keepAlive);
    this.keepAliveTimeout = framing.keepAliveTimeout;
    this.keepAliveMax = framing.keepAliveMax;
    this.informational = status < 200 && status !== 101;
    this.bodyKind = this.#decideBody(status);
    this.#allowance -= this.headBytes;
    this.#rewind();
    if (this.informational && ++this.#informationalCount > MAX_INFORMATIONAL) throw tooManyInformational();
  }

  #decideBody(status: number): BodyKind {
    const framing = this.#framing;
    // The only response whose framing fields must be ignored rather than judged (RFC 9110 §9.3.6).
    if (this.#forConnect && status >= 200 && status < 300) return BODY_NONE;
    if (framing.chunked) {
      if (framing.contentLength >= 0) throw lengthAndCoding(framing.contentLength);
      if (this.minorVersion === 0) throw codingInOldVersion();
    }
    if (this.#forHead || status < 200 || status === 204 || status === 304) return BODY_NONE;
    if (framing.chunked) return BODY_CHUNKED;
    return framing.contentLength >= 0 ? BODY_LENGTH : BODY_UNTIL_CLOSE;
  }

  #append(buffer: Buffer, start: number, end: number): Buffer {
    const size = this.#carried + end - start;
    let carry = this.#carry;
    if (carry === null || carry.length < size) {
      const larger = Buffer.allocUnsafeSlow(Math.max(INITIAL_CARRY, size * 2));
      if (carry !== null) carry.copy(larger, 0, 0, this.#carried);
      carry = this.#carry = larger;
    }
    buffer.copy(carry, this.#carried, start, end);
    this.#carried = size;
    return carry;
  }

  /** Lets go of what it has read. */
  forget(): void {
    this.block = "";
    this.#rewind();
  }

  #rewind(): void {
    this.#carry = null;
    this.#carried = 0;
    this.#position = 0;
  }
}

/** Parsers kept for the responses to come. */
const MOST_SPARE = 16;

/**
 * The parsers of many connections. A response has one from its first byte to its end, and most arrive in one piece:
 * one parser serves nearly all of them, and a connection that waits for a response, or is idle, has none.
 */
export class HeadParsers {
  readonly #maxHeadBytes: number;
  readonly #spare: ResponseHeadParser[] = [];

  constructor(maxHeadBytes: number) {
    this.#maxHeadBytes = maxHeadBytes;
  }

  /** One for the response to a request of this method. */
  take(method: string): ResponseHeadParser {
    const parser = this.#spare.pop() ?? new ResponseHeadParser(this.#maxHeadBytes);
    parser.begin(method);
    return parser;
  }

  /** Takes back one that nobody looks at any more. */
  giveBack(parser: ResponseHeadParser): void {
    if (this.#spare.length === MOST_SPARE) return;
    parser.forget();
    this.#spare.push(parser);
  }
}

/** The reason phrase of a head that {@link ResponseHeadParser} left; "" where there is no status line. */
export function reasonPhrase(block: string): string {
  return block.slice(STATUS_END + 1, block.indexOf("\r\n"));
}

function startsWithPrefix(buffer: Buffer, base: number): boolean {
  for (let i = 0; i < PREFIX.length; i++) if (buffer[base + i] !== PREFIX[i]) return false;
  return true;
}

/** Whether `byte` may stand at offset `i` of a status line, up to the last digit of the status. */
function fitsStartLine(i: number, byte: number): boolean {
  if (i < PREFIX.length) return byte === PREFIX[i];
  if (i === PREFIX.length) return byte === 0x30 || byte === 0x31;
  if (i === PREFIX.length + 1) return byte === SP;
  if (i === STATUS_START) return byte >= 0x31 && byte <= 0x39;
  return byte >= 0x30 && byte <= 0x39;
}

/**
 * The buffer as 32-bit words, or none at all: a view costs as much as a short head, so it is made for a buffer that
 * comes a second time, as the read buffer shared by all sockets does and a buffer of one read does not.
 */
function wordsOf(buffer: Buffer): Int32Array {
  if (buffer === lastBuffer) {
    if (lastWords === NO_WORDS && (buffer.byteOffset & 3) === 0) {
      lastWords = new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length >> 2);
    }
    return lastWords;
  }
  lastBuffer = buffer;
  lastWords = NO_WORDS;
  return NO_WORDS;
}

/**
 * The offset of the first byte from `from` on that no field value may hold, or `end`. `words` is what
 * {@link wordsOf} gave for `buffer`.
 */
function skipValue(buffer: Buffer, words: Int32Array, from: number, end: number): number {
  const table = BYTE_CLASS;
  let at = from;
  if (words.length > 0) {
    while ((at & 3) !== 0 && at < end && ((table[buffer[at] as number] as number) & VALUE) !== 0) at++;
    if ((at & 3) === 0) {
      const last = end >> 2;
      let i = at >> 2;
      while (i < last && isPlain(words[i] as number)) i++;
      at = i << 2;
    }
  }
  while (at < end && ((table[buffer[at] as number] as number) & VALUE) !== 0) at++;
  return at;
}

/**
 * Whether no byte of the word is below SP or equal to DEL. Subtracting borrows into a byte's high bit exactly when
 * some byte at or below it was too small; bytes that had the bit already are obs-text, which is allowed. HTAB is
 * allowed too but counts as not plain: the caller looks at those words byte by byte.
 */
function isPlain(word: number): boolean {
  const orDel = word ^ 0x7f7f7f7f;
  return ((((word - 0x20202020) & ~word) | ((orDel - 0x01010101) & ~orDel)) & 0x80808080) === 0;
}
