import { codeOrName, TimeoutError } from "../errors/index.js";
import { HeadParsers } from "../http1/index.js";
import type { Response } from "../message/index.js";
import { type Member, Pool, type PoolEffects, type PoolRoute, type Rejection } from "../pool/index.js";
import { ownMembers, type Runtime } from "../runtime/index.js";
import { type CloseCause, type Decision, Recorder } from "../trace/index.js";
import { Decisions, History, LeakWatch, LiveConnections } from "./account/index.js";
import { Connection, type ConnectionHost, type Http2Host, speak } from "./connection/index.js";
import type { DialHandlers } from "./dial/index.js";
import { Dials } from "./dials.js";
import {
  blameForDial,
  causeOfCancel,
  closedError,
  connectionLost,
  dialFailed,
  type Exchange,
  type ExchangeHost,
  failureOf,
  isFinal,
  type Link,
  maySendAgain,
  overLimit,
  phaseOf,
  timedOut,
  traceEnd,
  traceGot,
  traceQueued,
  traceWanted,
} from "./exchange/index.js";
import type { Settings } from "./options.js";
import { linkPlatform } from "./platform-link.js";
import { Resends } from "./resends.js";
import type { Route } from "./route/index.js";
import { Sharing } from "./sharing.js";
import { Clock, DnsWatch, Farewell, IdleFloor } from "./upkeep/index.js";

const NO_SETTINGS = "the server agreed to HTTP/2 but sent no SETTINGS; set http2: false to use HTTP/1.1";
let lastConnectionId = 0;

/**
 * The exchanges under way and the connections they are on. What the pool decides is done here, and what becomes of
 * it is told to the pool, the recorder and whoever waits.
 */
export class Engine implements PoolEffects<Link, Exchange>, Http2Host, ConnectionHost, ExchangeHost {
  readonly headersTimeout: number;
  readonly tlsTimeout: number;
  readonly bodyTimeout: number;
  readonly maxHeaderBytes: number;
  readonly headParsers: HeadParsers;
  readonly keepAlive: boolean;
  readonly pool: Pool<Link, Exchange>;
  readonly dials: Dials;
  readonly clock: Clock;
  readonly history: History;
  readonly #live: LiveConnections = new LiveConnections();
  readonly leaks: LeakWatch = new LeakWatch();
  /** Counts, whether or not records are kept. */
  readonly counters: Recorder;
  /** Where exchanges are recorded; undefined where they are not. */
  readonly recorder: Recorder | undefined;
  readonly #settings: Settings;
  readonly #runtime: Runtime;
  readonly #floor?: IdleFloor;
  readonly #decisions: Decisions;
  readonly #farewell: Farewell;
  readonly #resends: Resends;
  /** Given with `http2.coalesce`. */
  readonly #sharing?: Sharing;
  #activity = 0;
  /** A connection has just opened, or its server has just said how much it takes: what it is given did not wait for another request. */
  #opening = false;
  #closing: Promise<void> | undefined;
  #closed: () => void = () => undefined;
  #destroyReason: Error | undefined;

