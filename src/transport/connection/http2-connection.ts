import type { Duplex } from "node:stream";
import { http2CodeName } from "../../errors/index.js";
import {
  CANCEL,
  type Http2Error,
  Http2Session,
  type Http2Stream,
  NO_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  type StreamFailure,
} from "../../http2/index.js";
import { closedEarly } from "../../message/index.js";
import type { CloseCause } from "../../trace/index.js";
import { type Exchange, traceWritten } from "../exchange/index.js";
import type { Http2Settings } from "../http2-options.js";
import type { Clock } from "../upkeep/index.js";
import * as causes from "./causes.js";
import type { Connection } from "./connection.js";
import type { Carrier, StreamCounts } from "./contract.js";
import { DRAIN_MS, Drain } from "./drain.js";
import { Http2Alarm } from "./http2-alarm.js";
import { Http2BodyWatch } from "./http2-body-watch.js";
import {
  complainsOfPings,
  goneAway,
  goneFrom,
  noSettings,
  streamCause,
  TOO_MANY_RESETS,
  unansweredPing,
} from "./http2-causes.js";
import { Http2Exchange, PartList } from "./http2-exchange.js";
import type { Http2Host } from "./http2-host.js";
import { Liveness } from "./http2-liveness.js";
import { bodyWithHead, http2FieldsOf, http2Head } from "./http2-request.js";
import { Http2Responses, type Http2ResponsesHost } from "./http2-responses.js";
import { Http2Tunnels } from "./http2-tunnels.js";
import { Http2Turn } from "./http2-turn.js";
import { Http2Upload } from "./http2-upload.js";
import { Http2Writer } from "./http2-writer.js";
import { causeOfSocketError } from "./socket-errors.js";
import type { Wire } from "./wire.js";

/** A body that is given up is read to its end where no more than this is to come: a reset would cost more. */
const WORTH_READING = 64 * 1024;

/**
 * HTTP/2 on a wire: any number of exchanges at a time, each a stream of the {@link Http2Session}, which knows the
 * protocol. Here its streams meet the transport's exchanges, and its octets the socket.
 */
export class Http2Connection implements Carrier, Http2ResponsesHost {
  readonly protocol = "h2";
  readonly #connection: Connection;
  readonly #host: Http2Host;
  readonly #clock: Clock;
  readonly #wire: Wire;
  readonly #session: Http2Session<Http2Exchange>;
  readonly #responses: Http2Responses;
  readonly #writer: Http2Writer<Http2Exchange>;
  readonly #turn = new Http2Turn(() => this.#writer.turnEnds(this.#responses.turnDone()));
  readonly #liveness: Liveness<Http2Exchange>;
  readonly #tunnels: Http2Tunnels;
  readonly #parts = new PartList();
  /** Exchanges that ended well: after the first one the connection is known to have worked. */
  #completed = 0;
  #closed = false;
  /** The server said that it takes no more: where the end follows, this is why. */
  #goneAway: CloseCause | undefined;
  #notProcessed = 0;
  /** The peer is gone: there is nobody to say goodbye to. */
  #sawEnd = false;
  readonly #expired = (part: Http2Exchange, now: number): void => this.#partExpired(part, now);
  readonly #alarm: Http2Alarm;
  readonly #counts = { most: 0, refused: 0, reset: 0 };

