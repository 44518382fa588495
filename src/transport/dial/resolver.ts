import type { LookupAddress, LookupAllOptions } from "node:dns";
import { isIP } from "node:net";
import { bare, type LookupFunction, type Runtime } from "../../runtime/index.js";

import type { DnsAnswer } from "./dns-contract.js";
import type { DnsNames } from "./dns-names.js";
import { askDns, type Later } from "./dns-source.js";

/** Addresses of a name that are used: a connection needs one, and what is remembered must have a bound. */
const MAX_ADDRESSES = 256;

type Listener = (error: unknown, addresses: readonly LookupAddress[]) => void;

interface Flight {
  readonly startedAt: number;
  readonly listeners: Set<Listener>;
}

/**
 * Name to addresses; dials to the same name at the same time share one lookup. With `names` it also keeps answers, and
 * asks DNS servers in place of the system where there is no `lookup`.
 */
export class Resolver {
  readonly #runtime: Runtime;
  readonly #lookup: LookupFunction;
  readonly #family: 0 | 4 | 6;
  readonly #joinableFor: number;
  readonly #names: DnsNames | undefined;
  readonly #flights = new Map<string, Flight>();

  /**
   * `joinableFor`: a lookup older than this many milliseconds is not joined, so that a lookup that never
   * answers does not stop every later dial.
   */
  constructor(
    runtime: Runtime,
    lookup: LookupFunction | undefined,
    family: 0 | 4 | 6,
    joinableFor: number,
    names?: DnsNames,
  ) {
    this.#runtime = runtime;
    this.#lookup = lookup ?? runtime.lookup;
    this.#family = family;
    this.#joinableFor = joinableFor;
    this.#names = names;
    if (names !== undefined) names.refresh = (host) => void this.#join(host, () => undefined);
  }

  /** `listener` is called once, possibly before this returns, unless the returned function is called first. */
  resolve(host: string, listener: Listener): () => void {
    const known = this.#names?.get(host, this.#runtime.now());
    if (known === undefined) return this.#join(host, listener);
    listener(known.error, known.error === undefined ? known.addresses : []);
    return () => undefined;
  }

  /** Joins the lookup under way, or starts one. */
  #join(host: string, listener: Listener): () => void {
    const now = this.#runtime.now();
    const shared = this.#flights.get(host);
    if (shared !== undefined && now - shared.startedAt < this.#joinableFor) {
      shared.listeners.add(listener);
      return () => shared.listeners.delete(listener);
    }
    const flight: Flight = { startedAt: now, listeners: new Set([listener]) };
    this.#flights.set(host, flight);
    let landed = false;
    const land = (error: unknown, given: DnsAnswer): void => {
      if (landed) return;
      const answer = { ...given, addresses: given.addresses.slice(0, MAX_ADDRESSES) };
      landed = true;
      if (this.#flights.get(host) === flight) this.#flights.delete(host);
      this.#names?.landed(host, error, answer, this.#runtime.now());
      const listeners = [...flight.listeners];
      flight.listeners.clear(); // a lookup that calls back twice is heard once
      for (const each of listeners) each(error, answer.addresses);
    };
    const queries = this.#names?.queries?.();
    if (queries === undefined) this.#askLookup(host, land);
    else {
      const system = (name: string, done: Listener): void =>
        this.#askLookup(name, (error, { addresses }) => done(error, addresses));
      const later: Later = (callback, milliseconds) => {
        const timer = this.#runtime.setTimer(callback, milliseconds);
        return () => timer.clear();
      };
      askDns(queries, system, later, host, this.#family, land);
    }
    return () => flight.listeners.delete(listener);
  }

  #askLookup(host: string, land: (error: unknown, answer: DnsAnswer) => void): void {
    // `verbatim` (the resolver's order) is the default on some Node versions only, and RFC 8305 wants it.
    const options = bare<LookupAllOptions>({ all: true, verbatim: true, family: this.#family });
    try {
      this.#lookup(host, options, (error: unknown, answer: unknown, family?: unknown) => {
        if (error !== null && error !== undefined) land(error, { addresses: [], ttl: undefined });
        else land(undefined, readAnswer(answer, family));
      });
    } catch (error) {
      land(error, { addresses: [], ttl: undefined });
    }
  }
}

// A custom lookup may ignore `all` and answer `(null, address, family)`, or leave `family` out; it may add a `ttl`, in seconds.
function readAnswer(answer: unknown, family: unknown): DnsAnswer {
  const entries: readonly unknown[] = Array.isArray(answer) ? answer : [{ address: answer, family }];
  const addresses: LookupAddress[] = [];
  let ttl: number | undefined;
  for (const entry of entries) {
    const address: unknown =
      typeof entry === "object" && entry !== null && "address" in entry ? entry.address : entry;
    if (typeof address !== "string") continue;
    const version = isIP(address);
    if (version === 0) continue;
    addresses.push({ address, family: version });
    if (typeof entry === "object" && entry !== null && "ttl" in entry && typeof entry.ttl === "number") {
      ttl = Math.min(ttl ?? entry.ttl, entry.ttl);
    }
  }
  return { addresses, ttl };
}