  constructor(settings: Settings, runtime: Runtime) {
    const given = settings.options.recorder && ownMembers(settings.options.recorder);
    this.#settings = settings;
    this.#runtime = runtime;
    this.headersTimeout = settings.headersTimeout;
    this.tlsTimeout = settings.tlsTimeout;
    this.bodyTimeout = settings.bodyTimeout;
    this.maxHeaderBytes = settings.maxHeaderBytes;
    this.headParsers = new HeadParsers(settings.maxHeaderBytes);
    this.keepAlive = settings.keepAlive;
    this.counters = new Recorder(
      given === false ? { connections: 0, exchanges: 0 } : (given ?? ownMembers({})),
      runtime.wallNow() - runtime.now(),
      runtime.now(),
    );
    this.recorder = given === false ? undefined : this.counters;
    this.pool = new Pool<Link, Exchange>(settings.pool, this, {
      random: () => runtime.random(),
      nextId: () => ++lastConnectionId,
      barrenTimeout: settings.headersTimeout,
    });
    this.clock = new Clock(runtime, (now) => this.pool.tick(now));
    this.dials = new Dials(settings, runtime, settings.dns === undefined ? undefined : this.#watchNames());
    const least = settings.minIdleConnectionsPerOrigin;
    if (least > 0)
      this.#floor = new IdleFloor(least, this.clock, (...wanted) => void this.pool.preconnect(...wanted));
    this.#decisions = new Decisions(this.pool, this.counters, settings, given !== false);
    this.history = new History(this.counters, this.#live, this.pool, runtime, settings);
    this.#farewell = new Farewell(this.clock, () => this.#live);
    this.#resends = new Resends(this, this.#decisions, () => runtime.random(), {
      enter: (...asked) => this.#enter(...asked),
      cutOff: (exchange, error) => this.#fail(exchange, this.#destroyReason ?? error),
    });
    if (settings.http2?.coalesce === true) this.#sharing = new Sharing(this, () => this.#live, runtime);
  }

