import { AsyncResource } from "node:async_hooks";
import { type NetworkError, type Phase, ProtocolError, TimeoutError } from "../errors/index.js";
import type { Report } from "../explain/index.js";
import {
  parseTarget,
  plainRequest,
  type Request,
  type Response,
  requestParts,
  type Target,
} from "../message/index.js";
import { type Member, Pool, type PoolEffects, type PoolRoute, type Rejection } from "../pool/index.js";
import { nodeRuntime, type Runtime } from "../runtime/index.js";
import {
  type CloseCause,
  type ConnectionRecord,
  guardTrace,
  type OriginStats,
  Recorder,
  type Recording,
} from "../trace/index.js";
import { Clock } from "./clock.js";
import { Connection, type ConnectionHost } from "./connection/index.js";
import { Decisions } from "./decisions.js";
import { Dials } from "./dials.js";
import { Exchange, type ExchangeHost, type Settle } from "./exchange.js";
import { traceEnd, traceGot, traceQueued, traceWanted, traceWritten } from "./exchange-trace.js";
import { closedError, codeOf, connectionLost, dialFailed, timedOut, turnedAway } from "./failures.js";
import { Forwarding } from "./forwarding.js";
import { History } from "./history.js";
import { LeakWatch } from "./leak-watch.js";
import { normaliseOptions, type Settings, type TransportOptions } from "./options.js";
import { linkPlatform } from "./platform-link.js";
import { prepare } from "./prepare.js";
import type { OpenRecording } from "./recording/index.js";
import { mayGoOutAgain } from "./retry.js";
import { type Counts, type ExchangeOptions, type RoundTripper, runtimeOption } from "./round-tripper.js";
import { type Route, routeName } from "./route/index.js";
import { describeHolders } from "./slot-holders.js";
import { StallGuard } from "./stall-guard.js";
import { noteTransport, type TransportSite } from "./transport-sites.js";

interface Origin {
  readonly route: PoolRoute<Connection>;
  readonly way: Route;
  readonly stats: OriginStats;
}

let lastConnectionId = 0;
let lastExchangeId = 0;

/**
 * Owns connections: dials, pools, reuses and closes them, and remembers why. Share one; a transport per request
 * cannot reuse anything.
 */
export class Transport implements RoundTripper, AsyncDisposable {
  readonly #settings: Settings;
  readonly #runtime: Runtime;
  readonly #pool: Pool<Connection, Exchange>;
  readonly #dials: Dials;
  readonly #forwarding: Forwarding;
  readonly #recorder: Recorder | undefined;
  readonly #counters: Recorder;
  readonly #origins = new Map<string, Origin>();
  readonly #clock: Clock;
  readonly #stalls: StallGuard;
  readonly #history: History;
  readonly #decisions: Decisions;
  readonly #connectionHost: ConnectionHost;
  readonly #exchangeHost: ExchangeHost;
  readonly #leaks: LeakWatch;
  readonly #site: TransportSite;
  #activity = 0;
  #closing: Promise<void> | undefined;
  #closed: (() => void) | undefined;
  #destroyReason: Error | undefined;

