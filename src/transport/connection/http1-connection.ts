import type { Duplex } from "node:stream";
import {
  BODY_LENGTH,
  BODY_NONE,
  BODY_UNTIL_CLOSE,
  BodyDecoder,
  type ResponseHeadParser,
} from "../../http1/index.js";
import { BodyReader, closedEarly } from "../../message/index.js";
import type { CloseCause } from "../../trace/index.js";
import { type Exchange, traceWritten } from "../exchange/index.js";
import type { Clock, Expiring } from "../upkeep/index.js";
import * as causes from "./causes.js";
import type { Connection } from "./connection.js";
import type { Carrier, CarrierHost } from "./contract.js";
import { DRAIN_BYTES, DRAIN_MS, Drain, tooMuchLeft } from "./drain.js";
import { encodeHttp1, fieldsOf, type Http1Request } from "./http1-request.js";
import { reportInformational } from "./informational.js";
import { mayBeFollowed, takeHints, unfitForUse, whyNotReusable } from "./reuse.js";
import { causeOfSocketError, tookNothing } from "./socket-errors.js";
import { isHandOver, UPGRADED, UpgradedStream } from "./upgraded.js";
import { END_OF_SOURCE_MS, isUnsent, Upload } from "./upload.js";
import type { Wire } from "./wire.js";

// What the next byte belongs to.
const IDLE = 0;
const HEAD = 1;
const BODY = 2;
const CLOSED = 3;

type Piece = (buffer: Buffer, start: number, end: number) => void;

/**
 * HTTP/1.1 on a wire: one exchange at a time. Reading and writing go on independently; whether the connection can
 * be used again is decided in one place, {@link #complete}.
 */
export class Http1Connection implements Carrier, Expiring {
  readonly protocol = "http/1.1";
  readonly streamCounts = undefined;
  readonly retired = undefined;
  readonly #connection: Connection;
  readonly #host: CarrierHost;
  readonly #clock: Clock;
  /** Has the head of the response under way, from its first byte on. */
  #parser: ResponseHeadParser | undefined;
  /** Finds the body of a response that does not arrive in one piece; made for the first of them. */
  #decoder: BodyDecoder | undefined;
  /** Gives a piece of it to its reader. */
  #push: Piece | undefined;
  /** Whether the reader wanted more after the last piece. */
  #wantsMore = true;
  readonly #wire: Wire;
  #phase = IDLE;
  #exchange: Exchange | undefined;
  #upload: Upload | undefined;
  #sawEnd = false;
  /** Set while a body given up is being drained. */
  #drain: Drain | undefined;

  // Expiring: the deadline of the exchange's present phase. There is one exchange at a time, so no object is needed for it.
  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;

  constructor(connection: Connection, host: CarrierHost) {
    this.#connection = connection;
    this.#wire = connection.wire;
    this.#host = host;
    this.#clock = host.clock;
  }

  exchanges(): Iterable<Exchange> {
    return this.#exchange === undefined ? [] : [this.#exchange];
  }

  nextBuffer(): Buffer | undefined {
    return this.#phase === BODY ? this.#exchange?.body?.nextBuffer() : undefined;
  }

