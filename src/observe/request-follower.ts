import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE, BodyDecoder } from "../http1/index.js";
import type { HeadRewriter } from "./head-rewriter.js";

/** What a request's head says, as far as connections are concerned. */
export interface RequestFacts {
  readonly method: string;
  /** As written: `/path?query`, or a whole URL where a proxy is asked. */
  readonly target: string;
  readonly minorVersion: number;
  /** The request asks for the end of the connection: `Connection: close`, or HTTP/1.0 without keep-alive. */
  readonly lastOne: boolean;
  readonly saidClose: boolean;
  readonly userAgent: string | undefined;
}

/** Why the bytes of a connection are passed on without being understood. */
export type Opaque = "tls" | "http2" | "not-http" | "upgraded";

export interface RequestEvents {
  requestStarted(facts: RequestFacts): void;
  requestEnded(): void;
}

/** A head beyond this is passed on without being understood. */
export const MAX_HEAD = 262_144;
const LF = 0x0a;
/** The first byte of a TLS record that begins a handshake. */
export const TLS_HANDSHAKE = 0x16;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Follows the requests in a stream of bytes that it hands on unchanged, but for what a rewriter changes in heads. It is
 * lenient: what it cannot read makes the stream opaque, and never changes it. No I/O.
 */
export class RequestFollower {
  /** Set once the bytes are no longer understood. */
  opaque: Opaque | undefined;
  readonly #events: RequestEvents;
  readonly #rewriter: HeadRewriter | undefined;
  readonly #body = new BodyDecoder();
  /** The complete lines of the current head. */
  #lines: string[] = [];
  /** The current line as far as it has come, and how much of it has been handed on. */
  #line = "";
  #handedOn = 0;
  #headBytes = 0;

  constructor(events: RequestEvents, rewriter?: HeadRewriter) {
    this.#events = events;
    this.#rewriter = rewriter;
  }

  /** Takes the next bytes and returns those to hand on; a line that may be changed is held back until its end is seen. */
  push(chunk: Buffer): Buffer {
    if (this.opaque !== undefined) return chunk;
    const out: Buffer[] = [];
    let at = 0;
    while (at < chunk.length && this.opaque === undefined) {
      if (this.#body.done) {
        at = this.#readLine(chunk, at, out);
        continue;
      }
      const end = this.#decode(chunk, at);
      out.push(chunk.subarray(at, end));
      at = end;
    }
    if (at < chunk.length) out.push(chunk.subarray(at));
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  /** The stream is over, or no longer HTTP/1: what was held back. */
  release(opaque?: Opaque): Buffer {
    const held =
      this.#handedOn < this.#line.length ? Buffer.from(this.#line.slice(this.#handedOn), "latin1") : NOTHING;
    this.#line = "";
    this.#handedOn = 0;
    this.opaque ??= opaque;
    return held;
  }

  /** Whether a request has begun and not ended, or a part of a head has come. */
  get inside(): boolean {
    return !this.#body.done || this.#lines.length > 0 || this.#line !== "";
  }

  #readLine(chunk: Buffer, at: number, out: Buffer[]): number {
    if (this.#headBytes === 0 && chunk[at] === TLS_HANDSHAKE) {
      this.opaque = "tls";
      return at;
    }
    const feed = chunk.indexOf(LF, at);
    const end = feed < 0 ? chunk.length : feed + 1;
    this.#line += chunk.toString("latin1", at, end);
    this.#headBytes += end - at;
    const isFirst = this.#lines.length === 0;
    const mayChange = this.#rewriter?.mayChange(this.#line, isFirst) === true;
    if (feed < 0) {
      if (!mayChange) this.#handOn(out, this.#line);
      if (this.#headBytes > MAX_HEAD) out.push(this.release("not-http"));
      return end;
    }
    const line = this.#line;
    this.#handOn(out, mayChange ? (this.#rewriter?.change(line, isFirst) ?? line) : line);
    this.#line = "";
    this.#handedOn = 0;
    const text = line.replace(/\r?\n$/, "");
    if (text !== "") this.#lines.push(text);
    // Empty lines before a request are allowed (RFC 9112 §2.2).
    else if (this.#lines.length > 0) this.#endHead();
    return end;
  }

  #handOn(out: Buffer[], line: string): void {
    if (line.length > this.#handedOn) out.push(Buffer.from(line.slice(this.#handedOn), "latin1"));
    this.#handedOn = line.length;
  }

  #endHead(): void {
    const [start = "", ...fields] = this.#lines;
    this.#lines = [];
    this.#headBytes = 0;
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/(\d)\.(\d)$/.exec(start);
    if (match === null || match[3] !== "1") {
      this.opaque = match?.[1] === "PRI" ? "http2" : "not-http";
      return;
    }
    const connection = values(fields, "connection").toLowerCase();
    const saidClose = /(?:^|[,\s])close(?:$|[,\s])/.test(connection);
    const minorVersion = Number(match[4]);
    const agent = values(fields, "user-agent");
    this.#events.requestStarted({
      method: match[1] as string,
      target: match[2] as string,
      minorVersion,
      saidClose,
      lastOne: saidClose || (minorVersion === 0 && !connection.includes("keep-alive")),
      userAgent: agent === "" ? undefined : agent,
    });
    this.#beginBody(values(fields, "transfer-encoding"), values(fields, "content-length"));
  }

  #beginBody(coding: string, length: string): void {
    if (/(?:^|[,\s])chunked$/i.test(coding)) this.#body.begin(BODY_CHUNKED, -1);
    else if (/^\d{1,15}$/.test(length)) this.#body.begin(BODY_LENGTH, Number(length));
    else this.#body.begin(BODY_NONE, -1);
    if (this.#body.done) this.#events.requestEnded();
  }

  #decode(chunk: Buffer, at: number): number {
    try {
      const end = this.#body.decode(chunk, at, chunk.length, ignore);
      if (this.#body.done) this.#events.requestEnded();
      return end;
    } catch {
      this.opaque = "not-http";
      return chunk.length;
    }
  }
}

/** All values of a field, joined as RFC 9110 §5.2 says. */
function values(fields: readonly string[], name: string): string {
  const found: string[] = [];
  for (const field of fields) {
    const colon = field.indexOf(":");
    if (colon > 0 && field.slice(0, colon).toLowerCase() === name) found.push(field.slice(colon + 1).trim());
  }
  return found.join(", ");
}

function ignore(): void {}
