import type { LookupAddress, LookupAllOptions } from "node:dns";
import { isIP } from "node:net";
import type { LookupFunction, Runtime } from "../../runtime/index.js";

type Listener = (error: unknown, addresses: readonly LookupAddress[]) => void;

interface Flight {
  readonly startedAt: number;
  readonly listeners: Set<Listener>;
}

/** Name to addresses; dials to the same name at the same time share one lookup. */
export class Resolver {
  readonly #runtime: Runtime;
  readonly #lookup: LookupFunction;
  readonly #family: 0 | 4 | 6;
  readonly #joinableFor: number;
  readonly #flights = new Map<string, Flight>();

  /**
   * `joinableFor`: a lookup older than this many milliseconds is not joined, so that a lookup that never
   * answers does not stop every later dial.
   */
  constructor(runtime: Runtime, lookup: LookupFunction | undefined, family: 0 | 4 | 6, joinableFor: number) {
    this.#runtime = runtime;
    this.#lookup = lookup ?? runtime.lookup;
    this.#family = family;
    this.#joinableFor = joinableFor;
  }

  /** `listener` is called once, possibly before this returns, unless the returned function is called first. */
  resolve(host: string, listener: Listener): () => void {
    const now = this.#runtime.now();
    const shared = this.#flights.get(host);
    if (shared !== undefined && now - shared.startedAt < this.#joinableFor) {
      shared.listeners.add(listener);
      return () => shared.listeners.delete(listener);
    }
    const flight: Flight = { startedAt: now, listeners: new Set([listener]) };
    this.#flights.set(host, flight);
    const land = (error: unknown, addresses: readonly LookupAddress[]): void => {
      if (this.#flights.get(host) === flight) this.#flights.delete(host);
      const listeners = [...flight.listeners];
      flight.listeners.clear(); // a lookup that calls back twice is heard once
      for (const each of listeners) each(error, addresses);
    };
    // `verbatim` (the resolver's order) is the default on some Node versions only, and RFC 8305 wants it.
    const options: LookupAllOptions = { all: true, verbatim: true, family: this.#family };
    try {
      this.#lookup(host, options, (error: unknown, answer: unknown, family?: unknown) => {
        if (error !== null && error !== undefined) land(error, []);
        else land(undefined, readAnswer(answer, family));
      });
    } catch (error) {
      land(error, []);
    }
    return () => flight.listeners.delete(listener);
  }
}

// A custom lookup may ignore `all` and answer `(null, address, family)`, or leave `family` out.
function readAnswer(answer: unknown, family: unknown): LookupAddress[] {
  const entries: readonly unknown[] = Array.isArray(answer) ? answer : [{ address: answer, family }];
  const addresses: LookupAddress[] = [];
  for (const entry of entries) {
    const address: unknown =
      typeof entry === "object" && entry !== null && "address" in entry ? entry.address : entry;
    if (typeof address !== "string") continue;
    const version = isIP(address);
    if (version !== 0) addresses.push({ address, family: version });
  }
  return addresses;
}
