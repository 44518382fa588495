import { isIP } from "node:net";
import { ownMembers, type Timed } from "../../runtime/index.js";
import { DnsCache, type DnsEntry } from "./dns-cache.js";
import type { DnsAnswer, DnsOptions, DnsSettings } from "./dns-contract.js";
import { type DnsQueries, dnsQueries } from "./dns-source.js";

/** What the cache needs of the transport. */
export interface DnsHost {
  /** Has the entry expire at that time; `Infinity`: never. */
  setDeadline(entry: Timed & { expired(now: number): void }, at: number): void;
  forget(entry: Timed & { expired(now: number): void }): void;
  /** Whether connections to this name are open. */
  inUse(host: string): boolean;
  /** The name no longer has these addresses. */
  gone(host: string, addresses: readonly string[]): void;
}

/** The cached names of a dialer, and their renewal while connections to them are open. */
export class DnsNames {
  /** The servers asked in place of the system; undefined where a `lookup` option answers. */
  readonly queries: (() => DnsQueries) | undefined;
  readonly #settings: DnsSettings;
  readonly #host: DnsHost;
  readonly #cache: DnsCache;
  /** Resolves a name anew. Set by the resolver that owns this. */
  refresh: (host: string) => void = () => undefined;

  constructor(settings: DnsSettings, host: DnsHost, hasLookup: boolean, queries?: DnsQueries) {
    this.#settings = settings;
    this.#host = host;
    this.queries = hasLookup ? undefined : () => queries ?? dnsQueries(settings.servers);
    this.#cache = new DnsCache(settings, (entry) => this.#expired(entry));
  }

  get(host: string, now: number): DnsEntry | undefined {
    return this.#cache.get(host, now);
  }

  /** A lookup has ended. */
  landed(host: string, error: unknown, answer: DnsAnswer, now: number): void {
    if (error !== undefined || answer.addresses.length === 0) {
      const failed = this.#cache.fail(host, error, now);
      if (failed.dropped !== undefined) this.#host.forget(failed.dropped);
      if (failed.entry !== undefined) this.#watch(failed.entry, now + this.#settings.negativeTtl);
      return;
    }
    const { entry, gone, dropped } = this.#cache.put(host, answer, now);
    if (dropped !== undefined) this.#host.forget(dropped);
    this.#watch(entry, entry.expiresAt);
    if (gone.length > 0 && this.#settings.retire) this.#host.gone(host, gone);
  }

  clear(): void {
    for (const entry of this.#cache.clear()) this.#host.forget(entry);
  }

  #watch(entry: DnsEntry, at: number): void {
    if (this.#settings.retire) this.#host.setDeadline(entry, at);
  }

  #expired(entry: DnsEntry): void {
    if (this.#host.inUse(entry.host)) this.refresh(entry.host);
  }
}

/**
 * Checks the option `dns` and fills in the defaults; undefined where it is not given.
 *
 * @throws TypeError for a name or server that is none; RangeError for a value out of range.
 */
export function dnsSettings(options: DnsOptions | undefined, hasLookup: boolean): DnsSettings | undefined {
  if (options === undefined) return undefined;
  const { servers, retire = true, ...numbers } = ownMembers(options);
  const settings = { minTtl: 1000, maxTtl: 300_000, defaultTtl: 10_000, negativeTtl: 5000, maxNames: 1024 };
  for (const [name, value] of Object.entries(numbers)) {
    if (!Object.hasOwn(settings, name)) {
      throw new TypeError(`Cannot use dns.${name}: there is no such setting; see DnsOptions`);
    }
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value >= (name === "maxNames" ? 1 : 0))) {
      throw new RangeError(`Cannot use ${String(value)} for dns.${name}: it must be a number, at least 0`);
    }
    settings[name as keyof typeof settings] = value;
  }
  if (servers !== undefined && hasLookup) {
    throw new TypeError(
      "Cannot use dns.servers together with lookup, which replaces them; use one of the two",
    );
  }
  for (const server of servers ?? []) {
    const address = isIP(server) === 0 ? server.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1") : server;
    if (isIP(address) === 0) {
      throw new TypeError(
        `Cannot use ${JSON.stringify(server)} in dns.servers: it is not an IP address; write it as 192.0.2.1 or [2001:db8::1]:53`,
      );
    }
  }
  return ownMembers({ ...settings, retire, ...(servers === undefined ? {} : { servers }) });
}
