import type { Request, Target } from "../message/index.js";
import type { Pool, PoolRoute } from "../pool/index.js";
import type { OriginStats, Recorder } from "../trace/index.js";
import type { Dials } from "./dials.js";
import type { Exchange, Link } from "./exchange/index.js";
import type { Route } from "./route/index.js";

/** What requests that take the same route have in common. */
export interface KnownRoute {
  readonly route: Route;
  /** The pool's side of it. */
  readonly pooled: PoolRoute<Link>;
  readonly stats: OriginStats;
  /** The pool's side for what needs HTTP/1.1, once something did. */
  http1: PoolRoute<Link> | undefined;
}

/** Characters of a host name (RFC 1035 §2.3.4), and a dot at its end. */
const MAX_HOST = 254;
/** Remembered at most: a crawler sees more, and each can be found anew. */
const MAX_ROUTES = 4096;

/** From a request to its route, its side in the pool and its counters; worked out once for each origin and proxy. */
export class KnownRoutes {
  readonly #known = new Map<string, KnownRoute>();
  readonly #pool: Pool<Link, Exchange>;
  readonly #dials: Dials;
  readonly #counters: Recorder;

  constructor(pool: Pool<Link, Exchange>, dials: Dials, counters: Recorder) {
    this.#pool = pool;
    this.#dials = dials;
    this.#counters = counters;
  }

  /** Throws what choosing the proxy throws. */
  of(request: Request, target: Target): KnownRoute {
    const { proxies } = this.#dials;
    const proxy = proxies.none ? undefined : proxies.of(request, target);
    const name = proxy === undefined ? target.origin : `${target.origin} ${proxy.key}`;
    return this.#known.get(name) ?? this.#add(name, target, proxy);
  }

  /** The pool's side of the route to an origin, by the origin's name. */
  pooledOf(name: string): PoolRoute<Link> | undefined {
    const direct = this.#known.get(name);
    if (direct !== undefined) return direct.pooled;
    for (const { route, pooled } of this.#known.values()) if (route.origin === name) return pooled;
    return undefined;
  }

  /** Works everything out anew: the settings behind it have changed. */
  forget(): void {
    this.#known.clear();
  }

  #add(name: string, target: Target, proxy: Route["proxy"]): KnownRoute {
    // Much is remembered by the name of an origin, so that has a bound: DNS's own.
    if (target.hostname.length > MAX_HOST) {
      throw new TypeError(
        `Cannot request ${target.origin.slice(0, 40)}…: its host name has ${target.hostname.length} characters, and the maximum is ${MAX_HOST}`,
      );
    }
    const route = this.#dials.routeTo(target, proxy);
    const known: KnownRoute = {
      route,
      pooled: this.#pool.route(route.key, route.origin, this.#dials.multiplexes(route)),
      stats: this.#counters.origin(route.origin),
      http1: undefined,
    };
    this.#dials.know(known.pooled, route);
    if (this.#known.size >= MAX_ROUTES) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(name, known);
    return known;
  }
}