  constructor(options: TransportOptions = {}) {
    const { [runtimeOption]: runtime = nodeRuntime, ...given } = options as TransportOptions & {
      [runtimeOption]?: Runtime;
    };
    this.#runtime = runtime;
    this.#settings = normaliseOptions(given);
    this.#clock = new Clock(runtime, (now) => this.#pool.tick(now));
    this.#stalls = new StallGuard(runtime);
    const settings = this.#settings;
    const epoch = runtime.wallNow() - runtime.now();
    this.#counters = new Recorder(
      given.recorder === false ? { connections: 0, exchanges: 0 } : (given.recorder ?? {}),
      epoch,
      runtime.now(),
    );
    this.#recorder = given.recorder === false ? undefined : this.#counters;
    this.#pool = new Pool<Connection, Exchange>(settings.pool, this.#effects(), {
      random: () => runtime.random(),
      nextId: () => ++lastConnectionId,
    });
    this.#dials = new Dials(settings, runtime);
    this.#decisions = new Decisions(this.#counters, settings, given.recorder !== false);
    this.#forwarding = new Forwarding(this.#dials.auths, given.allowAddress);
    this.#history = new History(this.#counters, this.#pool, runtime, settings.pool);
    this.#connectionHost = this.#hostOfConnections();
    this.#exchangeHost = {
      callTimedOut: (exchange, now) =>
        this.cancel(
          exchange,
          timedOut(exchange, "timeout", exchange.callTimeout, phaseOf(exchange), now),
          true,
        ),
      decide: (exchange) => this.#decisions.of(exchange),
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
    return this.#start(request, settle, options, false);
  }

  #start(
    request: Request,
    settler: Settle,
    options: ExchangeOptions | undefined,
    answersProxy: boolean,
  ): Exchange | undefined {
    let settle = settler;
    const { target, headers, source, signal } = requestParts(request);
    if (signal?.aborted === true) {
      void source?.cancel(signal.reason);
      settle.reject(signal.reason);
      return undefined;
    }
    let exchange: Exchange;
    const now = this.#runtime.now();
    let origin: Origin;
    try {
      origin = this.#originOf(request, target);
      let wire = { target, headers };
      if (origin.way.forwards) {
        const forwarded = this.#forwarding.of(origin.way, request.method, target, headers);
        wire = forwarded;
        if (!answersProxy && source?.replayable !== false) {
          settle = this.#forwarding.answering(origin.way, forwarded.sent, settler, () =>
            this.#start(request, settler, options, true),
          );
        }
      }
      const prepared = prepare(
        request,
        wire.target,
        wire.headers,
        source,
        this.#settings.keepAlive,
        options?.acceptEncoding,
      );
      const { head, upload, close } = prepared;
      exchange = new Exchange(
        ++lastExchangeId,
        this.#exchangeHost,
        request,
        target,
        origin.stats,
        settle,
        head,
        upload,
        close,
        signal,
        now,
      );
      exchange.uploadLength = prepared.uploadLength;
      exchange.retriable = prepared.replayable && request.idempotent;
      exchange.replayable = prepared.replayable;
      exchange.wantsUpgrade = prepared.upgrade;
      exchange.expectWait = prepared.expectWait;
      if (upload !== undefined || request.onInformational !== undefined || request.trace !== undefined) {
        const resource = new AsyncResource("TRUNKLINE_REQUEST");
        const run: Exchange["runInContext"] = (callback) => resource.runInAsyncScope(callback);
        exchange.runInContext = run;
        if (request.trace !== undefined) exchange.trace = guardTrace(request.trace, run);
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
    if (options !== undefined && options.deadline !== Number.POSITIVE_INFINITY) {
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
        ? {
            reason: "timeout",
            by: "client",
            evidence: `the call took longer than its timeout of ${exchange.callTimeout} ms`,
          }
        : { reason: "aborted", by: "caller", evidence: "the caller's signal aborted the request" },
      error,
    );
  }

  // ── what it shows ────────────────────────────────────────────────────────────────────────────────────────

  /** Connections and waiters now, requests so far; in total and by route. */
  snapshot(): { totals: Counts; origins: ({ origin: string; route: string } & Counts)[] } {
    const { totals, origins } = this.#pool.snapshot();
    return {
      totals,
      origins: origins.map(({ origin, route: key, ...counts }) => ({
        origin,
        route: routeName(key),
        ...counts,
      })),
    };
  }

  /** The live connections and the closed ones the recorder remembers, oldest first. */
  connections(): ConnectionRecord[] {
    return this.#history.connections();
  }

  /** What happened and what to do about it; `String(report)` is for people. */
  explain(): Report {
    return this.#history.report(
      (name) =>
        (this.#origins.get(name) ?? [...this.#origins.values()].find(({ way }) => way.origin === name))
          ?.route,
    );
  }

  /** Everything the recorder holds, as data. */
  recording(): Recording {
    return this.#history.recording();
  }

  /**
   * Writes a recording to a file while it happens, as JSON Lines (`docs/recording.md`): what the recorder holds, then
   * every connection, exchange and decision. It is readable at any time, after a crash too.
   *
   * @returns what ends the recording.
   * @throws TypeError when the recorder is off; the system's error when the file cannot be written.
   */
  recordTo(path: string): OpenRecording {
    if (this.#recorder === undefined) {
      throw new TypeError("Cannot record as this Transport was made with recorder: false; leave that out");
    }
    return this.#history.recordTo(path);
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
    const members = this.#pool.preconnect(
      this.#originOf(plainRequest("GET", target), target).route,
      n,
      this.#runtime.now(),
    );
    await Promise.all(members.map((member) => (member.owner as Connection).opening.whenOpen()));
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
    this.#destroyReason ??= reason ?? closedError();
    void this.close();
    this.#pool.destroy(this.#runtime.now());
    this.#checkClosed();
  }

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
        connection.opening.cancel();
        connection.fail(cause, this.#destroyReason ?? closedError());
      },
      wake: (at) => this.#clock.wakePool(at),
      check: (member) => this.#stalls.check(member),
    };
  }

  #acquire(exchange: Exchange, route: PoolRoute<Connection>, now: number): void {
    exchange.route = route;
    const { trace } = exchange;
    if (trace !== undefined) traceWanted(trace, exchange);
    this.#pool.acquire(exchange, route, now);
    if (trace !== undefined && exchange.waitingIn !== undefined) traceQueued(trace, exchange);
    if (exchange.waitingIn !== undefined) this.#decisions.waits(exchange, route, this.#pool, now);
  }

  #dial(member: Member<Connection>): void {
    const connection = new Connection(member, this.#connectionHost);
    member.owner = connection;
    this.#history.live.set(member.id, connection);
    const exchange = member.dialedFor as Exchange | undefined;
    if (exchange !== undefined) exchange.dialed = member;
    const stats = this.#counters.origin(member.route.origin);
    this.#decisions.dialing(member, stats, this.#runtime.now());
    this.#dials.start(member, connection, {
      ...(exchange?.trace === undefined ? {} : { trace: exchange.trace }),
      done: (result) => {
        connection.opened(result);
        this.#history.opened(connection);
        this.#pool.dialed(member, this.#runtime.now());
        this.#decisions.settled(member, false);
        connection.opening.settle(undefined);
        linkPlatform(this.#runtime);
      },
      failed: (error, attempts, timings) => {
        connection.dialError = { attempts, timings };
        this.#decisions.dialFails(member, stats, error, this.#runtime.now());
        connection.opening.settle(error);
        this.#gone(connection, { reason: "dial-failed", by: blameForDial(error), evidence: error.message });
        this.#pool.dialFailed(member, error, this.#runtime.now());
      },
    });
  }

  #assign(exchange: Exchange, member: Member<Connection>): void {
    const connection = member.owner as Connection;
    const now = this.#runtime.now();
    const { trace } = exchange;
    if (trace !== undefined) traceGot(trace, exchange);
    connection.send(exchange, now);
    if (trace !== undefined) traceWritten(trace, exchange);
    this.#decisions.assigned(exchange, member, now);
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
        error = timedOut(
          exchange,
          "queueTimeout",
          this.#settings.pool.queueTimeout,
          "queue",
          now,
          this.#whoHolds(exchange, now),
        );
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

  #whoHolds(exchange: Exchange, now: number): string {
    return describeHolders(this.#pool, exchange.route as PoolRoute<Connection>, now);
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
      bodyError: (exchange, cause, error) => {
        this.#leaks.lost(exchange, cause);
        const isOurs =
          exchange.cancelledWith !== undefined || cause.by === "caller" || cause.reason === "timeout";
        exchange.bodyFailure = isOurs ? error : connectionLost(exchange, cause, error, "body");
        return exchange.bodyFailure;
      },
      headersTimedOut: (exchange, now) =>
        timedOut(exchange, "headersTimeout", settings.headersTimeout, "headers", now),
      bodyTimedOut: (exchange, now) =>
        timedOut(
          exchange,
          "bodyTimeout",
          settings.bodyTimeout,
          exchange.headersAt > 0 ? "body" : "write",
          now,
        ),
      watchBody: (exchange, response) => this.#leaks.watch(exchange, response),
    };
  }

  #exchangeFailed(exchange: Exchange, cause: CloseCause, error: unknown): void {
    if (exchange.cancelledWith !== undefined) {
      this.#settleFailure(exchange, exchange.cancelledWith.error);
      return;
    }
    if (this.#settings.safeRetry && this.#closing === undefined && mayGoOutAgain(exchange, cause)) {
      exchange.outcome = "retried";
      this.#recorder?.exchangeEnded(exchange);
      exchange.stats.staleRetries += 1;
      if (exchange.trace !== undefined) traceEnd(exchange.trace, exchange, error);
      exchange.rewind();
      this.#decisions.again(exchange);
      exchange.outcome = "active";
      if (exchange.attempt > 2) exchange.mustDial = "retry";
      this.#acquire(exchange, exchange.route as PoolRoute<Connection>, this.#runtime.now());
      return;
    }
    this.#decisions.lost(exchange, cause);
    const isOurs =
      cause.reason === "timeout" ||
      cause.reason === "request-body-failed" ||
      cause.reason === "transport-closed";
    const phase: Phase = cause.reason === "write-error" ? "write" : "headers";
    exchange.outcome = "failed";
    this.#settleFailure(
      exchange,
      isOurs && !(error instanceof ProtocolError) ? error : connectionLost(exchange, cause, error, phase),
    );
  }

  #settleFailure(exchange: Exchange, error: unknown): void {
    exchange.endedAt = this.#runtime.now();
    exchange.errorCode = codeOf(error);
    this.#decisions.gaveUp(exchange);
    void exchange.upload?.cancel(error);
    exchange.trailersFailed(error);
    this.#exchangeEnded(exchange, exchange.endedAt, error);
    exchange.settle.reject(error);
  }

  #exchangeEnded(exchange: Exchange, _now: number, error?: unknown): void {
    this.#recorder?.exchangeEnded(exchange);
    if (exchange.trace !== undefined) traceEnd(exchange.trace, exchange, error);
    if (exchange.heapIndex >= 0) this.#clock.remove(exchange);
    if (exchange.onAbort !== undefined) exchange.signal?.removeEventListener("abort", exchange.onAbort);
    exchange.settle.ended?.(exchange);
    if (--this.#activity > 0) return;
    this.#clock.setAlive(false);
    this.#checkClosed();
  }

  /** The connection has left the pool. */
  #gone(connection: Connection, cause: CloseCause): void {
    if (!this.#history.close(connection, cause, this.#decisions.delayedBy(connection.member))) return;
    if (connection.member.openedAt === 0)
      this.#decisions.settled(connection.member, cause.reason === "dial-failed");
    this.#clock.remove(connection);
    connection.opening.settle(closedError());
    this.#checkClosed();
  }

  #originOf(request: Request, target: Target): Origin {
    const proxy = this.#dials.proxyOf(request, target);
    const name = proxy === undefined ? target.origin : `${target.origin} ${proxy.key}`;
    let origin = this.#origins.get(name);
    if (origin === undefined) {
      const way = this.#dials.routeTo(target, proxy);
      origin = {
        route: this.#pool.route(way.key, way.origin),
        way,
        stats: this.#counters.origin(way.origin),
      };
      this.#dials.know(origin.route, way);
      if (this.#origins.size >= 4096) this.#origins.delete(this.#origins.keys().next().value as string);
      this.#origins.set(name, origin);
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

  /** Its door to time and chance, for the policies of a call. @internal */
  get runtime(): Runtime {
    return this.#runtime;
  }

  #checkClosed(): void {
    if (this.#closing === undefined || this.#history.live.size > 0 || this.#activity > 0) return;
    this.#clock.stop();
    this.#dials.close();
    this.#closed?.();
  }
}

function phaseOf(exchange: Exchange): Phase {
  if (exchange.headersAt > 0) return "body";
  if (exchange.sentAt > 0) return "headers";
  if (exchange.assignedAt > 0) return "write";
  return exchange.dial === undefined ? "queue" : "connect";
}

/** Who a failed dial is put down to: silence to the network, an address that was not allowed to this client's settings. */
function blameForDial(error: NetworkError): CloseCause["by"] {
  if (error.code === "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED") return "client";
  return error.phase === "dns" || error instanceof TimeoutError ? "network" : "server";
}
