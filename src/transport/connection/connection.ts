import type { Duplex } from "node:stream";
import { ProtocolError } from "../../errors/index.js";
import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE, ChunkedDecoder, ResponseHeadParser } from "../../http1/index.js";
import { BodyReader, headersFromBlock, type Response } from "../../message/index.js";
import type { Member } from "../../pool/index.js";
import type { Timed } from "../../runtime/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { DialAttempt, DialResult, DialTimings, PendingDial } from "../dial/index.js";
import type { Exchange } from "../exchange.js";
import { emergencyRead } from "./emergency-read.js";
import { Opening } from "./opening.js";
import { ReadTarget } from "./read-target.js";
import { whyNotReusable } from "./reuse.js";
import { causeOfSocketError } from "./socket-errors.js";
import { Upload } from "./upload.js";

/** What a connection needs of the transport that owns it. */
export interface ConnectionHost {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly maxHeaderBytes: number;
  readonly keepAlive: boolean;
  now(): number;
  /** Bytes came in: the event loop polls. Returns the time. */
  polled(): number;
  setDeadline(connection: Connection, at: number): void;
  /** The exchange is over and the connection can be used again. Called before the caller sees the end. */
  released(connection: Connection, now: number): void;
  /** The connection is gone; `exchange` is what it took with it. */
  closed(connection: Connection, cause: CloseCause): void;
  exchangeEnded(exchange: Exchange, now: number): void;
  /** The connection died under the exchange before its head was in; the host tries again or rejects. */
  exchangeFailed(exchange: Exchange, cause: CloseCause, error: unknown): void;
  /** The error that a body cut short by `cause` ends with. */
  bodyError(exchange: Exchange, cause: CloseCause, error: unknown): unknown;
  headersTimedOut(exchange: Exchange, now: number): unknown;
  bodyTimedOut(exchange: Exchange, now: number): unknown;
  /** The response's body is still arriving: somebody must read it. */
  watchBody(exchange: Exchange, response: Response): void;
}

// What the next byte belongs to.
const IDLE = 0;
const HEAD = 1;
const LENGTH = 2;
const CHUNKS = 3;
const UNTIL_CLOSE = 4;
const CLOSED = 5;

/** Of a body given up, this much is read to save the connection (Go drains as much)… */
const DRAIN_BYTES = 256 * 1024;
/** …within this many milliseconds. */
const DRAIN_MS = 50;

/**
 * One wire and the HTTP/1.1 codec on it. Reading and writing go on independently; whether the connection can be
 * used again is decided in one place, {@link #complete}.
 */
export class Connection implements Timed {
  readonly member: Member<Connection>;
  readonly #host: ConnectionHost;
  readonly #parser: ResponseHeadParser;
  #decoder: ChunkedDecoder | undefined;
  #socket: Duplex | undefined;
  /** How it was made, once it is. */
  dialed: DialResult | undefined = undefined;
  #phase = IDLE;
  #exchange: Exchange | undefined;
  #upload: Upload | undefined;
  /** Bytes of a length-delimited body still to come. */
  #remaining = 0;
  #paused = false;
  #sawEnd = false;
  /** Set while a body given up is being drained: bytes that may still be read for that. */
  #drainLeft = -1;
  #drained: (() => void) | undefined;
  readonly #target = new ReadTarget();
  /** The dial under way. */
  pending: PendingDial | undefined = undefined;
  /** What was tried, where the dial failed. */
  dialError: { readonly attempts: readonly DialAttempt[]; readonly timings: DialTimings } | undefined = undefined;
  #opening: Opening | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  closedBecause: CloseCause | undefined = undefined;

  // Timed: the deadline of the present phase.
  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;

  constructor(member: Member<Connection>, host: ConnectionHost) {
    this.member = member;
    this.#host = host;
    this.#parser = new ResponseHeadParser(host.maxHeaderBytes);
  }

  // ── the wire ─────────────────────────────────────────────────────────────────────────────────────────────

  /** `onread.buffer`. Node's own type does not know that `undefined` keeps the buffer. */
  readonly buffer = (): Uint8Array => this.#target.take() as Uint8Array;

