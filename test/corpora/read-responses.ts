import { BodyDecoder, DEFAULT_MAX_HEAD_BYTES, ResponseHeadParser } from "../../src/http1/index.js";

/** What a stream of bytes meant: comparable between parsers and between ways to split it. */
export interface Reading {
  /** `status minorVersion`, one for each head, 1xx included. */
  heads: string[];
  /** The header blocks of those heads. */
  blocks: string[];
  /** Messages that ended by themselves. */
  complete: number;
  /** Payload of all messages, as latin1. */
  body: string;
  /** The code of the ProtocolError, or why the bytes cannot belong to a message. */
  error: string | undefined;
}

const CR = 0x0d;
const LF = 0x0a;

/**
 * Reads a whole connection's worth of responses, as if a request of this method had been sent before each, and takes
 * the bytes in the given pieces. Line ends between two messages are passed over, as the corpora have them there.
 */
export function readResponses(pieces: readonly Buffer[], method = "GET"): Reading {
  const reader = new Reader(method);
  for (const piece of pieces) {
    reader.take(piece);
    if (reader.reading.error !== undefined) break;
  }
  return reader.reading;
}

class Reader {
  readonly reading: Reading = { heads: [], blocks: [], complete: 0, body: "", error: undefined };
  readonly #parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
  readonly #decoder = new BodyDecoder();
  readonly #method: string;
  #state: "between" | "head" | "body" | "over" | "switched" = "head";

  constructor(method: string) {
    this.#method = method;
    this.#parser.begin(method);
  }

  take(piece: Buffer): void {
    let at = 0;
    try {
      while (at < piece.length && this.reading.error === undefined) at = this.#step(piece, at);
    } catch (error) {
      this.reading.error = (error as { code: string }).code;
    }
  }

  #step(piece: Buffer, at: number): number {
    switch (this.#state) {
      case "between":
      case "over":
        if (piece[at] === CR || piece[at] === LF) return at + 1;
        if (this.#state === "over") {
          this.reading.error = "surplus";
          return at;
        }
        this.#parser.begin(this.#method);
        this.#state = "head";
        return at;
      case "head":
        return this.#head(piece, at);
      case "switched":
        return piece.length;
      default:
        return this.#body(piece, at);
    }
  }

  #head(piece: Buffer, at: number): number {
    const parser = this.#parser;
    const after = parser.parse(piece, at, piece.length);
    if (after < 0) return piece.length;
    this.reading.heads.push(`${parser.status} ${parser.minorVersion}`);
    this.reading.blocks.push(parser.block);
    if (parser.informational) {
      this.reading.complete++;
      return after;
    }
    this.#decoder.begin(parser.bodyKind, parser.contentLength);
    if (this.#decoder.done) this.#finish();
    else this.#state = "body";
    return after;
  }

  #body(piece: Buffer, at: number): number {
    const keep = (buffer: Buffer, start: number, end: number): void => {
      this.reading.body += buffer.toString("latin1", start, end);
    };
    const after = this.#decoder.decode(piece, at, piece.length, keep);
    if (this.#decoder.done) this.#finish();
    return after;
  }

  #finish(): void {
    this.reading.complete++;
    // What follows a 101 is another protocol's; after a last response nothing may follow.
    if (this.#parser.status === 101) this.#state = "switched";
    else this.#state = this.#parser.keepAlive ? "between" : "over";
  }
}
