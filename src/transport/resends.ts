import type { Pool, PoolRoute } from "../pool/index.js";
import type { CloseCause, Recorder } from "../trace/index.js";
import { type Decisions, lostConnection } from "./account/index.js";
import type { Dials } from "./dials.js";
import {
  type Exchange,
  failureOf,
  type Link,
  mayGoOutAgain,
  mustDialAgain,
  pausesFirst,
  traceEnd,
  wantsHttp1,
} from "./exchange/index.js";
import type { Route } from "./route/index.js";
import { type Clock, RetryPauses } from "./upkeep/index.js";

/** What {@link Resends} needs of the transport. */
interface ResendsHost {
  readonly pool: Pool<Link, Exchange>;
  readonly dials: Dials;
  readonly clock: Clock;
  readonly recorder: Recorder | undefined;
  /** Whether the transport closes: nothing goes out again then. */
  readonly closing: boolean;
}

/** Where an exchange goes from here. */
interface Ways {
  /** It asks for a connection of the route. */
  enter(exchange: Exchange, route: PoolRoute<Link>, now: number): void;
  /** The transport closes while it waits. `error`: what it fails with, where the transport has no reason of its own. */
  cutOff(exchange: Exchange, error: unknown): void;
}

/** Exchanges that failed on their connection and go out again: when, and by which route. */
export class Resends {
  readonly #host: ResendsHost;
  readonly #decisions: Decisions;
  readonly #ways: Ways;
  readonly #pauses: RetryPauses;
  /** What became of exchanges in HTTP/2 that went out again in HTTP/1.1. */
  readonly #sentToHttp1 = new WeakMap<Exchange, unknown>();

  constructor(host: ResendsHost, decisions: Decisions, random: () => number, ways: Ways) {
    this.#host = host;
    this.#decisions = decisions;
    this.#ways = ways;
    this.#pauses = new RetryPauses(host.clock, random);
  }

  /** Whether the exchange, which failed, goes out again. It has begun to, then. */
  takes(exchange: Exchange, cause: CloseCause, error: unknown): boolean {
    if (this.#host.closing || !mayGoOutAgain(exchange, cause, error)) return false;
    if (exchange.reach === "perhaps" && lostConnection(exchange)) exchange.stats.staleRetries += 1;
    let route = exchange.route as PoolRoute<Link>;
    if (wantsHttp1(error)) {
      this.#routeOf(route).wantsHttp1 = true;
      route = this.#http1(route);
      this.#sentToHttp1.set(exchange, failureOf(exchange, cause, error));
    }
    if (mustDialAgain(exchange, cause, error)) exchange.mustDial = "retry";
    const failure = pausesFirst(exchange, error) ? failureOf(exchange, cause, error) : undefined;
    this.#goOutAgain(exchange, route, error, failure);
    return true;
  }

  /** What the exchange failed with in HTTP/2, where it went out again in HTTP/1.1 for that. */
  failureInHttp2(exchange: Exchange): unknown {
    return this.#sentToHttp1.get(exchange);
  }

  /** Its connection was the wrong one for its origin (421). */
  elsewhere(exchange: Exchange, error: unknown): void {
    const route = exchange.route as PoolRoute<Link>;
    exchange.misdirected = true;
    const { active, idle, dialing } = route.counts;
    // What was sent on another origin's connection needs one of its own origin's, and not each a new one.
    if (exchange.shared === undefined || active + idle + dialing === 0) exchange.mustDial = "retry";
    this.#goOutAgain(exchange, route, error);
  }

  /** Its server offers no tunnels over HTTP/2. */
  overHttp1(exchange: Exchange): void {
    const route = exchange.route as PoolRoute<Link>;
    this.#routeOf(route).noConnect = true;
    this.#goOutAgain(exchange, this.#http1(route), undefined);
  }

  /** Those that pause go on at once. */
  endPauses(): void {
    this.#pauses.end();
  }

  /** `failure`: given where it pauses first; what it fails with should the transport close meanwhile. */
  #goOutAgain(exchange: Exchange, route: PoolRoute<Link>, error: unknown, failure?: unknown): void {
    const host = this.#host;
    exchange.outcome = "retried";
    host.recorder?.exchangeEnded(exchange);
    if (exchange.trace !== undefined) traceEnd(exchange.trace, exchange, error);
    exchange.rewind();
    this.#decisions.again(exchange);
    exchange.outcome = "active";
    // By a hook that was told of the end: there was nothing to cancel then.
    if (exchange.signal?.aborted === true) {
      exchange.onAbort?.();
      return;
    }
    if (failure === undefined) {
      this.#ways.enter(exchange, route, host.clock.now());
      return;
    }
    this.#pauses.wait(route, () => {
      if (exchange.outcome !== "active") return;
      if (host.closing) this.#ways.cutOff(exchange, failure);
      else this.#ways.enter(exchange, route, host.clock.now());
    });
  }

  #routeOf(route: PoolRoute<Link>): Route {
    return this.#host.dials.routeOf(route) as Route;
  }

  #http1(route: PoolRoute<Link>): PoolRoute<Link> {
    return this.#host.dials.http1RouteOf(route, this.#host.pool);
  }
}
