import type { Pool, PoolRoute } from "../pool/index.js";
import type { Runtime } from "../runtime/index.js";
import type { Dials } from "./dials.js";
import type { Exchange, Link } from "./exchange/index.js";
import type { Route } from "./route/index.js";

/** A name that is not resolved within so many milliseconds is dialed as if there were nothing to share. */
const PATIENCE_MS = 1000;

/** What {@link Sharing} needs of the transport. */
interface SharingHost {
  readonly pool: Pool<Link, Exchange>;
  readonly dials: Dials;
}

/** One look for connections to share, and the requests that wait for its end. */
interface Search {
  readonly waiting: (() => void)[];
  end(): void;
}

/**
 * The option `http2.coalesce`: requests for an origin that has no connection of its own go on one that was made for
 * another origin, where that is as good as their own would be. All of this must hold: HTTP/2 over TLS, straight to the
 * server, with the same TLS options, without a client certificate; the same port; the name resolves now to the address
 * that the connection leads to, and `allowAddress` allows that; the certificate, which was verified, is for this name
 * too; and the server has not said that it is the wrong one for the origin (421).
 */
export class Sharing {
  readonly #host: SharingHost;
  readonly #live: () => Iterable<Link>;
  readonly #runtime: Runtime;
  readonly #searches = new Map<PoolRoute<Link>, Search>();

  /** `live`: the connections that are not closed. */
  constructor(host: SharingHost, live: () => Iterable<Link>, runtime: Runtime) {
    this.#host = host;
    this.#live = live;
    this.#runtime = runtime;
  }

  /**
   * True where it is to be seen first whether there is a connection to share: `go` is called then, once, with the pool
   * knowing what was found. False where there is nothing to wait for.
   */
  looksFirst(exchange: Exchange, pooled: PoolRoute<Link>, go: () => void): boolean {
    if (exchange.mustDial !== undefined) return false;
    const under = this.#searches.get(pooled);
    if (under !== undefined) {
      under.waiting.push(go);
      return true;
    }
    const { active, idle, dialing } = pooled.counts;
    if (active + idle + dialing > 0 || pooled.hosts !== undefined) return false;
    const route = this.#host.dials.routeOf(pooled);
    if (route === undefined || route.ownConnections === true || !this.#mayShare(route)) return false;
    if (this.#candidates(route).length === 0) return false;
    return this.#search(pooled, route, go);
  }

  /**
   * The connection has opened, and serves those who waited for it. Where one that opened while it was dialed would have
   * done, the origin's requests go on that one from here on, and this one closes when it is free. Not so one that was
   * asked for in advance.
   */
  opened({ member, dialed }: Link): void {
    const { route, openedFor } = member;
    const way = this.#host.dials.routeOf(route);
    if (!member.multiplexed || openedFor === "preconnect" || way === undefined) return;
    if (way.ownConnections === true || !this.#mayShare(way)) return;
    const addresses = [dialed?.remoteAddress ?? "", connectedTo(dialed) ?? ""];
    const other = this.#candidates(way).find((link) => {
      const { openedAt, limit, active } = link.member;
      if (link.member.route === route || openedAt < member.dialStartedAt) return false;
      return limit - active >= member.active && leadsTo(link, addresses);
    });
    if (other === undefined) return;
    const { pool } = this.#host;
    const { id, route: otherRoute } = other.member;
    pool.share(route, other.member);
    const evidence = `connection ${id} to ${otherRoute.origin}, which opened while this one was dialed, carries the requests of ${route.origin} too (http2.coalesce)`;
    pool.retire(member, { reason: "coalesced", by: "client", evidence }, this.#runtime.now());
  }

  /** The origin's server says that it is not reached by a connection that was made for another: never again for it. */
  misdirected(pooled: PoolRoute<Link>): void {
    const route = this.#host.dials.routeOf(pooled);
    if (route !== undefined) route.ownConnections = true;
    this.#host.pool.unshare(pooled);
  }

  /** Ends the searches under way: what waits for them goes on without. */
  stop(): void {
    for (const search of [...this.#searches.values()]) search.end();
  }

  #search(pooled: PoolRoute<Link>, route: Route, go: () => void): boolean {
    let over = false;
    let found: readonly string[] | undefined;
    let forget: (() => void) | undefined;
    const end = (): void => {
      if (over) return;
      over = true;
      timer.clear();
      forget?.();
      this.#searches.delete(pooled);
      for (const next of search.waiting) next();
    };
    const search: Search = { waiting: [go], end };
    const timer = this.#runtime.setTimer(end, PATIENCE_MS);
    this.#searches.set(pooled, search);
    forget = this.#host.dials.dialer.addressesOf(route.host, (addresses) => {
      if (over) return;
      found = addresses;
      for (const link of this.#candidates(route)) {
        if (leadsTo(link, addresses)) this.#host.pool.share(pooled, link.member);
      }
      // An answer that is known at once needs no waiting: see below.
      if (forget !== undefined) end();
    });
    if (found === undefined) return true;
    over = true;
    timer.clear();
    this.#searches.delete(pooled);
    return false;
  }

  /** The connections that would do for this route, should its name resolve to their address. */
  #candidates(route: Route): Link[] {
    const candidates: Link[] = [];
    for (const link of this.#live()) {
      const { certificate, tlsInfo } = link.dialed ?? {};
      if (certificate === undefined || tlsInfo?.authorized !== true || !isOpen(link)) continue;
      const other = this.#host.dials.routeOf(link.member.route);
      if (other === undefined || other.port !== route.port || !this.#mayShare(other)) continue;
      const { dialer } = this.#host.dials;
      const setup = dialer.tlsOf(route.origin);
      if (setup !== dialer.tlsOf(other.origin)) continue;
      if (setup.accepts(route.host, certificate)) candidates.push(link);
    }
    return candidates;
  }

  #mayShare(route: Route): boolean {
    const { dialer } = this.#host.dials;
    if (
      !route.secure ||
      route.proxy !== undefined ||
      !dialer.straight ||
      !this.#host.dials.multiplexes(route)
    )
      return false;
    return route.wantsHttp1 !== true && dialer.tlsOf(route.origin).shareable;
  }
}

function isOpen({ protocol, member: { state } }: Link): boolean {
  return protocol === "h2" && (state === "active" || state === "idle");
}

/** Whether the connection's other end is one of the addresses, as the resolver or the socket writes it. */
function leadsTo({ dialed }: Link, addresses: readonly string[]): boolean {
  const connected = connectedTo(dialed);
  return addresses.some((address) => address === connected || address === dialed?.remoteAddress);
}

/** The address that its dial connected to. */
function connectedTo(dialed: Link["dialed"]): string | undefined {
  return dialed?.attempts.find(({ outcome }) => outcome === "connected")?.address;
}