  /** `onread.callback`. A throw in it would be an uncaught exception, so nothing may escape. */
  readonly read = (bytes: number, buffer: Uint8Array): boolean => {
    const more = this.#bytes(buffer as Buffer, bytes);
    this.#target.choose(this.#phase > HEAD ? this.#exchange?.body?.nextBuffer() : undefined);
    return more;
  };

  /** The dial is done. */
  opened(result: DialResult): void {
    this.dialed = result;
    this.pending = undefined;
    const socket = result.socket;
    this.#socket = socket;
    this.#target.opened();
    socket.on("error", (error: Error) => this.#errored(error));
    socket.on("end", () => this.#ended());
    socket.on("close", () => this.#ended());
    if (!result.usesOnread) {
      socket.on("data", (chunk: Buffer) => {
        if (!this.#bytes(chunk, chunk.length)) socket.pause();
      });
    }
  }

  dialFailed(_error: unknown, attempts: readonly DialAttempt[], timings: DialTimings): void {
    this.dialError = { attempts, timings };
    this.pending = undefined;
  }

  /** Ends the dial, if one is under way. */
  cancelDial(): void {
    this.pending?.cancel();
    this.pending = undefined;
  }

  /** Resolves when it is open, for whoever asked for it ahead of need. */
  whenOpen(): Promise<void> {
    if (this.#opening === undefined) {
      const opening = new Opening();
      this.#opening = opening;
      if (this.dialed !== undefined) opening.resolve();
    }
    return this.#opening.promise;
  }

  /** The dial is over; a second call does nothing. */
  settleOpen(error: unknown): void {
    if (error === undefined) this.#opening?.resolve();
    else this.#opening?.reject(error);
  }

  /** The exchange under way. */
  get busyWith(): Exchange | undefined {
    return this.#exchange;
  }

  get socket(): Duplex | undefined {
    return this.#socket;
  }

  // ── requests ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends the exchange's request. The connection is idle or new. */
  send(exchange: Exchange, now: number): void {
    const socket = this.#socket as Duplex;
    this.#exchange = exchange;
    this.#phase = HEAD;
    this.#parser.begin(exchange.method);
    exchange.assigned(this, now);
    const head = exchange.head;
    exchange.bytesWritten = head.length;
    this.bytesWritten += head.length;
    if (exchange.upload === undefined) {
      if (typeof head === "string") socket.write(head, "latin1");
      else socket.write(head);
      exchange.sentAt = now;
      this.#host.setDeadline(this, now + this.#host.headersTimeout);
    } else {
      this.#upload = new Upload(socket, exchange, {
        progress: (bytes) => {
          this.bytesWritten += bytes;
          if (this.#phase === HEAD) this.#host.setDeadline(this, this.#host.now() + this.#host.bodyTimeout);
        },
        done: () => this.#uploaded(exchange),
        failed: (cause, error) => this.#fail(cause, error),
        writeFailed: () => this.#readWhatCame(),
      });
      this.#upload.start();
    }
  }

  #uploaded(exchange: Exchange): void {
    this.#upload = undefined;
    if (this.#exchange !== exchange) return;
    exchange.sentAt = this.#host.now();
    if (this.#phase === HEAD) this.#host.setDeadline(this, exchange.sentAt + this.#host.headersTimeout);
  }

  // ── responses ────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes what was read; returns whether to go on reading. */
  #bytes(buffer: Buffer, end: number): boolean {
    const now = this.#host.polled();
    this.bytesRead += end;
    let offset = 0;
    try {
      for (;;) {
        const exchange = this.#exchange;
        if (exchange === undefined) {
          if (this.#phase !== CLOSED) this.#unsolicited(buffer, offset, end);
          return this.#phase !== CLOSED;
        }
        if (this.#phase !== HEAD) return this.#bodyBytes(exchange, buffer, offset, end, now);
        const after = this.#parser.parse(buffer, offset, end);
        exchange.bytesRead += (after < 0 ? end : after) - offset;
        if (after < 0) return true;
        offset = after;
        if (this.#parser.informational) {
          this.#informational(exchange);
          if (offset === end) return true;
          continue;
        }
        return this.#head(exchange, buffer, offset, end, now);
      }
    } catch (error) {
      const limit = error instanceof ProtocolError && error.limit;
      const evidence = error instanceof Error ? error.message : String(error);
      this.#fail({ reason: limit ? "limit-exceeded" : "protocol-error", by: limit ? "client" : "server", evidence }, error);
      return false;
    }
  }

  #informational(exchange: Exchange): void {
    const listener = exchange.request.onInformational;
    if (listener === undefined) return;
    const parser = this.#parser;
    const { status } = parser;
    const headers = headersFromBlock(parser.block, parser.headersStart);
    const call = (): void => listener(status, headers);
    try {
      if (exchange.runInContext === undefined) call();
      else exchange.runInContext(call);
    } catch (error) {
      // A listener that throws is its owner's affair; it surfaces, in a turn of its own.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #head(exchange: Exchange, buffer: Buffer, start: number, end: number, now: number): boolean {
    const parser = this.#parser;
    exchange.status = parser.status;
    exchange.block = parser.block;
    exchange.headersStart = parser.headersStart;
    exchange.headersAt = now;
    if (exchange.sentAt === 0) exchange.sentAt = now; // an early response: the upload was still under way
    switch (parser.bodyKind) {
      case BODY_NONE:
        this.#complete(exchange, end > start, now);
        exchange.respond();
        return true;
      case BODY_LENGTH: {
        const length = parser.contentLength;
        if (end - start >= length) {
          exchange.body = length === 0 ? BodyReader.empty() : BodyReader.copied(buffer, start, start + length);
          exchange.bytesRead += length;
          this.#complete(exchange, end - start > length, now);
          exchange.respond();
          return true;
        }
        this.#remaining = length;
        this.#phase = LENGTH;
        exchange.body = new BodyReader(exchange, length);
        break;
      }
      case BODY_CHUNKED:
        this.#decoder ??= new ChunkedDecoder();
        this.#decoder.reset();
        this.#phase = CHUNKS;
        exchange.body = new BodyReader(exchange, -1);
        break;
      default:
        this.#phase = UNTIL_CLOSE;
        exchange.body = new BodyReader(exchange, -1);
    }
    this.#host.setDeadline(this, now + this.#host.bodyTimeout);
    const more = this.#bodyBytes(exchange, buffer, start, end, now);
    this.#host.watchBody(exchange, exchange.respond());
    return more;
  }

  #bodyBytes(exchange: Exchange, buffer: Buffer, start: number, end: number, now: number): boolean {
    const body = exchange.body as BodyReader;
    let more = true;
    switch (this.#phase) {
      case LENGTH: {
        const last = end - start >= this.#remaining;
        const stop = last ? start + this.#remaining : end;
        this.#remaining -= stop - start;
        exchange.bytesRead += stop - start;
        more = body.push(buffer, start, stop);
        if (last) {
          this.#complete(exchange, end > stop, now);
          body.end();
          return true;
        }
        break;
      }
      case CHUNKS: {
        const decoder = this.#decoder as ChunkedDecoder;
        const after = decoder.decode(buffer, start, end, (bytes, from, to) => {
          more = body.push(bytes, from, to);
        });
        exchange.bytesRead += after - start;
        if (decoder.done) {
          exchange.trailersArrived(decoder.trailerBlock);
          this.#complete(exchange, after < end, now);
          body.end();
          return true;
        }
        break;
      }
      case UNTIL_CLOSE:
        exchange.bytesRead += end - start;
        more = body.push(buffer, start, end);
        break;
      default:
        return false;
    }
    if (this.#drainLeft >= 0) {
      this.#drainLeft -= end - start;
      if (this.#drainLeft < 0) {
        this.#giveUpDraining(exchange, `more than ${DRAIN_BYTES} bytes of the body were left`);
        return false;
      }
      return true;
    }
    if (!more) {
      this.#paused = true;
      this.#host.setDeadline(this, Number.POSITIVE_INFINITY); // the reader's time is its own
      return false;
    }
    this.#host.setDeadline(this, now + this.#host.bodyTimeout);
    return true;
  }

  /** The response is complete: the one place that decides whether the connection can be used again. */
  #complete(exchange: Exchange, extraBytes: boolean, now: number): void {
    this.#exchange = undefined;
    this.#phase = IDLE;
    this.#host.setDeadline(this, Number.POSITIVE_INFINITY);
    exchange.endedAt = now;
    exchange.outcome = "complete";
    const cause = whyNotReusable({
      exchange,
      parser: this.#parser,
      extraBytes,
      uploading: this.#upload !== undefined,
      sawEnd: this.#sawEnd,
      keepAlive: this.#host.keepAlive,
    });
    if (cause === undefined) {
      const parser = this.#parser;
      if (parser.keepAliveTimeout >= 0) this.member.serverIdleLimit = withMargin(parser.keepAliveTimeout * 1000);
      if (parser.keepAliveMax >= 0) this.member.serverRequestsLeft = parser.keepAliveMax;
      this.#host.released(this, now);
    } else {
      this.#upload?.stop();
      this.#upload = undefined;
      this.close(cause);
    }
    this.#host.exchangeEnded(exchange, now);
    if (this.#drainLeft >= 0) this.#endDraining();
  }

  // ── the consumer's side ──────────────────────────────────────────────────────────────────────────────────

  /** The reader of the exchange's body wants more. */
  resumeReading(exchange: Exchange): void {
    if (this.#exchange !== exchange || !this.#paused) return;
    this.#paused = false;
    this.#host.setDeadline(this, this.#host.now() + this.#host.bodyTimeout);
    this.#socket?.resume();
  }

  /** The reader gave the rest of the body up. A short rest is read, a long one costs the connection. */
  abandonBody(exchange: Exchange, reason: unknown): Promise<void> {
    if (this.#exchange !== exchange) return Promise.resolve();
    if (reason !== undefined && reason === exchange.signal?.reason) {
      this.#fail({ reason: "aborted", by: "caller", evidence: "the signal aborted while the body was arriving" }, reason);
      return Promise.resolve();
    }
    const known = this.#phase === LENGTH;
    if (this.#phase === UNTIL_CLOSE || (known && this.#remaining > DRAIN_BYTES)) {
      this.#giveUpDraining(exchange, known ? `${this.#remaining} bytes of it were left` : "its end is the end of the connection");
      return Promise.resolve();
    }
    this.#drainLeft = DRAIN_BYTES;
    this.#host.setDeadline(this, this.#host.now() + DRAIN_MS);
    return new Promise<void>((resolve) => {
      this.#drained = resolve;
      if (this.#paused) {
        this.#paused = false;
        this.#socket?.resume();
      }
    });
  }

  #giveUpDraining(exchange: Exchange, why: string): void {
    const read = exchange.body?.delivered === true;
    exchange.outcome = "cancelled";
    this.#fail(
      {
        reason: read ? "body-abandoned" : "body-unread",
        by: "caller",
        evidence: `the response body was ${read ? "given up part-way" : "closed unread"}: ${why} (${exchange.method} status ${exchange.status})`,
      },
      new Error("The response body was closed before its end"),
    );
  }

  #endDraining(): void {
    this.#drainLeft = -1;
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  // ── endings ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Fails what is under way and closes. */
  fail(cause: CloseCause, error: unknown): void {
    this.#fail(cause, error);
  }

  /** Closes the connection, which has nothing under way. */
  close(cause: CloseCause): void {
    if (this.#phase === CLOSED) return;
    this.#shut(cause);
    this.#host.closed(this, cause);
  }

  /** As {@link close}, when the pool has already let go of it. */
  shut(cause: CloseCause): void {
    if (this.#phase !== CLOSED) this.#shut(cause);
  }

  #shut(cause: CloseCause): void {
    this.#phase = CLOSED;
    this.closedBecause = cause;
    this.#host.setDeadline(this, Number.POSITIVE_INFINITY);
    this.#socket?.destroy();
  }

  #fail(cause: CloseCause, error: unknown): void {
    if (this.#phase === CLOSED) return;
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.close(cause);
      return;
    }
    const inBody = this.#phase !== HEAD;
    const body = exchange.body;
    this.#exchange = undefined;
    this.#upload?.stop();
    this.#upload = undefined;
    this.#shut(cause);
    this.#host.closed(this, cause);
    if (!inBody || body === null) {
      this.#host.exchangeFailed(exchange, cause, error);
      return;
    }
    const failure = this.#host.bodyError(exchange, cause, error);
    if (exchange.outcome === "active") exchange.outcome = "failed";
    exchange.endedAt = this.#host.now();
    exchange.trailersFailed(failure);
    this.#host.exchangeEnded(exchange, exchange.endedAt);
    body.fail(failure);
    if (this.#drainLeft >= 0) this.#endDraining();
  }

  /** The peer ended its side. */
  #ended(): void {
    if (this.#phase === CLOSED) return;
    this.#sawEnd = true;
    const exchange = this.#exchange;
    const now = this.#host.now();
    if (exchange === undefined) {
      const idle = Math.round(now - this.member.idleSince);
      this.close({ reason: "server-closed-idle", by: "server", evidence: `the server ended the connection after ${idle} ms idle` });
      return;
    }
    if (this.#phase === UNTIL_CLOSE) {
      const body = exchange.body as BodyReader;
      exchange.outcome = "complete";
      exchange.endedAt = now;
      this.#exchange = undefined;
      this.close({ reason: "closed-by-eof-body", by: "server", evidence: "the response had no length, so the end of the connection was its end" });
      this.#host.exchangeEnded(exchange, now);
      exchange.trailersArrived("");
      body.end();
      if (this.#drainLeft >= 0) this.#endDraining();
      return;
    }
    const started = exchange.bytesRead > 0;
    this.#fail(
      started
        ? { reason: "server-closed-mid-response", by: "server", evidence: this.#cutOff(exchange) }
        : {
            reason: "server-closed-unanswered",
            by: "server",
            evidence: `the server ended the connection without an answer, ${Math.round(now - exchange.assignedAt)} ms after the request began`,
          },
      undefined,
    );
  }

  #cutOff(exchange: Exchange): string {
    if (this.#phase === HEAD) return `the connection ended after ${exchange.bytesRead} bytes of the response's head`;
    if (this.#phase === LENGTH) return `the connection ended with ${this.#remaining} bytes of the body still to come`;
    return "the connection ended before the last chunk of the body";
  }

  #errored(error: NodeJS.ErrnoException): void {
    if (this.#phase === CLOSED) return;
    this.#fail(causeOfSocketError(error, this.#exchange !== undefined, this.dialed?.tlsInfo !== undefined), error);
  }

  /**
   * A write failed while the response may be waiting in the kernel: an early answer wins over the error that
   * follows it (design rule 9). Node is about to close the socket, so it is read now or never.
   */
  #readWhatCame(): void {
    if (this.#phase !== HEAD || this.#socket === undefined) return;
    emergencyRead(this.#socket, (buffer, bytes) => {
      this.#bytes(buffer, bytes);
      return this.#exchange !== undefined;
    });
  }

  #unsolicited(buffer: Buffer, start: number, end: number): void {
    const idle = `${Math.round(this.#host.now() - this.member.idleSince)} ms`;
    const text = buffer.toString("latin1", start, Math.min(end, start + 12));
    if (/^HTTP\/1\.[01] 408/.test(text)) {
      this.close({ reason: "server-idle-timeout", by: "server", evidence: `the server sent 408 after ${idle} idle` });
    } else {
      this.close({ reason: "unsolicited-data", by: "server", evidence: `${end - start} bytes arrived on an idle connection after ${idle}` });
    }
  }

  // ── Timed ────────────────────────────────────────────────────────────────────────────────────────────────

  expired(now: number): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    if (this.#drainLeft >= 0) {
      this.#giveUpDraining(exchange, `the rest did not arrive within ${DRAIN_MS} ms`);
    } else if (this.#phase === HEAD && this.#upload === undefined) {
      const error = this.#host.headersTimedOut(exchange, now);
      this.#fail({ reason: "timeout", by: "client", evidence: `no response within ${this.#host.headersTimeout} ms` }, error);
    } else {
      const error = this.#host.bodyTimedOut(exchange, now);
      this.#fail({ reason: "timeout", by: "client", evidence: `no byte moved for ${this.#host.bodyTimeout} ms` }, error);
    }
  }
}

/** The announced limit less what the way and both clocks may take: a second, or half of a shorter limit. */
function withMargin(announced: number): number {
  return announced - Math.min(1000, announced / 2);
}
