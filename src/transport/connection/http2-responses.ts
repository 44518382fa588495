import {
  type Http2Error,
  type Http2Session,
  type Http2Stream,
  NO_ERROR,
  type ResponseHead,
  type SessionEffects,
  type StreamFailure,
} from "../../http2/index.js";
import { BodyReader } from "../../message/index.js";
import type { Exchange } from "../exchange/index.js";
import type { CarrierHost } from "./contract.js";
import type { Http2BodyWatch } from "./http2-body-watch.js";
import type { Http2Exchange } from "./http2-exchange.js";
import { Http2Gathering } from "./http2-gathering.js";
import type { Http2LandingHost } from "./http2-landing.js";
import { opensTunnel } from "./http2-tunnel.js";
import { reportInformational } from "./informational.js";

/** A body of so many bytes at most is waited for to the end of the turn: a TLS record holds as many. */
const WORTH_WAITING = 16 * 1024;

/** What the responses of a connection tell the connection. */
export interface Http2ResponsesHost {
  needsFlush(): void;
  /** The stream counts no more. `failed` follows where it ended badly and not by us. */
  streamClosed(part: Http2Exchange): void;
  /** The response is complete: settle what is the connection's. */
  completed(part: Http2Exchange): void;
  streamFailed(part: Http2Exchange, failure: StreamFailure): void;
  /** The server has opened the tunnel that the request asked for: the stream is the caller's from here on. */
  tunnelOpened(part: Http2Exchange): void;
  /** The server says that it is not the one for this host (421). True: the request goes out again elsewhere. */
  misdirected(part: Http2Exchange): boolean;
  settings(): void;
  goAway(lastStream: number, code: number, debug: string): void;
  connectionFailed(error: Http2Error): void;
}

/** Makes responses of what the session says of its streams. */
export class Http2Responses implements SessionEffects<Http2Exchange>, Http2LandingHost {
  readonly #host: CarrierHost;
  readonly #connection: Http2ResponsesHost;
  readonly #session: () => Http2Session<Http2Exchange>;
  readonly #watch: Http2BodyWatch;
  /** Those whose response's head, or the first of whose body, came in the present read: the rest may be in it too. */
  #fresh: Http2Exchange[] = [];
  /** Those of them of which little is missing: it may come in another read of the same turn. */
  #small: Http2Exchange[] = [];
  readonly #gathering = new Http2Gathering(this);
  /** When the present read began. */
  now = 0;

  constructor(
    host: CarrierHost,
    connection: Http2ResponsesHost,
    session: () => Http2Session<Http2Exchange>,
    watch: Http2BodyWatch,
  ) {
    this.#host = host;
    this.#connection = connection;
    this.#session = session;
    this.#watch = watch;
  }

  /**
   * A read is over, and its buffer will be overwritten: what came with it and is not whole is handed out. Returns
   * whether some wait for the end of the turn.
   */
  readDone(): boolean {
    const fresh = this.#fresh;
    let waits = false;
    if (fresh.length > 0) {
      this.#fresh = [];
      for (const part of fresh) {
        if (!part.fresh) continue;
        if (this.#mayWait(part)) waits = true;
        else this.#handOut(part);
      }
    }
    this.#gathering.readDone();
    return waits;
  }

  /** Lets a response wait for a small body, which a server often sends apart from its head, but right behind it. */
  #mayWait(part: Http2Exchange): boolean {
    const { contentLength } = part;
    if (contentLength < 0 || contentLength > WORTH_WAITING) return false;
    this.#keepPiece(part);
    if (part.waits) return true;
    part.waits = true;
    this.#small.push(part);
    return true;
  }

  /** All of the turn's reads are done: those that waited are handed out. Returns whether any were. */
  turnDone(): boolean {
    const small = this.#small;
    if (small.length === 0) return false;
    this.#small = [];
    let any = false;
    for (const part of small) {
      if (!part.fresh) continue;
      this.#handOut(part);
      any = true;
    }
    return any;
  }

  /** The connection is over: what was gathered goes to its readers. */
  over(): void {
    this.readDone();
    this.turnDone();
    this.#gathering.flush();
    this.#watch.stop();
  }

  informational({ owner: part }: Http2Stream<Http2Exchange>, head: ResponseHead): void {
    const { exchange } = part;
    arrived(exchange, head.size);
    if (part.settled) return;
    if (head.status === 100) part.upload?.proceed();
    reportInformational(exchange, head);
  }

