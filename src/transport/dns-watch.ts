import type { PoolRoute } from "../pool/index.js";
import type { Clock, Expiring } from "./clock.js";
import type { Connection } from "./connection/index.js";
import type { DnsHost } from "./dial/index.js";
import type { Route } from "./route/index.js";

/** What {@link DnsWatch} needs of the transport. */
export interface DnsWatchHost {
  live(): Iterable<Connection>;
  routeOf(route: PoolRoute<Connection>): Route | undefined;
  retire(connection: Connection, evidence: string): void;
}

/** The transport's side of the cache of names: which names are in use, and the end of connections to addresses that are gone. */
export class DnsWatch implements DnsHost {
  readonly #clock: Clock;
  readonly #host: DnsWatchHost;

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
    for (const connection of this.#host.live()) if (this.#isTo(connection, host)) return true;
    return false;
  }

  gone(host: string, addresses: readonly string[]): void {
    for (const connection of [...this.#host.live()]) {
      const address = addressOf(connection);
      if (address === undefined || !addresses.includes(address) || !this.#isTo(connection, host)) continue;
      this.#host.retire(connection, `${host} no longer has the address ${address} that it is connected to.`);
    }
  }

  /** Whether the name was looked up for this connection: through a proxy it is the proxy's own, or none. */
  #isTo(connection: Connection, host: string): boolean {
    const route = this.#host.routeOf(connection.member.route);
    if (route === undefined) return false;
    return route.proxy === undefined ? route.host === host : route.proxy.host === host;
  }
}

/** The address as the resolver wrote it, not as the socket does. */
function addressOf({ dialed }: Connection): string | undefined {
  return dialed?.attempts.find(({ outcome }) => outcome === "connected")?.address;
}
