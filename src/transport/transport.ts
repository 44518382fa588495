import { AsyncResource } from "node:async_hooks";
import { type Phase, ProtocolError } from "../errors/index.js";
import { explainRecorder, type Report } from "../explain/index.js";
import { inheritFromPlatform, linkHeadersToPlatform, parseTarget, Request, requestParts, Response, type Target } from "../message/index.js";
import { type Member, Pool, type PoolEffects, type PoolRoute, type Rejection } from "../pool/index.js";
import { nodeRuntime, type Runtime } from "../runtime/index.js";
import { type CloseCause, type ConnectionRecord, type OriginStats, Recorder, type Recording } from "../trace/index.js";
import { Connection, type ConnectionHost } from "./connection/index.js";
import { Clock } from "./clock.js";
import { candidatesAt, decisionOf } from "./decision.js";
import { Dialer } from "./dial/index.js";
import { Exchange, type ExchangeHost, type Settle } from "./exchange.js";
import { closedError, codeOf, connectionLost, dialFailed, timedOut, turnedAway } from "./failures.js";
import { LeakWatch } from "./leak-watch.js";
import { normaliseOptions, type Settings, type TransportOptions } from "./options.js";
import { prepare } from "./prepare.js";
import { connectionRecord } from "./record.js";
import { StallGuard } from "./stall-guard.js";
import { noteTransport, type TransportSite } from "./transport-sites.js";

/** Sends one request and gives its response: the seam between policy and connections, as Go's `RoundTripper`. */
export interface RoundTripper {
  /** One exchange, or two by the rule of safe retry; no policy of the call. */
  roundTrip(request: Request): Promise<Response>;
}

/** Connection counts, and totals since the transport was made. */
export interface Counts {
  readonly dialing: number;
  readonly active: number;
  readonly idle: number;
  readonly draining: number;
  readonly waiting: number;
  readonly opened: number;
  readonly closed: number;
  readonly requests: number;
  readonly reused: number;
}

/** The key under which tests pass a runtime of their own in the options. */
export const runtimeOption: unique symbol = Symbol("trunkline.runtime");

/** What a call can tell the transport beside the request. */
export interface ExchangeOptions {
  /** When the whole call must be over, in the runtime's milliseconds, and the limit that made it so. */
  readonly deadline: number;
  readonly timeout: number;
}

interface Origin {
  readonly route: PoolRoute<Connection>;
  readonly stats: OriginStats;
}

let lastConnectionId = 0;
let lastExchangeId = 0;
let platformLinked = false;


/**
 * Owns connections: dials, pools, reuses and closes them, and remembers why. Share one; a transport per request
 * cannot reuse anything.
 */
export class Transport implements RoundTripper, AsyncDisposable {
  readonly #settings: Settings;
  readonly #runtime: Runtime;
  readonly #pool: Pool<Connection, Exchange>;
  readonly #dialer: Dialer;
  readonly #recorder: Recorder | undefined;
  readonly #counters: Recorder;
  readonly #origins = new Map<string, Origin>();
  readonly #clock: Clock;
  readonly #stalls: StallGuard;
  readonly #live = new Map<number, Connection>();
  readonly #connectionHost: ConnectionHost;
  readonly #exchangeHost: ExchangeHost;
  readonly #leaks: LeakWatch;
  readonly #site: TransportSite;
  readonly #routeName: string;
  #activity = 0;
  #closing: Promise<void> | undefined;
  #closed: (() => void) | undefined;