  /** `assumedStreams`: the server's limit until it says one. */
  constructor(connection: Connection, host: Http2Host, settings: Http2Settings, assumedStreams: number) {
    this.#connection = connection;
    this.#host = host;
    this.#clock = host.clock;
    this.#wire = connection.wire;
    const watch = new Http2BodyWatch(host, this.#parts);
    this.#responses = new Http2Responses(host, this, () => this.#session, watch);
    const { dialed } = connection;
    this.#session = new Http2Session<Http2Exchange>(this.#responses, {
      maxHeaderBytes: host.maxHeaderBytes,
      maxWindow: settings.maxWindow,
      maxConnectionWindow: settings.maxConnectionWindow,
      maxStreams: settings.maxStreams,
      assumedStreams,
      roundTrip: dialed?.proxy ?? dialed?.connect ?? 0,
      ...(dialed?.tlsInfo === undefined ? { maxDataFrame: 65_536 } : {}),
      agreed: dialed?.alpn === "h2",
    });
    this.#writer = new Http2Writer(this.#session, () => this.#wire.socket as Duplex, host.clock, {
      wrote: (bytes) => {
        connection.bytesWritten += bytes;
        this.#alarm.wakeAt(this.#session.wakeAt);
      },
      inTurn: () => this.#turn.open,
    });
    this.#liveness = new Liveness(this.#session, settings, host.clock, {
      doubt: (waited) => this.#doubt(unansweredPing(waited)),
      dead: (waited) => this.close(unansweredPing(waited), undefined),
      isBusy: () => this.#parts.size > 0,
    });
    this.#tunnels = new Http2Tunnels(this.#session, {
      now: () => host.clock.now(),
      credited: () => this.#alarm.wakeAt(this.#session.wakeAt),
      open: (part) => this.#open(part),
      turnBack: (part) => this.#turnBack(part),
      count: (change) => host.tunnels(change),
    });
    this.#alarm = new Http2Alarm(host.clock, {
      noSettings: (now) =>
        this.#close(noSettings(host.tlsTimeout), (exchange) => host.settingsTimedOut(exchange, now)),
      tick: (now) => {
        this.#session.tick(now);
        this.#alarm.wakeAt(this.#session.wakeAt);
      },
    });
  }

  /** The wire is attached: says hello. */
  start(): void {
    const now = this.#clock.now();
    this.#alarm.settingsBy(now + this.#host.tlsTimeout);
    this.#liveness.start(now);
    this.#writer.schedule();
  }

  *exchanges(): Iterable<Exchange> {
    for (const { exchange, settled } of this.#parts) if (!settled) yield exchange;
  }

  /** How many exchanges it carries at once, as far as is known. */
  get limit(): number {
    return this.#session.limit;
  }

  streamCounts(): StreamCounts {
    const { limit } = this;
    return Number.isFinite(limit) ? { ...this.#counts, limit } : { ...this.#counts };
  }

  /** What lies in the kernel may be rightly there, so that it cannot be looked into as HTTP/1.1's can: see `send`. */
  unfitFor(): CloseCause | undefined {
    return undefined;
  }

  // ── sending ──────────────────────────────────────────────────────────────────────────────────────────────

  send(exchange: Exchange, now: number): void {
    exchange.assigned(this.#connection, now);
    exchange.proven = this.#completed > 0 || (exchange.requestNumber === 1 && exchange.idleFor > 0);
    // Without keep-alive the pool ends it by itself.
    if (exchange.outgoing.close && this.#host.keepAlive) {
      this.#host.takesNoMore(this.#connection, causes.REQUEST_SAID_CLOSE);
    }
    const part = new Http2Exchange(exchange, this.#expired);
    exchange.carried = part;
    this.#parts.add(part);
    this.#counts.most = Math.max(this.#counts.most, this.#parts.size);
    this.#clock.set(part, now + this.#host.headersTimeout);
    if (this.#liveness.holds(now, exchange.repeatable, () => this.#open(part))) return;
    this.#open(part);
  }

  #open(part: Http2Exchange): void {
    if (part.settled || this.#closed || !this.#tunnels.admits(part)) return;
    const { exchange } = part;
    const { outgoing } = exchange;
    const head = http2Head(outgoing);
    const bytes = bodyWithHead(outgoing);
    const stream = this.#session.open(part, head, bytes?.length === 0 && outgoing.protocol === undefined);
    part.stream = stream;
    if (bytes === undefined) {
      this.#upload(part, stream);
    } else {
      exchange.sentAt = this.#clock.now();
      exchange.bytesWritten = bytes.length;
      if (bytes.length > 0) this.#session.send(stream, bytes, true);
    }
    const { trace } = exchange;
    if (trace !== undefined) traceWritten(trace, exchange, () => http2FieldsOf(head), bytes !== undefined);
  }

  /** It may be dead: what has not gone out on it goes elsewhere. */
  #doubt(cause: CloseCause): void {
    this.#host.takesNoMore(this.#connection, cause);
    for (const part of [...this.#parts]) {
      if (part.settled || part.stream !== undefined) continue;
      this.#settle(part);
      part.exchange.reach = "unsent";
      this.streamClosed(part);
      this.#fail(part, cause, undefined);
    }
  }

  #upload(part: Http2Exchange, stream: Http2Stream<Http2Exchange>): void {
    const { exchange } = part;
    const upload = new Http2Upload(this.#session, stream, exchange, {
      progress: () => {
        if (exchange.headersAt === 0) this.#within(part, this.#host.bodyTimeout);
      },
      done: () => {
        part.upload = undefined;
        if (part.settled) return;
        exchange.sentAt = this.#clock.now();
        exchange.trace?.wroteRequest?.({});
        if (exchange.headersAt === 0) this.#within(part, this.#host.headersTimeout);
      },
      failed: (cause, error) => {
        part.upload = undefined;
        this.#end(part, cause, error);
      },
    });
    part.upload = upload;
    this.#within(part, upload.held ? exchange.outgoing.expectWait : this.#host.bodyTimeout);
    upload.start();
  }

  #within(part: Http2Exchange, milliseconds: number): void {
    if (!part.settled) this.#clock.set(part, this.#clock.now() + milliseconds);
  }

  needsFlush(): void {
    this.#writer.schedule();
  }

  // ── from the wire ────────────────────────────────────────────────────────────────────────────────────────

  received(buffer: Buffer, bytes: number): boolean {
    if (this.#closed) return true;
    const now = this.#clock.now();
    this.#connection.bytesRead += bytes;
    this.#responses.readBegun(now);
    this.#turn.goesOn(now);
    // A stream that is alone waits for nobody: what follows its answer leaves at once.
    if (this.#session.active > 1) this.#turn.begin(now);
    this.#session.received(buffer, 0, bytes, now);
    if (this.#responses.readDone()) this.#turn.begin(now);
    this.#liveness.heard();
    return true;
  }

  nextBuffer(): Buffer | undefined {
    return this.#closed ? undefined : this.#responses.nextBuffer();
  }

  ended(): void {
    this.#sawEnd = true;
    if (this.#closed) {
      this.#wire.destroy();
      return;
    }
    const now = this.#clock.now();
    const first = this.#first;
    if (first === undefined) {
      this.close(causes.closedIdle(now - this.#connection.member.idleSince), undefined);
      return;
    }
    if (this.#goneAway !== undefined) {
      this.close(this.#goneAway, undefined);
      return;
    }
    const missing = first.headersAt > 0 ? "the connection ended before the end of the response" : undefined;
    this.close(causes.endedEarly(first, missing, now), undefined);
  }

  failed(error: NodeJS.ErrnoException): void {
    this.#sawEnd = true;
    if (this.#closed) return;
    const tls = this.#connection.dialed?.tlsInfo !== undefined;
    const cause = causeOfSocketError(error, this.#first !== undefined, tls);
    this.close(this.#goneAway ?? cause, error);
  }

  /** The places of requests that were given up matter to those that come next, which on this connection are none. */
  retired(): void {
    if (this.#connection.member.state !== "draining") return;
    for (const { settled, stream } of this.#parts) if (!settled || stream?.over === false) return;
    for (const part of [...this.#parts]) this.streamClosed(part);
  }

  /** The exchange that has been under way the longest. */
  get #first(): Exchange | undefined {
    for (const exchange of this.exchanges()) return exchange;
    return undefined;
  }

  // ── what the responses tell ──────────────────────────────────────────────────────────────────────────────

  completed(part: Http2Exchange): void {
    this.#completed += 1;
    this.#settle(part);
    this.retired();
    this.#host.exchangeEnded(part.exchange);
  }

  streamClosed(part: Http2Exchange): void {
    if (part.closed) return;
    part.closed = true;
    this.#parts.remove(part);
    this.#tunnels.closed(part);
    // Where it ended badly, what becomes of its place depends on how: `streamFailed` follows.
    if (part.settled || part.stream?.remoteEnded === true)
      this.#host.released(part.exchange, this.#clock.now());
  }

  streamFailed(part: Http2Exchange, failure: StreamFailure): void {
    if (part.settled) return;
    const { exchange } = part;
    const { error, reach } = failure;
    exchange.reach = reach;
    this.#settle(part);
    part.upload?.stop();
    if (error.code === "ERR_TRUNKLINE_GOAWAY") this.#notProcessed += 1;
    const now = this.#clock.now();
    if (error.http2Code === REFUSED_STREAM && reach === "refused") {
      this.#counts.refused += 1;
      exchange.stats.streamsRefused += 1;
      this.#host.refused(exchange, now);
    } else {
      if (failure.by === "server" && reach === "perhaps") {
        this.#counts.reset += 1;
        exchange.stats.noteReset(http2CodeName(error.http2Code));
      }
      // It finds fault with this side: what one connection spoiled another may mend.
      if (failure.by === "server" && error.http2Code === PROTOCOL_ERROR && exchange.headersAt === 0)
        this.#host.takesNoMore(this.#connection, streamCause(failure));
      this.#host.released(exchange, now);
    }
    this.retired();
    this.#fail(part, streamCause(failure), error);
  }

  tunnelOpened(part: Http2Exchange): void {
    this.#completed += 1;
    this.#settle(part);
    this.#tunnels.opened(part);
    this.#host.exchangeEnded(part.exchange);
  }

  #turnBack(part: Http2Exchange): void {
    this.#settle(part);
    this.streamClosed(part);
    this.#host.overHttp1(part.exchange);
  }

  misdirected(part: Http2Exchange): boolean {
    const { exchange, stream } = part;
    if (!this.#host.mayGoElsewhere(exchange)) return false;
    this.#settle(part);
    part.upload?.stop();
    this.#session.cancel(stream as Http2Stream<Http2Exchange>, this.#responses.now, CANCEL);
    this.#host.goElsewhere(exchange, undefined);
    return true;
  }

  settings(): void {
    this.#alarm.settingsCame(this.#session.wakeAt);
    this.#host.limitChanged(this.#connection, this.#session.limit);
    this.#tunnels.settings();
  }

  goAway(lastStream: number, code: number, debug: string): void {
    this.#goneAway = goneAway(lastStream, code, debug);
    if (complainsOfPings(code, debug)) this.#host.tooManyPings(this.#connection);
    this.#host.takesNoMore(this.#connection, this.#goneAway);
  }

  connectionFailed(error: Http2Error): void {
    this.close(causes.brokenBy(error), error);
  }

  // ── endings ──────────────────────────────────────────────────────────────────────────────────────────────

  #settle(part: Http2Exchange): void {
    part.settled = true;
    this.#clock.remove(part);
  }

  cancel(exchange: Exchange, cause: CloseCause, error: unknown): void {
    const part = exchange.carried as Http2Exchange | undefined;
    if (part !== undefined) this.#end(part, cause, error);
  }

  /** Ends one exchange; the connection goes on. */
  #end(part: Http2Exchange, cause: CloseCause, error: unknown): void {
    if (part.settled) return;
    const { stream } = part;
    this.#settle(part);
    this.#responses.forget(part);
    part.upload?.stop();
    part.upload = undefined;
    const now = this.#clock.now();
    if (stream === undefined) this.streamClosed(part);
    else this.#session.cancel(stream, now, CANCEL);
    if (this.#session.resetsLeft(now) <= 0) this.#host.takesNoMore(this.#connection, TOO_MANY_RESETS);
    this.retired();
    this.#fail(part, cause, error);
  }

  /** Tells the exchange's caller, or sends it again. */
  #fail(part: Http2Exchange, cause: CloseCause, error: unknown): void {
    const { exchange } = part;
    if (exchange.headersAt === 0 || part.fresh) {
      this.#host.exchangeFailed(exchange, cause, error);
      return;
    }
    this.#host.bodyFailed(exchange, cause, error);
    if (!exchange.bodyOpened) void exchange.outgoing.source?.cancel(error);
    part.drain?.end();
  }

  resumeReading(exchange: Exchange): void {
    const part = exchange.carried as Http2Exchange | undefined;
    if (part === undefined || part.unpaid === 0) return;
    const octets = part.unpaid;
    part.unpaid = 0;
    this.#within(part, this.#host.bodyTimeout);
    this.#session.consumed(part.stream as Http2Stream<Http2Exchange>, octets, this.#clock.now());
    this.#alarm.wakeAt(this.#session.wakeAt); // what is owed is due within 5 s, also where nothing is written
  }

  /** A short rest is read, a long one is reset: either way the connection lives on. */
  abandonBody(exchange: Exchange, reason: unknown): Promise<void> {
    const part = exchange.carried as Http2Exchange | undefined;
    if (part === undefined || part.settled) return Promise.resolve();
    if (part.drain !== undefined) return part.drain.over;
    if (reason !== undefined && reason === exchange.signal?.reason) {
      this.#end(part, causes.abortedInBody, reason);
      return Promise.resolve();
    }
    const left = part.stream?.bodyLeft ?? -1;
    if (left < 0 || left > WORTH_READING) {
      this.#giveUp(part, left < 0 ? "its length is not known" : `${left} bytes of it were left`);
      return Promise.resolve();
    }
    const drain = new Drain();
    part.drain = drain;
    this.resumeReading(exchange);
    this.#within(part, DRAIN_MS);
    return drain.over;
  }

  #giveUp(part: Http2Exchange, why: string): void {
    part.exchange.outcome = "cancelled";
    this.#end(part, causes.givenUp(part.exchange, why), closedEarly());
  }

  #partExpired(part: Http2Exchange, now: number): void {
    if (part.settled) return;
    const { exchange, upload, drain } = part;
    const { headersTimeout, bodyTimeout } = this.#host;
    if (upload?.held === true) {
      upload.proceed();
    } else if (drain !== undefined) {
      this.#giveUp(part, `the rest did not arrive within ${DRAIN_MS} ms`);
    } else if (exchange.headersAt === 0 && upload === undefined) {
      const cause = causes.tooSlow(`no response within ${headersTimeout} ms`);
      this.#end(part, cause, this.#host.headersTimedOut(exchange, now));
    } else {
      const cause = causes.tooSlow(`no byte moved for ${bodyTimeout} ms`);
      this.#end(part, cause, this.#host.bodyTimedOut(exchange, now));
    }
  }

  close(cause: CloseCause, error: unknown): void {
    const gone = cause.reason === "goaway" ? this.#goneAway : undefined;
    this.#close(gone === undefined ? cause : goneFrom(gone, this.#notProcessed, this.#sawEnd), () => error);
  }

  #close(cause: CloseCause, errorFor: (exchange: Exchange) => unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#responses.over();
    const all = [...this.#parts];
    const parts = all.filter((part) => !part.settled);
    for (const part of all) this.#parts.remove(part);
    this.#session.goAway(NO_ERROR);
    this.#session.abandon();
    this.#liveness.stop();
    this.#alarm.sayGoodbye(this.#wire, this.#sawEnd, () => this.#writer.flush());
    this.#connection.left(cause);
    this.#tunnels.lost(all, (exchange) => this.#host.bodyError(exchange, cause, errorFor(exchange)));
    for (const part of parts) {
      this.#settle(part);
      this.#responses.forget(part);
      part.upload?.stop();
      if (part.stream === undefined || part.stream.id === 0) part.exchange.reach = "unsent";
      this.#fail(part, cause, errorFor(part.exchange));
    }
  }
}
