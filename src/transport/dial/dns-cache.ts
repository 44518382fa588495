import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { codeOf } from "../../errors/index.js";
import type { Timed } from "../../runtime/index.js";
import type { DnsAnswer, DnsSettings } from "./dns-contract.js";

/** What the cache knows of one name. It expires on the transport's clock, which is when it may be asked for again. */
export class DnsEntry implements Timed {
  readonly host: string;
  addresses: readonly LookupAddress[] = [];
  /** Why there are none, where the name does not exist. */
  error: unknown = undefined;
  expiresAt = 0;
  /** Addresses of the answer before this one that this one has no more. */
  missing: readonly string[] = [];
  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;
  readonly #onExpired: (entry: DnsEntry) => void;

  constructor(host: string, onExpired: (entry: DnsEntry) => void) {
    this.host = host;
    this.#onExpired = onExpired;
  }

  expired(): void {
    this.#onExpired(this);
  }
}

/** Answers by name, for as long as they are good. It asks nobody and knows no clock. */
export class DnsCache {
  readonly #settings: DnsSettings;
  readonly #entries = new Map<string, DnsEntry>();
  readonly #onExpired: (entry: DnsEntry) => void;

  constructor(settings: DnsSettings, onExpired: (entry: DnsEntry) => void) {
    this.#settings = settings;
    this.#onExpired = onExpired;
  }

  /** The entry of a name, if its answer is still good. */
  get(host: string, now: number): DnsEntry | undefined {
    const entry = this.#entries.get(host);
    if (entry === undefined || now >= entry.expiresAt) return undefined;
    this.#entries.delete(host);
    this.#entries.set(host, entry);
    return entry;
  }

  /**
   * Keeps an answer. `gone`: the addresses that this answer and the one before it both lack; one alone may be a server's
   * turn-taking among more addresses than fit in an answer. `dropped`: an entry that had to go.
   */
  put(
    host: string,
    answer: DnsAnswer,
    now: number,
  ): { entry: DnsEntry; gone: readonly string[]; dropped?: DnsEntry } {
    const { minTtl, maxTtl, defaultTtl } = this.#settings;
    const ttl = answer.ttl === undefined ? defaultTtl : Math.min(Math.max(answer.ttl * 1000, minTtl), maxTtl);
    const entry = this.#entry(host);
    const present = new Set(answer.addresses.map(({ address }) => address));
    const before = entry.addresses.map(({ address }) => address);
    // Half an answer says nothing of the other half.
    const isAbsent = (address: string): boolean => !present.has(address) && isIP(address) !== answer.lacks;
    const gone = entry.missing.filter(isAbsent);
    entry.missing = before.filter(isAbsent);
    entry.addresses = answer.addresses;
    entry.error = undefined;
    entry.expiresAt = now + ttl;
    return { entry, gone, ...this.#trim() };
  }

  /** Keeps a failure, if it says that the name does not exist; any other may be over in a moment. */
  fail(host: string, error: unknown, now: number): { entry?: DnsEntry; dropped?: DnsEntry } {
    const code = codeOf(error);
    if (code !== "ENOTFOUND" && code !== "ENODATA") {
      const known = this.#entries.get(host);
      return known === undefined ? {} : { entry: known };
    }
    const entry = this.#entry(host);
    // What was known before stays known: connections end only for an answer that has other addresses.
    entry.error = error;
    entry.expiresAt = now + this.#settings.negativeTtl;
    return { entry, ...this.#trim() };
  }

  clear(): DnsEntry[] {
    const all = [...this.#entries.values()];
    this.#entries.clear();
    return all;
  }

  #entry(host: string): DnsEntry {
    const entry = this.#entries.get(host) ?? new DnsEntry(host, this.#onExpired);
    this.#entries.delete(host);
    this.#entries.set(host, entry);
    return entry;
  }

  #trim(): { dropped?: DnsEntry } {
    if (this.#entries.size <= this.#settings.maxNames) return {};
    for (const [host, dropped] of this.#entries) {
      this.#entries.delete(host);
      return { dropped };
    }
    return {};
  }
}
