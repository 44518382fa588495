import { AsyncResource } from "node:async_hooks";
import { NetworkError, rejection } from "../errors/index.js";
import type { Report } from "../explain/index.js";
import {
  INSPECT,
  ownRequest,
  parseTarget,
  plainRequest,
  type Request,
  type Response,
  requestParts,
} from "../message/index.js";
import { microtask, nodeRuntime, ownMembers, type Runtime } from "../runtime/index.js";
import { type ConnectionRecord, guardTrace, type Recording } from "../trace/index.js";
import { noteTransport, type TransportSite } from "./account/index.js";
import type { Connection } from "./connection/index.js";
import { Engine } from "./engine.js";
import {
  closedError,
  Exchange,
  Forwarding,
  prepare,
  runsCallersCode,
  type Settle,
  TELEMETRY_CHANNELS,
  Telemetry,
} from "./exchange/index.js";
import { type KnownRoute, KnownRoutes } from "./known-routes.js";
import { checkKinds } from "./option-kinds.js";
import { normaliseOptions } from "./options.js";
import type { OpenRecording } from "./recording/index.js";
import { type Counts, type ExchangeOptions, type RoundTripper, runtimeOption } from "./round-tripper.js";
import { type Route, routeName } from "./route/index.js";
import type { TransportOptions } from "./transport-options.js";

let lastExchangeId = 0;

/**
 * Owns connections: dials, pools, reuses and closes them, and remembers why. Share one; a transport per request
 * cannot reuse anything.
 */
export class Transport implements RoundTripper, AsyncDisposable {
  readonly #runtime: Runtime;
  readonly #keepAlive: boolean;
  readonly #priorKnowledge: boolean;
  readonly #engine: Engine;
  readonly #routes: KnownRoutes;
  readonly #forwarding: Forwarding;
  readonly #site: TransportSite;
  /** Who waits to send, and is not to wait in vain. */
  readonly #sleepers = new Set<() => void>();

  /** @throws TypeError for an unknown option or a value of the wrong kind; RangeError for a value out of range. */
  constructor(options: TransportOptions = {}) {
    const { [runtimeOption]: runtime = nodeRuntime, ...own } = options as TransportOptions & {
      [runtimeOption]?: Runtime;
    };
    const given = ownMembers(own);
    const settings = normaliseOptions(given);
    this.#runtime = runtime;
    this.#keepAlive = settings.keepAlive;
    this.#priorKnowledge = settings.http2?.priorKnowledge === true;
    const engine = new Engine(settings, runtime);
    this.#engine = engine;
    this.#routes = new KnownRoutes(engine.pool, engine.dials, engine.counters);
    this.#forwarding = new Forwarding(engine.dials.auths, given.allowAddress);
    this.#site = noteTransport();
  }

