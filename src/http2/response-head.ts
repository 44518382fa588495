import {
  KIND_BAD_NAME,
  KIND_BAD_VALUE,
  KIND_BLANK,
  KIND_CONNECTION,
  KIND_CONTENT_LENGTH,
  KIND_NO_TRAILER,
  KIND_PSEUDO,
  KIND_STATUS,
} from "./field-kind.js";
import type { FieldSink } from "./hpack-decoder.js";
import { type Http2Error, malformed, responseLimit } from "./http2-error.js";
import { MAX_FIELDS } from "./limits.js";

const FATAL = KIND_BAD_NAME | KIND_BAD_VALUE | KIND_CONNECTION | KIND_PSEUDO;
const SHOWN = 40;

/**
 * Takes the fields of one response head or trailer section, checks them (RFC 9113 §8), and keeps them as HTTP/1.1's
 * are kept: one text of lines, whose names and values are cut out only when somebody asks. One object serves a whole
 * connection.
 */
export class ResponseHead implements FieldSink {
  status = 0;
  /** `HTTP/2.0 200\r\n` and the lines of the fields; of a trailer section the lines alone. */
  block = "";
  /** Where in `block` the first line begins. */
  headersStart = 0;
  /** -1 when absent. */
  contentLength = -1;
  /** Of the list, as RFC 9113 §6.5.2 counts. */
  size = 0;
  #trailers = false;
  #lines = "";
  #count = 0;
  #allowance = 0;
  #maxBytes = 0;
  #fault: Http2Error | undefined;

  /** Expects a head, or trailers. `allowance` is what this response may still take of `maxBytes`. */
  begin(trailers: boolean, allowance: number, maxBytes: number): void {
    this.status = 0;
    this.block = "";
    this.contentLength = -1;
    this.size = 0;
    this.#trailers = trailers;
    this.#lines = "";
    this.#count = 0;
    this.#allowance = allowance;
    this.#maxBytes = maxBytes;
    this.#fault = undefined;
  }

  field(name: string, value: string, line: string, kind: number, size: number): void {
    this.size += size;
    // The block is decoded to its end whatever it holds, for the sake of the table; only the first fault is told.
    if (this.#fault !== undefined) return;
    if (this.size > this.#allowance || ++this.#count > MAX_FIELDS) {
      this.#fault = this.size > this.#allowance ? tooLarge(this.#maxBytes) : tooMany();
      this.#lines = "";
      return;
    }
    if (kind === 0) this.#lines += line;
    else this.#special(name, value, line, kind);
  }

  /** What is wrong with the list as a whole; undefined when nothing is. Then the other members hold. */
  finish(): Http2Error | undefined {
    if (this.#fault !== undefined) return this.#fault;
    if (this.#trailers) {
      this.headersStart = 0;
      this.block = this.#lines;
      return undefined;
    }
    if (this.status === 0) return malformed("it has no :status");
    const start = `HTTP/2.0 ${this.status}\r\n`;
    this.headersStart = start.length;
    this.block = start + this.#lines;
    this.#lines = "";
    return undefined;
  }

  #special(name: string, value: string, line: string, kind: number): void {
    if ((kind & FATAL) !== 0) {
      this.#fault = malformed(whatIsWrong(name, kind));
    } else if ((kind & KIND_STATUS) !== 0) {
      this.#fault = this.#takeStatus(value);
    } else if ((kind & KIND_NO_TRAILER) !== 0 && this.#trailers) {
      // As in HTTP/1.1, a field that means nothing there is dropped (RFC 9110 §6.5.1).
    } else {
      if ((kind & KIND_CONTENT_LENGTH) !== 0) this.#fault = this.#takeLength(value, kind);
      // White space at the ends is no part of the value, which whoever reads the line knows.
      this.#lines += line;
    }
  }

  #takeStatus(value: string): Http2Error | undefined {
    if (this.#trailers) return malformed("its trailers have a :status");
    if (this.status !== 0) return malformed(":status appears twice");
    if (this.#count !== 1) return malformed(":status comes after other fields");
    if (!/^[1-9][0-9][0-9]$/.test(value)) return malformed(`its :status is ${shown(value)}`);
    this.status = Number(value);
    if (this.status === 101) return malformed("its status is 101, which HTTP/2 does not have");
    return undefined;
  }

  #takeLength(value: string, kind: number): Http2Error | undefined {
    const code = "ERR_TRUNKLINE_CONTENT_LENGTH";
    if (this.contentLength >= 0) return malformed("content-length appears twice", code);
    const digits = (kind & KIND_BLANK) === 0 ? value : value.trim();
    const length = /^[0-9]+$/.test(digits) ? Number(digits) : Number.NaN;
    if (!Number.isSafeInteger(length)) return malformed(`its content-length is ${shown(value)}`, code);
    this.contentLength = length;
    return undefined;
  }
}

function whatIsWrong(name: string, kind: number): string {
  if ((kind & KIND_BAD_NAME) !== 0) {
    return name === "" ? "a field has an empty name" : `${shown(name)} is not a lower-case field name`;
  }
  if ((kind & KIND_CONNECTION) !== 0) return `it has the field ${name}, which HTTP/2 does not allow`;
  if ((kind & KIND_PSEUDO) !== 0) return `it has ${shown(name)}, which is not allowed in a response`;
  return `the value of ${name} contains a control character`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text).replace(
    /[\x7f-\xff]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16)}`,
  );
}

function tooLarge(maxBytes: number): Http2Error {
  return responseLimit(
    "ERR_TRUNKLINE_HEADERS_TOO_LARGE",
    `The response's headers exceed ${maxBytes} bytes, counting 32 more for each field; raise maxHeaderBytes if you trust this server`,
  );
}

function tooMany(): Http2Error {
  return responseLimit(
    "ERR_TRUNKLINE_TOO_MANY_HEADERS",
    `The response has more than ${MAX_FIELDS} header fields`,
  );
}