  headers({ owner: part }: Http2Stream<Http2Exchange>, head: ResponseHead, endStream: boolean): void {
    const { exchange } = part;
    arrived(exchange, head.size);
    if (part.settled) return; // a hook aborted the request
    if (head.status === 421 && this.#connection.misdirected(part)) return;
    part.fresh = true;
    exchange.headArrived(head, this.now);
    if (part.settled) return; // who was told of it aborted the request
    if (exchange.outgoing.protocol !== undefined) {
      if (opensTunnel(exchange)) {
        part.fresh = false;
        this.#connection.tunnelOpened(part);
        exchange.respond();
        return;
      }
      // No tunnel, so there is nothing to send.
      this.#session().end(part.stream as Http2Stream<Http2Exchange>);
    }
    part.contentLength = head.contentLength;
    this.#fresh.push(part);
    if (!endStream) this.#host.clock.set(part, this.now + this.#host.bodyTimeout);
  }

  data({ owner: part }: Http2Stream<Http2Exchange>, buffer: Buffer, start: number, end: number): void {
    if (part.tunnel !== undefined) {
      part.tunnel.received(buffer, start, end);
      return;
    }
    part.exchange.bytesRead += end - start;
    if (!part.fresh || part.body !== undefined) {
      this.#gathering.add(part, buffer, start, end);
    } else if (part.firstPiece === undefined) {
      part.firstPiece = buffer;
      part.firstStart = start;
      part.firstEnd = end;
      if (part.waits) this.#fresh.push(part);
    } else {
      this.#keepPiece(part);
      this.#gathering.add(part, buffer, start, end);
    }
  }

  dataLength(): number {
    return this.#session().dataLength;
  }

  dataLeft(): number {
    return this.#session().dataLeft;
  }

  dataPart(): Http2Exchange | undefined {
    return this.#session().dataStream?.owner;
  }

  /** A read has begun; `now` is its time. */
  readBegun(now: number): void {
    this.now = now;
    this.#gathering.readBegun();
  }

  /** Where the next read should go; `undefined` for the shared buffer. */
  nextBuffer(): Buffer | undefined {
    return this.#gathering.nextBuffer();
  }

  /** Octets of a body have gone to its reader; their credit goes back when it wants more. */
  handedOn(part: Http2Exchange, octets: number, more: boolean): void {
    if (!more) {
      part.unpaid += octets;
      this.#host.clock.set(part, Number.POSITIVE_INFINITY); // the reader's time is its own
      return;
    }
    if (!part.settled && part.drain === undefined) {
      this.#host.clock.set(part, this.now + this.#host.bodyTimeout);
    }
    this.#session().consumed(part.stream as Http2Stream<Http2Exchange>, octets, this.now);
  }

  /** The body does not end with its first piece, or not in the same read: the piece goes to where others follow. */
  #keepPiece(part: Http2Exchange): void {
    const { firstPiece, exchange } = part;
    part.firstPiece = undefined;
    if (firstPiece === undefined || part.settled) return;
    part.body = new BodyReader(exchange, part.contentLength);
    this.#gathering.add(part, firstPiece, part.firstStart, part.firstEnd);
  }

  /** Hands out a response of whose body something is still to come. */
  #handOut(part: Http2Exchange): void {
    this.#keepPiece(part);
    part.fresh = false;
    const { exchange } = part;
    if (part.settled) return;
    if (mayHaveBody(exchange)) {
      part.body ??= new BodyReader(exchange, part.contentLength);
      exchange.body = part.body;
    }
    const response = exchange.respond();
    if (part.body !== undefined) this.#watch.add(part, response, this.now);
  }

  trailers({ owner: part }: Http2Stream<Http2Exchange>, block: string): void {
    part.trailerBlock = block;
  }

  ended(stream: Http2Stream<Http2Exchange>): void {
    const part = stream.owner;
    part.tunnel?.ended();
    if (part.settled) return;
    this.#gathering.flush();
    const { exchange, fresh } = part;
    if (fresh) {
      part.fresh = false;
      if (mayHaveBody(exchange)) exchange.body = part.body ?? wholeBody(part);
      part.firstPiece = undefined;
    }
    // An early answer: the rest of the request is of no use to anybody.
    if (part.upload !== undefined) {
      part.upload.stop();
      if (!exchange.bodyOpened) void exchange.outgoing.source?.cancel();
    }
    if (!part.closed) this.#session().cancel(stream, this.now, NO_ERROR);
    exchange.endedAt = this.now;
    exchange.outcome = "complete";
    exchange.trailersArrived(part.trailerBlock);
    this.#connection.completed(part);
    part.unwatched = undefined;
    part.body?.end();
    if (fresh) exchange.respond();
    part.drain?.end();
  }

  failed({ owner: part }: Http2Stream<Http2Exchange>, failure: StreamFailure): void {
    // The head was good: what follows is an error of the body, also where it came in the same read.
    part.tunnel?.failed(failure.error);
    if (part.fresh) this.#handOut(part);
    this.#gathering.flush();
    this.#connection.streamFailed(part, failure);
  }

  /** The part is over: its response, if it is not handed out, never will be. */
  forget(part: Http2Exchange): void {
    part.firstPiece = undefined;
    this.#gathering.forget(part);
  }

  closed({ owner: part }: Http2Stream<Http2Exchange>): void {
    this.#connection.streamClosed(part);
  }

  bodySent({ owner: part }: Http2Stream<Http2Exchange>): void {
    part.upload?.sent();
    part.tunnel?.finished();
  }

  writable({ owner: part }: Http2Stream<Http2Exchange>): void {
    part.upload?.writable();
    part.tunnel?.sent();
  }

  needsFlush(): void {
    this.#connection.needsFlush();
  }

  settings(): void {
    this.#connection.settings();
  }

  goAway(lastStream: number, code: number, debug: string): void {
    this.#connection.goAway(lastStream, code, debug);
  }

  connectionFailed(error: Http2Error): void {
    this.#connection.connectionFailed(error);
  }
}

function arrived(exchange: Exchange, octets: number): void {
  if (exchange.bytesRead === 0) exchange.trace?.gotFirstResponseByte?.();
  exchange.bytesRead += octets;
}

/** Whether the response, whose head is in, has a body, be it an empty one. */
function mayHaveBody({ method, status }: Exchange): boolean {
  return method !== "HEAD" && status !== 204 && status !== 304;
}

function wholeBody(part: Http2Exchange): BodyReader {
  const { firstPiece } = part;
  return firstPiece === undefined
    ? BodyReader.empty()
    : BodyReader.copied(firstPiece, part.firstStart, part.firstEnd);
}