  /**
   * Sends the request on a pooled connection and resolves when the response's head is in. Rejects with a `TypeError`
   * when the request cannot be sent as it is; with a {@link NetworkError} or {@link TimeoutError} when it fails; with the
   * signal's reason when it aborts.
   */
  roundTrip(request: Request): Promise<Response> {
    return new Promise<Response>((resolve) => {
      const reject = (error: unknown): void => resolve(rejection(error));
      this.start(ownRequest(request), { resolve, reject }, undefined);
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
    const { target, headers: given, source, signal } = requestParts(request);
    if (signal?.aborted === true) {
      void source?.cancel(signal.reason);
      settle.reject(signal.reason);
      return undefined;
    }
    let exchange: Exchange;
    const now = this.#runtime.now();
    let known: KnownRoute;
    const telemetry = hasListeners() ? new Telemetry(request, options?.acceptEncoding) : undefined;
    try {
      const headers = telemetry === undefined ? given : telemetry.headersWith(given);
      known = this.#routes.of(request, target);
      const { route } = known;
      let wire = { target, headers };
      if (route.forwards) {
        if (this.#priorKnowledge) throw noPriorKnowledge(route);
        const forwarded = this.#forwarding.of(route, request.method, target, headers);
        wire = forwarded;
        if (!answersProxy && source?.replayable !== false) {
          settle = this.#forwarding.answering(route, forwarded.sent, settler, () =>
            this.#start(request, settler, options, true),
          );
        }
      }
      const outgoing = prepare(
        request,
        wire.target,
        wire.headers,
        source,
        this.#keepAlive,
        options?.acceptEncoding,
      );
      exchange = new Exchange(
        ++lastExchangeId,
        this.#engine,
        request,
        target,
        known.stats,
        settle,
        outgoing,
        signal,
        now,
      );
      exchange.telemetry = telemetry;
      if (options?.fresh === true) exchange.mustDial = "retry";
      if (runsCallersCode(outgoing) || request.onInformational !== undefined || request.trace !== undefined) {
        const resource = new AsyncResource("TRUNKLINE_REQUEST");
        const run: Exchange["runInContext"] = (callback) => resource.runInAsyncScope(callback);
        exchange.runInContext = run;
        if (request.trace !== undefined) exchange.trace = guardTrace(request.trace, run);
      }
    } catch (error) {
      telemetry?.failed(error);
      void source?.cancel(error);
      settle.reject(error);
      return undefined;
    }
    known.stats.requests += 1;
    this.#site.requests += 1;
    if (known.stats.sitesToSample > 0) this.#engine.leaks.sample(exchange);
    let deadline = Number.POSITIVE_INFINITY;
    if (options !== undefined) ({ deadline, timeout: exchange.callTimeout } = options);
    let { pooled } = known;
    const { upgrade, protocol } = exchange.outgoing;
    const needsHttp1 = upgrade && (protocol === undefined || known.route.noConnect === true);
    if (needsHttp1 || known.route.wantsHttp1 === true) {
      pooled = known.http1 ??= this.#engine.dials.http1RouteOf(pooled, this.#engine.pool);
    }
    this.#engine.begin(exchange, pooled, deadline, now);
    return exchange;
  }

  // ── what it shows ────────────────────────────────────────────────────────────────────────────────────────

  /** Connections and waiters now, requests so far; in total and by route. */
  snapshot(): { totals: Counts; origins: ({ origin: string; route: string } & Counts)[] } {
    const { totals, origins } = this.#engine.pool.snapshot();
    return {
      totals,
      origins: origins.map(({ origin, route: key, ...counts }) => ({
        origin,
        route: routeName(key),
        ...counts,
      })),
    };
  }

  /** The open connections, and the closed ones that the recorder remembers, oldest first. */
  connections(): ConnectionRecord[] {
    return this.#engine.history.connections();
  }

  /** What happened to the connections, which problems that shows, and what to do. `String(report)` is text for people. */
  explain(): Report {
    return this.#engine.history.report((name) => this.#routes.pooledOf(name));
  }

  /** Everything the recorder holds, as JSON data. */
  recording(): Recording {
    return this.#engine.history.recording();
  }

  /**
   * Writes a recording to a file as things happen, as JSON Lines (docs/recording.md): first what the recorder holds, then
   * every connection, exchange and decision. The file can be read at any time, even after a crash.
   *
   * @returns The recording under way; close it to end it.
   * @throws TypeError when the recorder is off; the system's error when the file cannot be written.
   */
  recordTo(path: string): OpenRecording {
    if (this.#engine.recorder === undefined) {
      throw new TypeError("Cannot record: this Transport was made with recorder: false; remove that option");
    }
    return this.#engine.history.recordTo(path);
  }

  // ── life ─────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Opens connections to an origin before they are needed, so that `n` (default 1; with HTTP/2 always 1) are idle, and
   * resolves when they are open. Idle ones count, and the limits hold: a connection that is over a limit by the time it
   * is open closes at once. Does nothing with `keepAlive: false`. Rejects with a {@link NetworkError} when one cannot be
   * made, with a `TypeError` for an invalid origin, and with a `RangeError` for a wrong count.
   */
  async preconnect(origin: string, n = 1): Promise<void> {
    if (!Number.isInteger(n) || n < 0) {
      throw new RangeError(
        `Cannot preconnect ${String(n)} connections: the count must be a whole number, at least 0`,
      );
    }
    const target = parseTarget(origin);
    if (this.#engine.closing) throw closedError();
    const { pooled } = this.#routes.of(plainRequest("GET", target), target);
    const dial = async (): Promise<void> => {
      const members = this.#engine.pool.preconnect(pooled, n, this.#runtime.now());
      await Promise.all(members.map((member) => (member.owner as Connection).opening.whenOpen()));
    };
    const known = pooled.single;
    await dial();
    // The first connection was to show the protocol, and it is one request at a time: the others are made now.
    if (!known && pooled.single && n > 1) await dial();
  }

  /** Closes idle connections; those in use are not affected. */
  closeIdle(): void {
    this.#engine.pool.closeIdle(this.#runtime.now());
  }

  /**
   * Replaces the TLS options, all three together, while the transport runs: for certificates that are renewed. New dials
   * use the new options. Connections made with the old ones take no more requests and close (`tls-replaced`), those in
   * use when their requests end.
   *
   * @throws TypeError for another option, a value of the wrong kind, or an invalid origin.
   */
  updateTls(options: Pick<TransportOptions, "tls" | "tlsByOrigin" | "proxyTls">): void {
    for (const name of Object.keys(options)) {
      if (name !== "tls" && name !== "tlsByOrigin" && name !== "proxyTls") {
        throw new TypeError(
          `Cannot update ${JSON.stringify(name)}: updateTls takes tls, tlsByOrigin and proxyTls`,
        );
      }
    }
    checkKinds(options);
    this.#engine.dials.replaceTls(options);
    this.#routes.forget();
    this.#engine.retire(({ secure, proxy }) => secure || proxy?.scheme === "https", {
      reason: "tls-replaced",
      by: "client",
      evidence: "updateTls() replaced the TLS options it was made with",
    });
  }

  /**
   * Takes no more requests, lets those under way finish, and resolves when the last connection has closed. A response
   * body that nobody reads for 10 seconds is abandoned: reading it then fails with `ERR_TRUNKLINE_CLOSED`.
   */
  close(): Promise<void> {
    const closed = this.#engine.shutdown();
    this.#wake();
    return closed;
  }

  /** Closes everything at once. Requests under way reject with `reason`; default: a `NetworkError` (`ERR_TRUNKLINE_CLOSED`). */
  destroy(reason?: Error): void {
    this.#engine.destroy(reason ?? closedError());
    this.#wake();
  }

  #wake(): void {
    const sleepers = [...this.#sleepers];
    this.#sleepers.clear();
    for (const wake of sleepers) wake();
  }

  /** Calls back once the transport closes, or soon where it does already; the result stops that. @internal */
  whenClosing(wake: () => void): () => void {
    if (this.#engine.closing) microtask(wake);
    else this.#sleepers.add(wake);
    return () => this.#sleepers.delete(wake);
  }

  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The transport's clock. @internal */
  now(): number {
    return this.#runtime.now();
  }

  /** Its door to time and chance, for the policies of a call. @internal */
  get runtime(): Runtime {
    return this.#runtime;
  }
}

// What `console.log` shows of it: the snapshot.
Object.defineProperty(Transport.prototype, INSPECT, {
  value(
    this: Transport,
    depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ) {
    const { totals, origins } = this.snapshot();
    return depth < 0 ? "[Transport]" : `Transport ${inspect({ ...totals, origins }, options)}`;
  },
});

/** Whether anybody listens to exchanges. */
function hasListeners(): boolean {
  for (const channel of TELEMETRY_CHANNELS) if (channel.hasSubscribers) return true;
  return false;
}

function noPriorKnowledge({ proxy }: Route): NetworkError {
  return new NetworkError(
    `Cannot speak HTTP/2 by prior knowledge through the proxy ${proxy?.name}, which forwards requests in HTTP/1.1; remove http2.priorKnowledge, or use a socks5 proxy`,
    { code: "ERR_TRUNKLINE_PROTOCOL", phase: "proxy", url: proxy?.name ?? "" },
  );
}

// One per process and major version: a package that is installed twice must not mean two pools.
const key = Symbol.for("trunkline.defaultTransport.0");
const registry = globalThis as { [key]?: Transport };

/** The transport of all clients without their own: one per process, however often the package is loaded. */
export const defaultTransport: Transport = (registry[key] ??= new Transport());
