import type { CountName, LeastName, MostName, OriginFacts } from "../explain/index.js";
import { type CloseReason, type DialReason, REDIAL_SOON, type SiteTopic } from "../trace/index.js";

const MAX_SITES = 32;
const MAX_ERRORS = 32;
/** Closed connections remembered for what it cost to lose them. */
const MAX_RECENT = 256;

/** A group of counters of one origin and one client library. */
type Counters = Record<string, number>;

/**
 * What is counted of one client library's connections to one origin. Sums are given away with {@link Tally.take}
 * and begin again at nothing, so that each line of a facts file is what happened since the line before it.
 */
export class Tally {
  readonly origin: string;
  readonly client: string;
  /** Requests sent; apart from the other counters as it is the only one that each request touches. */
  requests = 0;
  /** Requests under way or waiting, and connections being made: what `most` is the maximum of. */
  demand = 0;
  dialing = 0;
  /** Whether something was counted since {@link Tally.take}. */
  changed = false;
  #counts: Counters = {};
  #openedFor: Counters = {};
  #closed: Counters = {};
  #redialed: Counters = {};
  #errors: Counters = {};
  #sites = new Map<SiteTopic, Counters>();
  readonly #most: Partial<Record<MostName, number>> = {};
  readonly #least: Partial<Record<LeastName, number>> = {};
  #highestDemand = 0;
  #idleEnds: number[] = [];
  readonly #touched: () => void;

  constructor(origin: string, client: string, touched: () => void) {
    this.origin = origin;
    this.client = client;
    this.#touched = touched;
  }

  count(name: CountName, by = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by;
    this.#touched();
  }

  opened(reason: DialReason): void {
    this.#openedFor[reason] = (this.#openedFor[reason] ?? 0) + 1;
    this.count("connections");
  }

  closed(reason: CloseReason): void {
    this.#closed[reason] = (this.#closed[reason] ?? 0) + 1;
    this.#touched();
  }

  redialed(reason: CloseReason): void {
    this.#redialed[reason] = (this.#redialed[reason] ?? 0) + 1;
  }

  failed(code: string): void {
    if (code in this.#errors || Object.keys(this.#errors).length < MAX_ERRORS)
      this.#errors[code] = (this.#errors[code] ?? 0) + 1;
  }

  /** A problem was seen to start at a place in the user's code. */
  site(topic: SiteTopic, place: string | undefined): void {
    if (place === undefined) return;
    let places = this.#sites.get(topic);
    if (places === undefined) this.#sites.set(topic, (places = {}));
    if (place in places || Object.keys(places).length < MAX_SITES) places[place] = (places[place] ?? 0) + 1;
  }

  /** One more request is under way or waits. */
  demanded(): void {
    if (++this.demand > this.#highestDemand) this.#highestDemand = this.demand;
  }

  most(name: MostName, value: unknown): void {
    if (typeof value === "number" && Number.isFinite(value) && value >= 0)
      this.#most[name] = Math.max(value, this.#most[name] ?? 0);
  }

  least(name: LeastName, value: number): void {
    if (Number.isFinite(value)) this.#least[name] = Math.min(value, this.#least[name] ?? value);
  }

  /** The server ended a connection that had been idle so long; twice at about the same age is its limit. */
  idleEnded(age: number): void {
    const near = this.#idleEnds.filter((other) => Math.abs(other - age) <= Math.max(50, other * 0.25));
    if (near.length > 0) this.least("learnedIdleLimit", Math.round(Math.min(age, ...near)));
    if (this.#idleEnds.length < 64) this.#idleEnds.push(age);
  }

  /** What was counted since the last time. */
  take(): OriginFacts {
    const counts: Counters = this.#counts;
    if (this.requests > 0) counts["requests"] = this.requests;
    this.most("demandAtOnce", this.#highestDemand === 0 ? undefined : this.#highestDemand);
    const facts: OriginFacts = {
      origin: this.origin,
      client: this.client,
      counts,
      most: { ...this.#most },
      least: { ...this.#least },
      openedFor: this.#openedFor,
      closed: this.#closed,
      redialed: this.#redialed,
      errors: this.#errors,
      sites: Object.fromEntries(this.#sites),
    };
    this.changed = false;
    this.requests = 0;
    this.#counts = {};
    this.#openedFor = {};
    this.#closed = {};
    this.#redialed = {};
    this.#errors = {};
    this.#sites = new Map();
    return facts;
  }
}

/** Closed connections of one pool that a later dial may stand in for, each counted once. */
export class RecentCloses {
  #closes: { reason: CloseReason; at: number }[] = [];

  add(reason: CloseReason, at: number): void {
    if (this.#closes.length >= MAX_RECENT) this.#closes.shift();
    this.#closes.push({ reason, at });
  }

  /** The last close that this dial stands in for, if it was a short while ago. */
  claim(now: number): CloseReason | undefined {
    const close = this.#closes.pop();
    if (close === undefined) return undefined;
    if (now - close.at <= REDIAL_SOON) return close.reason;
    this.#closes = [];
    return undefined;
  }
}