  constructor(options: TransportOptions = {}) {
    const { [runtimeOption]: runtime = nodeRuntime, ...given } = options as TransportOptions & { [runtimeOption]?: Runtime };
    this.#runtime = runtime;
    this.#settings = normaliseOptions(given);
    this.#clock = new Clock(runtime, (now) => this.#pool.tick(now));
    this.#stalls = new StallGuard(runtime);
    const settings = this.#settings;
    const epoch = runtime.wallNow() - runtime.now();
    this.#counters = new Recorder(given.recorder === false ? { connections: 0, exchanges: 0 } : (given.recorder ?? {}), epoch, runtime.now());
    this.#recorder = given.recorder === false ? undefined : this.#counters;
    this.#pool = new Pool<Connection, Exchange>(settings.pool, this.#effects(), {
      random: () => runtime.random(),
      nextId: () => ++lastConnectionId,
    });
    this.#dialer = new Dialer(
      {
        connectTimeout: settings.connectTimeout,
        tlsTimeout: settings.tlsTimeout,
        happyEyeballs: settings.happyEyeballs,
        ...pick(given, "lookup", "localAddress", "socketPath", "tls", "allowAddress", "dial"),
      },
      runtime,
    );
    this.#routeName = `${given.socketPath === undefined ? "direct" : `unix:${given.socketPath}`}${given.localAddress === undefined ? "" : ` local:${given.localAddress}`}`;
    this.#connectionHost = this.#hostOfConnections();
    this.#exchangeHost = {
      callTimedOut: (exchange, now) =>
        this.cancel(exchange, timedOut(exchange, "timeout", exchange.callTimeout, phaseOf(exchange), now), true),
      decide: (exchange) => decisionOf(exchange, settings),
    };
    this.#leaks = new LeakWatch();
    this.#site = noteTransport();
  }

  /**
   * Sends the request on a pooled connection and resolves when the response's head is in.
   *
   * @throws TypeError when the request cannot be sent as it is; NetworkError and TimeoutError for everything that
   * goes wrong on the way; the signal's reason when it aborts. All as rejections.
   */
  roundTrip(request: Request): Promise<Response> {
    return new Promise<Response>((resolve, reject) => {
      this.start(request, { resolve, reject }, undefined);
    });
  }

  /** As {@link roundTrip}, for callers that settle their own promise. Never throws. @internal */
  start(request: Request, settle: Settle, options: ExchangeOptions | undefined): Exchange | undefined {
    const { target, headers, source, signal } = requestParts(request);
    if (signal?.aborted === true) {
      void source?.cancel(signal.reason);
      settle.reject(signal.reason);
      return undefined;
    }
    let exchange: Exchange;
    const now = this.#runtime.now();
    const origin = this.#originOf(target);
    try {
      const prepared = prepare(request, target, headers, source, this.#settings.keepAlive);
      const { head, upload, close } = prepared;
      exchange = new Exchange(++lastExchangeId, this.#exchangeHost, request, target, origin.stats, settle, head, upload, close, signal, now);
      exchange.uploadLength = prepared.uploadLength;
      exchange.retriable = prepared.replayable && request.idempotent;
      exchange.replayable = prepared.replayable;
      if (upload !== undefined || request.onInformational !== undefined) {
        const resource = new AsyncResource("TRUNKLINE_REQUEST");
        exchange.runInContext = (callback) => resource.runInAsyncScope(callback);
      }
    } catch (error) {
      void source?.cancel(error);
      settle.reject(error);
      return undefined;
    }
    origin.stats.requests += 1;
    this.#site.requests += 1;
    if (origin.stats.sitesToSample > 0) this.#leaks.sample(exchange);
    if (this.#activity++ === 0) this.#clock.setAlive(true);
    if (signal !== undefined) this.#listen(exchange, signal);
    if (options !== undefined) {
      exchange.callTimeout = options.timeout;
      this.#clock.set(exchange, options.deadline);
    }
    this.#acquire(exchange, origin.route, now);
    return exchange;
  }

  /** Ends an exchange, wherever it is. @internal */
  cancel(exchange: Exchange, error: unknown, timedOut = false): void {
    if (exchange.outcome !== "active") return;
    exchange.outcome = "cancelled";
    if (exchange.waitingIn !== undefined) {
      this.#pool.cancel(exchange, this.#runtime.now());
      this.#settleFailure(exchange, error);
      return;
    }
    const connection = exchange.member?.owner;
    if (connection === undefined) {
      this.#settleFailure(exchange, error);
      return;
    }
    exchange.cancelledWith = { error };
    connection.fail(
      timedOut
        ? { reason: "timeout", by: "client", evidence: `the call took longer than its timeout of ${exchange.callTimeout} ms` }
        : { reason: "aborted", by: "caller", evidence: "the caller's signal aborted the request" },
      error,
    );
  }

  // ── what it shows ────────────────────────────────────────────────────────────────────────────────────────

  /** Connections and waiters now, requests so far; in total and by route. */
  snapshot(): { totals: Counts; origins: ({ origin: string; route: string } & Counts)[] } {
    const { totals, origins } = this.#pool.snapshot();
    return { totals, origins: origins.map(({ origin, route: _, ...counts }) => ({ origin, route: this.#nameOf(origin), ...counts })) };
  }

  /** The live connections and the closed ones the recorder remembers, oldest first. */
  connections(): ConnectionRecord[] {
    const live = [...this.#live.values()].map((connection) => this.#record(connection));
    return [...this.#counters.closedConnections(), ...live].sort((a, b) => a.id - b.id);
  }

  /** What happened and what to do about it; `String(report)` is for people. */
  explain(): Report {
    return explainRecorder({
      recorder: this.#counters,
      live: [...this.#live.values()].map((connection) => this.#record(connection)),
      learnedIdleLimit: (origin) => {
        const known = this.#origins.get(origin);
        return known === undefined ? undefined : this.#pool.learnedIdleLimit(known.route);
      },
      limits: this.#settings.pool,
    });
  }

  /** Everything the recorder holds, as data. */
  recording(): Recording {
    return {
      version: 1,
      startedAt: this.#counters.startedAt,
      connections: this.connections(),
      exchanges: this.#counters.exchanges(),
      decisions: this.#counters.decisions(),
      dropped: this.#counters.dropped,
    };
  }

  // ── life ─────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Opens connections ahead of need and resolves when they are open.
   *
   * @throws NetworkError when one cannot be made.
   */
  async preconnect(origin: string, n = 1): Promise<void> {
    const target = parseTarget(origin);
    if (this.#closing !== undefined) throw closedError();
    const members = this.#pool.preconnect(this.#originOf(target).route, n, this.#runtime.now());
    await Promise.all(members.map((member) => (member.owner as Connection).whenOpen()));
  }

  /** Closes the idle connections; the others go on. */
  closeIdle(): void {
    this.#pool.closeIdle(this.#runtime.now());
  }

  /** Takes no more requests, lets those under way finish, and resolves when the last connection is closed. */
  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    const closing = this.#closing;
    this.#pool.shutdown(this.#runtime.now());
    this.#checkClosed();
    return closing;
  }

  /** Ends everything at once; requests under way reject with `reason`. */
  destroy(reason?: Error): void {
    const error = reason ?? closedError();
    void this.close();
    for (const connection of [...this.#live.values()]) {
      connection.fail({ reason: "transport-closed", by: "caller", evidence: "the transport was destroyed" }, error);
    }
    this.#destroyReason = error;
    this.#pool.destroy(this.#runtime.now());
    this.#checkClosed();
  }
  #destroyReason: Error | undefined;

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ── the pool's effects ───────────────────────────────────────────────────────────────────────────────────

  #effects(): PoolEffects<Connection, Exchange> {
    return {
      dial: (member) => this.#dial(member),
      assign: (exchange, member) => this.#assign(exchange, member),
      reject: (exchange, why) => this.#reject(exchange, why),
      close: (member, reason, by, evidence) => {
        const cause: CloseCause = { reason, by, evidence };
        const connection = member.owner as Connection;
        connection.cancelDial();
        connection.shut(cause);
        this.#gone(connection, cause);
      },
      wake: (at) => this.#clock.wakePool(at),
      check: (member) => this.#stalls.check(member),
    };
  }

  #acquire(exchange: Exchange, route: PoolRoute<Connection>, now: number): void {
    this.#pool.acquire(exchange, route, now);
    if (exchange.waitingIn !== undefined && this.#recorder !== undefined) {
      exchange.candidates ??= candidatesAt(this.#pool.holders(route), exchange.dial, now);
    }
  }

  #dial(member: Member<Connection>): void {
    const connection = new Connection(member, this.#connectionHost);
    member.owner = connection;
    this.#live.set(member.id, connection);
    const exchange = member.dialedFor as Exchange | undefined;
    if (exchange !== undefined) exchange.dialed = member;
    const stats = this.#counters.origin(member.route.origin);
    this.#counters.dialed(stats, member.openedFor);
    const url = new URL(member.route.origin);
    const secure = url.protocol === "https:";
    const pending = this.#dialer.dial(
      {
        host: url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname,
        port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
        tls: secure,
        origin: member.route.origin,
        ...pick(this.#settings.options, "socketPath"),
      },
      { buffer: connection.buffer, callback: connection.read },
      {
        done: (result) => {
          connection.opened(result);
          this.#pool.dialed(member, this.#runtime.now());
          connection.settleOpen(undefined);
          linkPlatform(this.#runtime);
        },
        failed: (error, attempts, timings) => {
          connection.dialFailed(error, attempts, timings);
          stats.dialFailures += 1;
          const timeout = /TIMEOUT/.test(error.code);
          this.#gone(connection, { reason: "dial-failed", by: timeout ? "network" : "server", evidence: error.message });
          this.#pool.dialFailed(member, error, this.#runtime.now());
          connection.settleOpen(error);
        },
      },
    );
    pending.setRef(false);
    connection.pending = pending;
  }

  #assign(exchange: Exchange, member: Member<Connection>): void {
    const connection = member.owner as Connection;
    const now = this.#runtime.now();
    connection.send(exchange, now);
    if (exchange.candidates !== undefined) {
      exchange.stats.queued += 1;
      exchange.stats.queuedMs += now - exchange.queuedAt;
      exchange.candidates.push({
        connection: member.id,
        verdict: "taken",
        facts: exchange.reused ? { request: member.requests } : { dialed: true },
      });
      this.#recorder?.decided(decisionOf(exchange, this.#settings));
    }
  }

  #reject(exchange: Exchange, why: Rejection<Connection>): void {
    let error: unknown;
    const now = this.#runtime.now();
    switch (why.kind) {
      case "dial-failed":
        error = dialFailed(exchange, why.error);
        break;
      case "closed":
        error = this.#destroyReason ?? closedError();
        break;
      case "queue-timeout":
        error = timedOut(exchange, "queueTimeout", this.#settings.pool.queueTimeout, "queue", now, this.#whoHolds(exchange, now));
        break;
      case "max-waiting":
        error = turnedAway(
          exchange,
          "ERR_TRUNKLINE_TOO_MANY_WAITING",
          `${why.waiting} requests wait for a connection already (maxWaiting ${this.#settings.pool.maxWaiting}); ${this.#whoHolds(exchange, now)}`,
        );
        break;
    }
    exchange.outcome = "failed";
    this.#settleFailure(exchange, error);
  }

  /** Who holds the slots, for the errors about waiting. */
  #whoHolds(exchange: Exchange, now: number): string {
    const origin = this.#originOf(exchange.target);
    const holders = this.#pool.holders(origin.route);
    const oldest = holders
      .map((member) => member.owner?.busyWith)
      .filter((busy) => busy !== undefined)
      .sort((a, b) => a.assignedAt - b.assignedAt)[0];
    const { active, dialing } = this.#pool.counts;
    const held =
      oldest === undefined
        ? ""
        : `, the longest by ${oldest.method} ${oldest.target.path.split("?")[0]} for ${Math.round(now - oldest.assignedAt)} ms`;
    return `${holders.length} connections to ${exchange.origin} are held${held} (${active} active and ${dialing} dialing in all)`;
  }

  // ── the connections' host ────────────────────────────────────────────────────────────────────────────────

  #hostOfConnections(): ConnectionHost {
    const settings = this.#settings;
    return {
      headersTimeout: settings.headersTimeout,
      bodyTimeout: settings.bodyTimeout,
      maxHeaderBytes: settings.maxHeaderBytes,
      keepAlive: settings.keepAlive,
      now: () => this.#runtime.now(),
      polled: () => this.#stalls.polled(),
      setDeadline: (connection, at) => this.#clock.set(connection, at),
      released: (connection, now) => this.#pool.released(connection.member, now),
      closed: (connection, cause) => {
        this.#gone(connection, cause);
        this.#pool.closed(connection.member, cause.reason, this.#runtime.now());
        this.#checkClosed();
      },
      exchangeEnded: (exchange, now) => this.#exchangeEnded(exchange, now),
      exchangeFailed: (exchange, cause, error) => this.#exchangeFailed(exchange, cause, error),
      bodyError: (exchange, cause, error) =>
        exchange.cancelledWith !== undefined || cause.by === "caller" || cause.reason === "timeout"
          ? error
          : connectionLost(exchange, cause, error, "body"),
      headersTimedOut: (exchange, now) => timedOut(exchange, "headersTimeout", settings.headersTimeout, "headers", now),
      bodyTimedOut: (exchange, now) => timedOut(exchange, "bodyTimeout", settings.bodyTimeout, exchange.headersAt > 0 ? "body" : "write", now),
      watchBody: (exchange, response) => this.#leaks.watch(exchange, response),
    };
  }

  #exchangeFailed(exchange: Exchange, cause: CloseCause, error: unknown): void {
    if (exchange.cancelledWith !== undefined) {
      this.#settleFailure(exchange, exchange.cancelledWith.error);
      return;
    }
    if (this.#mayRetry(exchange, cause)) {
      exchange.outcome = "retried";
      this.#recorder?.exchangeEnded(exchange);
      exchange.stats.staleRetries += 1;
      exchange.rewind();
      exchange.outcome = "active";
      if (exchange.attempt > 2) exchange.mustDial = "retry";
      this.#acquire(exchange, this.#originOf(exchange.target).route, this.#runtime.now());
      return;
    }
    const isOurs = cause.reason === "timeout" || cause.reason === "request-body-failed" || cause.reason === "transport-closed";
    const phase: Phase = cause.reason === "write-error" ? "write" : "headers";
    exchange.outcome = "failed";
    this.#settleFailure(exchange, isOurs && !(error instanceof ProtocolError) ? error : connectionLost(exchange, cause, error, phase));
  }

  /**
   * Rule 6: only a connection that had been idle can have been dead before the request reached it; then it goes
   * out again when nothing of it was written, or it can be repeated without harm.
   */
  #mayRetry(exchange: Exchange, cause: CloseCause): boolean {
    if (!this.#settings.safeRetry || !exchange.reused || exchange.bytesRead > 0 || this.#closing !== undefined) return false;
    if (cause.by === "caller" || cause.reason === "timeout" || cause.reason === "protocol-error" || cause.reason === "limit-exceeded") return false;
    const nothingWritten = exchange.bytesWritten === 0;
    return exchange.retriable || (nothingWritten && exchange.replayable);
  }

  #settleFailure(exchange: Exchange, error: unknown): void {
    exchange.endedAt = this.#runtime.now();
    exchange.errorCode = codeOf(error);
    void exchange.upload?.cancel(error);
    exchange.trailersFailed(error);
    this.#exchangeEnded(exchange, exchange.endedAt);
    exchange.settle.reject(error);
  }

  #exchangeEnded(exchange: Exchange, _now: number): void {
    this.#recorder?.exchangeEnded(exchange);
    if (exchange.heapIndex >= 0) this.#clock.remove(exchange);
    if (exchange.onAbort !== undefined) exchange.signal?.removeEventListener("abort", exchange.onAbort);
    if (--this.#activity === 0) this.#clock.setAlive(false);
    exchange.settle.ended?.(exchange);
  }

  /** The connection has left the pool; its life becomes a record. */
  #gone(connection: Connection, cause: CloseCause): void {
    if (!this.#live.delete(connection.member.id)) return;
    connection.closedBecause = cause;
    this.#clock.remove(connection);
    const stats = this.#counters.origin(connection.member.route.origin);
    this.#counters.closed(stats, cause.reason, this.#record(connection));
    if (cause.reason === "body-unread") stats.sitesToSample = Math.max(stats.sitesToSample, 16);
    connection.settleOpen(closedError());
    this.#checkClosed();
  }

  #record(connection: Connection): ConnectionRecord {
    return connectionRecord(connection, this.#nameOf(connection.member.route.origin), this.#counters.epoch, this.#runtime.now());
  }

  #nameOf(origin: string): string {
    return origin.startsWith("https:") && this.#settings.options.tls !== undefined ? `${this.#routeName} tls:custom` : this.#routeName;
  }

  #originOf(target: Target): Origin {
    let origin = this.#origins.get(target.origin);
    if (origin === undefined) {
      origin = { route: this.#pool.route(target.origin, target.origin), stats: this.#counters.origin(target.origin) };
      if (this.#origins.size >= 4096) this.#origins.delete(this.#origins.keys().next().value as string);
      this.#origins.set(target.origin, origin);
    }
    return origin;
  }

  #listen(exchange: Exchange, signal: AbortSignal): void {
    exchange.onAbort = () => this.cancel(exchange, signal.reason);
    signal.addEventListener("abort", exchange.onAbort, { once: true });
  }

  /** The transport's clock. @internal */
  now(): number {
    return this.#runtime.now();
  }

  #checkClosed(): void {
    if (this.#closing === undefined || this.#live.size > 0 || this.#activity > 0) return;
    this.#clock.stop();
    this.#dialer.close();
    this.#closed?.();
  }
}

function phaseOf(exchange: Exchange): Phase {
  if (exchange.headersAt > 0) return "body";
  if (exchange.sentAt > 0) return "headers";
  if (exchange.assignedAt > 0) return "write";
  return exchange.dial === undefined ? "queue" : "connect";
}

/** The members of `from` that are set. */
function pick<T extends object, K extends keyof T>(from: T, ...names: K[]): { [P in K]?: NonNullable<T[P]> } {
  const picked: { [P in K]?: NonNullable<T[P]> } = {};
  for (const name of names) {
    const value = from[name];
    if (value !== undefined && value !== null) picked[name] = value;
  }
  return picked;
}

/**
 * Makes our classes `instanceof` the platform's while the first response is under way, when the 20 ms it takes
 * to load those are spent waiting anyway.
 */
function linkPlatform(runtime: Runtime): void {
  if (platformLinked) return;
  platformLinked = true;
  runtime.setImmediate(() => {
    inheritFromPlatform("Response", Response);
    inheritFromPlatform("Request", Request);
    linkHeadersToPlatform();
  });
}