  unfitFor(exchange: Exchange, idleFor: number): CloseCause | undefined {
    return unfitForUse(this.#wire, exchange, idleFor);
  }

  /** Sends the exchange's request. The connection is idle or new. */
  send(exchange: Exchange, now: number): void {
    const socket = this.#wire.socket as Duplex;
    this.#exchange = exchange;
    this.#phase = HEAD;
    exchange.assigned(this.#connection, now);
    if (exchange.reused) this.#wire.markSealed();
    const { outgoing } = exchange;
    const request = (outgoing.http1 as Http1Request | undefined) ?? encodeHttp1(outgoing);
    const { head, rest } = request;
    exchange.headBytes = head.length;
    if (rest === undefined) {
      exchange.bytesWritten = head.length;
      this.#connection.bytesWritten += head.length;
      if (typeof head === "string") socket.write(head, "latin1");
      else socket.write(head);
      exchange.sentAt = now;
      this.#clock.set(this, now + this.#host.headersTimeout);
    } else {
      this.#upload = new Upload(socket, exchange, rest, {
        progress: (bytes) => {
          this.#connection.bytesWritten += bytes;
          if (this.#phase === HEAD && this.#upload?.awaitsEnd !== true) {
            this.#clock.set(this, this.#clock.now() + this.#host.bodyTimeout);
          }
        },
        endAwaited: () => {
          if (this.#phase !== HEAD) return false;
          this.#clock.set(this, this.#clock.now() + END_OF_SOURCE_MS);
          return true;
        },
        done: () => this.#uploaded(exchange),
        failed: (cause, error) => {
          if (this.#exchange === exchange) this.close(cause, error);
        },
        writeFailed: () => this.#readWhatCame(),
      });
      this.#upload.start();
      if (this.#exchange !== exchange) return; // the source of the body ended it
      if (this.#upload.held) this.#clock.set(this, now + exchange.outgoing.expectWait);
    }
    const { trace } = exchange;
    if (trace !== undefined) traceWritten(trace, exchange, () => fieldsOf(request), rest === undefined);
  }

  #uploaded(exchange: Exchange): void {
    if (this.#exchange !== exchange) return;
    this.#upload = undefined;
    exchange.sentAt = this.#clock.now();
    exchange.trace?.wroteRequest?.({});
    if (this.#phase === HEAD) this.#clock.set(this, exchange.sentAt + this.#host.headersTimeout);
  }

  /** Takes what was read; returns whether to go on reading. */
  received(buffer: Buffer, end: number): boolean {
    const now = this.#clock.now();
    this.#connection.bytesRead += end;
    let offset = 0;
    if (this.#exchange !== undefined && this.#wire.cameBeforeMark()) {
      this.close(causes.ARRIVED_BEFORE_REQUEST, undefined);
      return false;
    }
    try {
      for (;;) {
        const exchange = this.#exchange;
        if (exchange === undefined) {
          if (this.#phase !== CLOSED)
            this.#end(causes.unsolicited(buffer, offset, end, now - this.#connection.member.idleSince));
          return false;
        }
        if (this.#phase !== HEAD) return this.#bodyBytes(exchange, buffer, offset, end, now);
        if (exchange.trace !== undefined && exchange.bytesRead === 0) {
          exchange.trace.gotFirstResponseByte?.();
          if (this.#exchange !== exchange) return false; // the hook aborted the request
        }
        const parser = (this.#parser ??= this.#host.headParsers.take(exchange.method));
        const after = parser.parse(buffer, offset, end);
        exchange.bytesRead += (after < 0 ? end : after) - offset;
        if (after < 0) return true;
        offset = after;
        if (parser.informational) {
          if (parser.status === 100) this.#upload?.proceed();
          reportInformational(exchange, parser);
          if (this.#exchange !== exchange) return false; // the listener aborted the request
          if (offset === end) return true;
          continue;
        }
        return this.#head(exchange, parser, buffer, offset, end, now);
      }
    } catch (error) {
      this.close(causes.brokenBy(error), error);
      return false;
    }
  }

  #head(
    exchange: Exchange,
    parser: ResponseHeadParser,
    buffer: Buffer,
    start: number,
    end: number,
    now: number,
  ): boolean {
    const kind = parser.bodyKind;
    exchange.headArrived(parser, now);
    if (this.#exchange !== exchange) return false; // who was told of it aborted the request
    if (kind === BODY_NONE) {
      if (isHandOver(exchange)) {
        this.#handOver(exchange, buffer.subarray(start, end), now);
        return true;
      }
      this.#complete(exchange, end > start, now);
      exchange.respond();
      return true;
    }
    const length = kind === BODY_LENGTH ? parser.contentLength : -1;
    if (length >= 0 && end - start >= length) {
      exchange.body = length === 0 ? BodyReader.empty() : BodyReader.copied(buffer, start, start + length);
      exchange.bytesRead += length;
      this.#complete(exchange, end - start > length, now);
      exchange.respond();
      return true;
    }
    const body = new BodyReader(exchange, length);
    exchange.body = body;
    this.#decoder ??= new BodyDecoder();
    this.#decoder.begin(kind, length);
    this.#wantsMore = true;
    this.#push = (bytes, from, to) => {
      this.#wantsMore = body.push(bytes, from, to);
    };
    this.#phase = BODY;
    this.#upload?.release(); // the deadline is the response's from here on
    this.#clock.set(this, now + this.#host.bodyTimeout);
    // Before its body: what breaks there is an error of the body. Whoever awaits the response runs after both.
    const response = exchange.respond();
    if (this.#exchange !== exchange) return false; // whoever was told gave the body up
    const more = start === end || this.#bodyBytes(exchange, buffer, start, end, now);
    if (!body.complete) this.#host.watchBody(exchange, response);
    return more;
  }

  #bodyBytes(exchange: Exchange, buffer: Buffer, start: number, end: number, now: number): boolean {
    const decoder = this.#decoder as BodyDecoder;
    const after = decoder.decode(buffer, start, end, this.#push as Piece);
    exchange.bytesRead += after - start;
    if (decoder.done) {
      const body = exchange.body as BodyReader;
      this.#push = undefined;
      exchange.trailersArrived(decoder.trailerBlock);
      this.#complete(exchange, after < end, now);
      body.end();
      return true;
    }
    const drain = this.#drain;
    if (drain !== undefined) {
      drain.left -= end - start;
      if (drain.left >= 0) return true;
      this.#giveUp(exchange, `more than ${DRAIN_BYTES} bytes of the body were left`);
      return false;
    }
    if (this.#wantsMore) {
      this.#clock.set(this, now + this.#host.bodyTimeout);
      return true;
    }
    this.#clock.set(this, Number.POSITIVE_INFINITY); // the reader's time is its own
    return false;
  }

  /** The response is complete: the one place that decides whether the connection can be used again. */
  #complete(exchange: Exchange, extraBytes: boolean, now: number): void {
    this.#exchange = undefined;
    this.#phase = IDLE;
    this.#clock.set(this, Number.POSITIVE_INFINITY);
    exchange.endedAt = now;
    exchange.outcome = "complete";
    // A TLS socket delivers what it had decrypted after it was told to pause: the end may be among that.
    if (this.#wire.paused) this.#wire.resume();
    this.#upload?.release();
    const parser = this.#parser as ResponseHeadParser;
    const cause = whyNotReusable({
      exchange,
      parser,
      extraBytes,
      uploading:
        exchange.outgoing.source !== undefined && isUnsent(this.#upload, this.#wire.socket as Duplex),
      sawEnd: this.#sawEnd,
      keepAlive: this.#host.keepAlive,
    });
    if (cause === undefined) this.#upload?.letGo();
    this.#stopUpload();
    if (cause === undefined) {
      if (mayBeFollowed(exchange, parser, this.#wire.isSealed)) this.#wire.mayHoldMore = true;
      takeHints(this.#connection.member, parser);
      this.#giveParserBack();
      this.#host.released(exchange, now);
    } else {
      this.#giveParserBack();
      this.#end(cause);
    }
    this.#host.exchangeEnded(exchange);
    this.#drain?.end();
    this.#drain = undefined;
  }

  /** The connection speaks another protocol from here on, and is its caller's. */
  #handOver(exchange: Exchange, rest: Buffer, now: number): void {
    this.#exchange = undefined;
    this.#stopUpload();
    this.#giveParserBack();
    this.#phase = CLOSED;
    this.#clock.remove(this);
    exchange.handOver(new UpgradedStream(this.#wire, rest), now);
    this.#connection.left(UPGRADED);
    this.#host.exchangeEnded(exchange);
    exchange.respond();
  }

  #giveParserBack(): void {
    if (this.#parser !== undefined) this.#host.headParsers.giveBack(this.#parser);
    this.#parser = undefined;
  }

  #stopUpload(): void {
    this.#upload?.stop();
    this.#upload = undefined;
  }

  /** The reader of the exchange's body wants more. */
  resumeReading(exchange: Exchange): void {
    if (this.#exchange !== exchange || !this.#wire.paused) return;
    this.#clock.set(this, this.#clock.now() + this.#host.bodyTimeout);
    this.#wire.resume();
  }

  /** The reader gave the rest of the body up. A short rest is read, a long one costs the connection. */
  abandonBody(exchange: Exchange, reason: unknown): Promise<void> {
    if (this.#exchange !== exchange) return Promise.resolve();
    if (this.#drain !== undefined) return this.#drain.over;
    if (reason !== undefined && reason === exchange.signal?.reason) {
      this.close(causes.abortedInBody, reason);
      return Promise.resolve();
    }
    const tooMuch = tooMuchLeft(this.#decoder as BodyDecoder);
    if (tooMuch !== undefined) {
      this.#giveUp(exchange, tooMuch);
      return Promise.resolve();
    }
    const drain = new Drain();
    this.#drain = drain;
    this.#clock.set(this, this.#clock.now() + DRAIN_MS);
    if (this.#wire.paused) this.#wire.resume();
    return drain.over;
  }

  #giveUp(exchange: Exchange, why: string): void {
    exchange.outcome = "cancelled";
    this.close(causes.givenUp(exchange, why), closedEarly());
  }

  /** Ends the connection, which has nothing under way. */
  #end(cause: CloseCause): void {
    if (this.#phase === CLOSED) return;
    this.#phase = CLOSED;
    this.#clock.remove(this);
    this.#connection.gone(cause);
  }

  /** There is one exchange at a time, so its end is that of the connection. */
  cancel(exchange: Exchange, cause: CloseCause, error: unknown): void {
    if (this.#exchange === exchange) this.close(cause, error);
  }

  close(cause: CloseCause, error: unknown): void {
    if (this.#phase === CLOSED) return;
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.#end(cause);
      return;
    }
    const inBody = this.#phase === BODY;
    this.#exchange = undefined;
    this.#stopUpload();
    this.#end(cause);
    if (!inBody) {
      this.#host.exchangeFailed(exchange, cause, error);
      return;
    }
    this.#host.bodyFailed(exchange, cause, error);
    this.#drain?.end();
    this.#drain = undefined;
  }

  /** The peer ended its side. */
  ended(): void {
    if (this.#phase === CLOSED) return;
    this.#sawEnd = true;
    const exchange = this.#exchange;
    const now = this.#clock.now();
    if (exchange === undefined) {
      this.#end(causes.closedIdle(now - this.#connection.member.idleSince));
      return;
    }
    const body = this.#phase === BODY ? this.#decoder : undefined;
    if (body?.kind === BODY_UNTIL_CLOSE) {
      exchange.trailersArrived("");
      this.#complete(exchange, false, now);
      exchange.body?.end();
      return;
    }
    const missing = body === undefined ? undefined : causes.missingOf(body);
    this.close(causes.endedEarly(exchange, missing, now), undefined);
  }

  failed(error: NodeJS.ErrnoException): void {
    if (this.#phase === CLOSED) return;
    const exchange = this.#exchange;
    if (exchange !== undefined && this.#phase === HEAD && tookNothing(error, exchange)) {
      exchange.bytesWritten = 0;
    }
    this.close(
      causeOfSocketError(error, exchange !== undefined, this.#connection.dialed?.tlsInfo !== undefined),
      error,
    );
  }

  /**
   * A write failed while the response may be waiting in the kernel: an early answer wins over the error that
   * follows it (design rule 9). Node is about to close the socket, so it is read now or never.
   */
  #readWhatCame(): void {
    const ended = this.#exchange !== undefined && this.#wire.readRest(() => this.#exchange !== undefined);
    if (ended && this.#phase === BODY) this.ended();
  }

  expired(now: number): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const { headersTimeout, bodyTimeout } = this.#host;
    if (this.#upload?.held === true) {
      this.#upload.proceed();
    } else if (this.#upload?.awaitsEnd === true) {
      this.#upload.release(true);
      this.#clock.set(this, now + headersTimeout);
    } else if (this.#drain !== undefined) {
      this.#giveUp(exchange, `the rest did not arrive within ${DRAIN_MS} ms`);
    } else if (this.#phase === HEAD && this.#upload?.wroteAll !== false) {
      this.close(
        causes.tooSlow(`no response within ${headersTimeout} ms`),
        this.#host.headersTimedOut(exchange, now),
      );
    } else {
      this.close(
        causes.tooSlow(`no byte moved for ${bodyTimeout} ms`),
        this.#host.bodyTimedOut(exchange, now),
      );
    }
  }
}