  /** An exchange begins; from here on it will be settled, whatever happens. `deadline`: of its call, on our clock. */
  begin(exchange: Exchange, route: PoolRoute<Link>, deadline: number, now: number): void {
    if (this.#activity++ === 0) this.clock.setAlive(true);
    const { signal } = exchange;
    if (signal !== undefined) {
      this.#heed(signal, exchange);
      // Since it was looked at, code of the caller's has run: the option `proxy`, subscribers to diagnostics channels.
      if (signal.aborted) {
        exchange.onAbort?.();
        return;
      }
    }
    if (deadline !== Number.POSITIVE_INFINITY) this.clock.set(exchange, deadline);
    if (this.#sharing === undefined) this.#acquire(exchange, route, now);
    else this.#enter(exchange, route, now);
  }

  #heed(signal: AbortSignal, exchange: Exchange): void {
    exchange.onAbort = () => this.cancel(exchange, signal.reason, signal.reason instanceof TimeoutError);
    signal.addEventListener("abort", exchange.onAbort, { once: true });
  }

  /** Asks the pool, once it is known which connections there are to choose from. */
  #enter(exchange: Exchange, route: PoolRoute<Link>, now: number): void {
    const later = (): void => {
      if (exchange.outcome === "active") this.#acquire(exchange, route, this.clock.now());
    };
    if (this.#sharing?.looksFirst(exchange, route, later) !== true) this.#acquire(exchange, route, now);
  }

  /** Ends an exchange, wherever it is. */
  cancel(exchange: Exchange, error: unknown, timedOut = false): void {
    if (exchange.outcome !== "active") return;
    exchange.outcome = "cancelled";
    if (exchange.waitingIn !== undefined) {
      this.pool.cancel(exchange, this.clock.now());
      this.#settleFailure(exchange, error);
      return;
    }
    const carrier = exchange.member?.owner?.carrier;
    if (carrier === undefined) {
      this.#settleFailure(exchange, error);
      return;
    }
    exchange.cancelledWith = { error };
    carrier.cancel(exchange, causeOfCancel(exchange, error, timedOut), error);
  }

  get closing(): boolean {
    return this.#closing !== undefined;
  }

  /** Takes no more exchanges, and resolves when those under way and all connections have ended. */
  shutdown(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    const closing = this.#closing;
    this.#sharing?.stop();
    this.pool.shutdown(this.clock.now());
    for (const { carrier } of [...this.#live]) carrier?.retired?.();
    this.#farewell.begin(this.clock.now());
    this.#resends.endPauses();
    this.#checkClosed();
    return closing;
  }

  destroy(reason: Error): void {
    this.#destroyReason ??= reason;
    void this.shutdown();
    this.pool.destroy(this.clock.now());
    this.#checkClosed();
  }

  // ── what the pool decides ────────────────────────────────────────────────────────────────────────────────

  #acquire(exchange: Exchange, route: PoolRoute<Link>, now: number): void {
    exchange.route = route;
    const { trace } = exchange;
    if (trace !== undefined) {
      traceWanted(trace, exchange);
      if (exchange.outcome !== "active") return; // the hook ended it
    }
    this.pool.acquire(exchange, route, now);
    if (trace !== undefined && exchange.waitingIn !== undefined) traceQueued(trace, exchange);
    if (exchange.waitingIn !== undefined) this.#decisions.waits(exchange, route, now);
    this.#floor?.used(route, now);
  }

  dial(member: Member<Link>): void {
    const connection = new Connection(member, this);
    member.owner = connection;
    this.#live.add(connection);
    const exchange = member.dialedFor as Exchange | undefined;
    if (exchange !== undefined) exchange.dialed = member;
    const stats = this.counters.origin(member.route.origin);
    this.#decisions.dialing(member, stats, this.clock.now());
    const failed: DialHandlers["failed"] = (error, attempts, timings) => {
      connection.dialError = { attempts, timings };
      this.#decisions.dialFails(member, stats, error, this.clock.now());
      connection.openingOver(error);
      this.#gone(connection, { reason: "dial-failed", by: blameForDial(error), evidence: error.message });
      this.pool.dialFailed(member, error, this.clock.now());
    };
    this.dials.start(member, connection, {
      ...(exchange?.trace === undefined ? {} : { trace: exchange.trace }),
      done: (result) => {
        const route = this.dials.routeOf(member.route) as Route;
        speak(connection, result, route, this.#settings.http2, this, (refusal) => {
          if (refusal !== undefined) {
            result.socket.destroy();
            failed(refusal, result.attempts, result);
            return;
          }
          if (this.#settings.http2 === undefined && route.secure) stats.withoutHttp2 += 1;
          this.history.opened(connection);
          this.#opening = true;
          this.pool.dialed(
            member,
            this.clock.now(),
            connection.carrier?.protocol === "h2" ? this.#settings.http2?.maxStreams : undefined,
          );
          this.#opening = false;
          this.#decisions.opened(member);
          this.#sharing?.opened(connection);
          connection.openingOver(undefined);
          linkPlatform(this.#runtime);
        });
      },
      failed,
    });
  }

  assign(exchange: Exchange, member: Member<Link>): void {
    const connection = member.owner as Connection;
    const now = this.clock.now();
    const { trace, telemetry } = exchange;
    if (trace !== undefined || telemetry !== undefined) {
      if (trace !== undefined) traceGot(trace, exchange);
      telemetry?.sending(connection.wire.socket);
      if (this.#endedBeforeSent(exchange, connection)) return;
    }
    connection.carrier?.send(exchange, now);
    if (exchange.candidates !== undefined || member.multiplexed)
      this.#decisions.assigned(exchange, member, now, this.#opening);
  }

  /** Whether those who were told that the exchange has a connection ended one of the two: it is not sent then. */
  #endedBeforeSent(exchange: Exchange, { member, closedBecause }: Connection): boolean {
    if (exchange.cancelledWith !== undefined) {
      this.pool.released(member, exchange, this.clock.now());
      this.#settleFailure(exchange, exchange.cancelledWith.error);
      return true;
    }
    if (closedBecause === undefined) return false;
    exchange.reach = "unsent";
    this.exchangeFailed(exchange, closedBecause, this.#destroyReason ?? closedError());
    return true;
  }

  reject(exchange: Exchange, why: Rejection<Link>): void {
    this.#fail(exchange, this.#rejection(exchange, why));
  }

  #rejection(exchange: Exchange, why: Rejection<Link>): unknown {
    // A server that cannot do HTTP/1.1 either: what it did at first says more.
    if (why.kind === "dial-failed")
      return this.#resends.failureInHttp2(exchange) ?? dialFailed(exchange, why.error);
    if (why.kind === "closed") return this.#destroyReason ?? closedError();
    const now = this.clock.now();
    return overLimit(exchange, why, this.#settings.pool, this.#decisions.turnedAway(exchange, now), now);
  }

  close(member: Member<Link>, cause: CloseCause): void {
    const connection = member.owner as Connection;
    connection.opening.cancel();
    connection.close(cause, this.#destroyReason ?? closedError());
  }

  wake(at: number): void {
    this.clock.wakePool(at);
  }

  check(member: Member<Link>, exchange: Exchange, now: number): CloseCause | undefined {
    const idle = member.state === "idle";
    if (idle) {
      const unseen = this.clock.unseen();
      if (unseen > 0) this.#live.retireSuspended(this.pool, unseen, now);
    }
    return member.owner?.carrier?.unfitFor(exchange, idle ? now - member.idleSince : 0);
  }

  /** Retires the connections that `which` is true of: they take no more exchanges. */
  retire(which: (route: Route) => boolean, cause: CloseCause): void {
    const goes = ({ member }: Link): boolean => {
      const route = this.dials.routeOf(member.route);
      return route !== undefined && which(route);
    };
    this.#live.retire(this.pool, goes, cause, this.clock.now());
  }

  #watchNames(): DnsWatch {
    return new DnsWatch(this.clock, {
      live: () => this.#live,
      routeOf: (route) => this.dials.routeOf(route),
      retire: ({ member }, cause) => this.pool.retire(member, cause, this.clock.now()),
    });
  }

  // ── what connections tell ────────────────────────────────────────────────────────────────────────────────

  released(exchange: Exchange, now: number): void {
    this.pool.released(exchange.member as Member<Link>, exchange, now);
  }

  limitChanged(connection: Connection, limit: number): void {
    const { member } = connection;
    const stats = this.counters.origin(member.route.origin);
    if (limit > 0) stats.streamLimit = Math.min(stats.streamLimit, limit);
    this.#opening = true;
    this.pool.capacity(member, limit, this.clock.now());
    this.#opening = false;
  }

  takesNoMore(connection: Connection, cause: CloseCause): void {
    this.pool.retire(connection.member, cause, this.clock.now());
    connection.carrier?.retired?.();
  }

  refused(exchange: Exchange, now: number): void {
    this.pool.refused(exchange.member as Member<Link>, exchange, now);
  }

  mayGoElsewhere(exchange: Exchange): boolean {
    const { route, shared } = exchange;
    if (shared !== undefined && route !== undefined) this.#sharing?.misdirected(route);
    return !exchange.misdirected && this.#closing === undefined && maySendAgain(exchange);
  }

  goElsewhere(exchange: Exchange, error: unknown): void {
    this.#resends.elsewhere(exchange, error);
  }

  overHttp1(exchange: Exchange): void {
    this.#resends.overHttp1(exchange);
  }

  tooManyPings({ member }: Connection): void {
    this.dials.pingLess(member.route);
  }

  tunnels(change: 1 | -1): void {
    this.#activity += change;
    this.clock.setAlive(this.#activity > 0);
    this.#checkClosed();
  }

  settingsTimedOut(exchange: Exchange, now: number): unknown {
    return timedOut(exchange, "tlsTimeout", this.tlsTimeout, "tls", now, NO_SETTINGS);
  }

  closed(connection: Connection, cause: CloseCause): void {
    this.#gone(connection, cause);
    this.pool.closed(connection.member, cause, this.clock.now());
    this.#checkClosed();
  }

  exchangeFailed(exchange: Exchange, cause: CloseCause, error: unknown): void {
    if (exchange.cancelledWith !== undefined) {
      this.#settleFailure(exchange, exchange.cancelledWith.error);
      return;
    }
    if (this.#settings.safeRetry && this.#resends.takes(exchange, cause, error)) return;
    this.#decisions.lost(exchange, cause);
    this.#fail(exchange, failureOf(exchange, cause, error));
  }

  #fail(exchange: Exchange, error: unknown): void {
    exchange.outcome = "failed";
    this.#settleFailure(exchange, error);
  }

  bodyError(exchange: Exchange, cause: CloseCause, error: unknown): unknown {
    const isCallers = exchange.cancelledWith !== undefined || isFinal(cause, error);
    exchange.bodyFailure = isCallers ? error : connectionLost(exchange, cause, error, "body");
    this.leaks.lost(exchange, cause, exchange.bodyFailure);
    return exchange.bodyFailure;
  }

  bodyFailed(exchange: Exchange, cause: CloseCause, error: unknown): void {
    const failure = this.bodyError(exchange, cause, error);
    if (exchange.outcome === "active") exchange.outcome = "failed";
    exchange.endedAt = this.clock.now();
    exchange.trailersFailed(failure);
    this.exchangeEnded(exchange);
    exchange.body?.fail(failure);
  }

  headersTimedOut(exchange: Exchange, now: number): unknown {
    return timedOut(exchange, "headersTimeout", this.headersTimeout, "headers", now);
  }

  bodyTimedOut(exchange: Exchange, now: number): unknown {
    const phase = exchange.headersAt > 0 ? "body" : "write";
    return timedOut(exchange, "bodyTimeout", this.bodyTimeout, phase, now);
  }

  watchBody(exchange: Exchange, response: Response): void {
    this.leaks.watch(exchange, response);
  }

  // ── what exchanges ask ───────────────────────────────────────────────────────────────────────────────────

  callTimedOut(exchange: Exchange, now: number): void {
    const error = timedOut(exchange, "timeout", exchange.callTimeout, phaseOf(exchange), now);
    this.cancel(exchange, error, true);
  }

  decide(exchange: Exchange): Decision {
    return this.#decisions.of(exchange);
  }

  // ── endings ──────────────────────────────────────────────────────────────────────────────────────────────

  #settleFailure(exchange: Exchange, error: unknown): void {
    exchange.endedAt = this.clock.now();
    exchange.errorCode = codeOrName(error) ?? "unknown";
    this.#decisions.gaveUp(exchange);
    void exchange.outgoing.source?.cancel(error);
    exchange.trailersFailed(error);
    this.exchangeEnded(exchange, error);
    exchange.settle.reject(error);
  }

  exchangeEnded(exchange: Exchange, error?: unknown): void {
    this.recorder?.exchangeEnded(exchange);
    if (exchange.trace !== undefined) traceEnd(exchange.trace, exchange, error);
    exchange.telemetry?.ended(exchange, error);
    if (exchange.heapIndex >= 0) this.clock.remove(exchange);
    if (exchange.onAbort !== undefined) exchange.signal?.removeEventListener("abort", exchange.onAbort);
    exchange.settle.ended?.(exchange);
    if (--this.#activity > 0) return;
    this.clock.setAlive(false);
    this.#checkClosed();
  }

  /** The connection has left the pool. */
  #gone(connection: Connection, cause: CloseCause): void {
    if (!this.history.close(connection, cause, this.#decisions.delayedBy(connection.member))) return;
    if (connection.member.openedAt === 0)
      this.#decisions.settled(connection.member, cause.reason === "dial-failed");
    this.#floor?.lost(connection.member.route, cause.reason, this.clock.now());
    // What a limit ended at once was open all the same: whoever had it made is done.
    const wasOpen = connection.member.openedAt > 0 && cause.reason !== "transport-closed";
    connection.openingOver(wasOpen ? undefined : closedError());
    this.#checkClosed();
  }

  #checkClosed(): void {
    if (this.#closing === undefined || this.#live.size > 0 || this.#activity > 0) return;
    this.clock.stop();
    this.dials.close();
    this.#closed();
  }
}
