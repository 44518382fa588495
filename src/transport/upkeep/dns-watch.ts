import type { PoolRoute } from "../../pool/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { DnsHost } from "../dial/index.js";
import type { Link } from "../exchange/index.js";
import type { Route } from "../route/index.js";
import type { Clock, Expiring } from "./clock.js";

/** How long, in milliseconds, the list of names in use is good: a crawler's many names expire one by one. */
const IN_USE_FOR_MS = 1000;

/** What {@link DnsWatch} needs of the transport. */
interface DnsWatchHost {
  live(): Iterable<Link>;
  routeOf(route: PoolRoute<Link>): Route | undefined;
  retire(connection: Link, cause: CloseCause): void;
}

/** The transport's side of the cache of names: which names are in use, and the end of connections to addresses that are gone. */
export class DnsWatch implements DnsHost {
  readonly #clock: Clock;
  readonly #host: DnsWatchHost;
  #inUse: ReadonlySet<string | undefined> = new Set();
  #inUseUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, host: DnsWatchHost) {
    this.#clock = clock;
    this.#host = host;
  }

  setDeadline(entry: Expiring, at: number): void {
    this.#clock.set(entry, at);
  }

  forget(entry: Expiring): void {
    this.#clock.remove(entry);
  }

  inUse(host: string): boolean {
    const now = this.#clock.now();
    if (now >= this.#inUseUntil) {
      this.#inUse = new Set([...this.#host.live()].map((connection) => this.#nameOf(connection)));
      this.#inUseUntil = now + IN_USE_FOR_MS;
    }
    return this.#inUse.has(host);
  }

  gone(host: string, addresses: readonly string[]): void {
    for (const connection of [...this.#host.live()]) {
      const address = addressOf(connection);
      if (address === undefined || !addresses.includes(address) || this.#nameOf(connection) !== host)
        continue;
      const evidence = `${host} no longer resolves to ${address}, the address it is connected to`;
      this.#host.retire(connection, { reason: "address-gone", by: "client", evidence });
    }
  }

  /** The name whose address this connection is to: through a proxy, the proxy's. */
  #nameOf(connection: Link): string | undefined {
    const route = this.#host.routeOf(connection.member.route);
    return route?.proxy === undefined ? route?.host : route.proxy.host;
  }
}

/** The address as the resolver wrote it, not as the socket does. */
function addressOf({ dialed }: Link): string | undefined {
  return dialed?.attempts.find(({ outcome }) => outcome === "connected")?.address;
}
