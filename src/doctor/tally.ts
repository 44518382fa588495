import {
  ageStep,
  type CountName,
  type LeastName,
  type MostName,
  type OriginFacts,
} from "../explain/index.js";
import { type CloseReason, type DialReason, REDIAL_SOON, type SiteTopic } from "../trace/index.js";

const MAX_SITES = 32;
const MAX_ERRORS = 32;
/** What the server ends within this time (milliseconds) it ends in one go: a restart, not a limit twice. */
const ONE_MOMENT = 50;
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
  #failures: Counters = {};
  #resets: Counters = {};
  #idleEnds: Counters = {};
  #owners: Counters = {};
  #packages: Counters = {};
  #lastIdleEnd = Number.NEGATIVE_INFINITY;
  /** The longest idle age after which a connection still carried a request. */
  reusedAfter = 0;
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

  opened(reason: DialReason, by = 1): void {
    this.#openedFor[reason] = (this.#openedFor[reason] ?? 0) + by;
    this.count("connections", by);
  }

  closed(reason: CloseReason, by = 1): void {
    this.#closed[reason] = (this.#closed[reason] ?? 0) + by;
    this.#touched();
  }

  redialed(reason: CloseReason): void {
    this.#redialed[reason] = (this.#redialed[reason] ?? 0) + 1;
  }

  failed(code: string): void {
    if (code in this.#errors || Object.keys(this.#errors).length < MAX_ERRORS)
      this.#errors[code] = (this.#errors[code] ?? 0) + 1;
  }

  /** A request failed. */
  failure(code: string): void {
    this.count("failed");
    if (code in this.#failures || Object.keys(this.#failures).length < MAX_ERRORS)
      this.#failures[code] = (this.#failures[code] ?? 0) + 1;
  }

  /** The server reset a request over HTTP/2. `code`: the name of the error code. */
  reset(code: string): void {
    this.#resets[code] = (this.#resets[code] ?? 0) + 1;
    this.#touched();
  }

  /** A connection was opened by an owner, by its key. */
  owned(key: string): void {
    if (key in this.#owners || Object.keys(this.#owners).length < MAX_SITES)
      this.#owners[key] = (this.#owners[key] ?? 0) + 1;
  }

  /** A sampled request was sent by a package. */
  sentBy(name: string): void {
    if (name in this.#packages || Object.keys(this.#packages).length < MAX_SITES)
      this.#packages[name] = (this.#packages[name] ?? 0) + 1;
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

  /** The server ended a connection that had been idle so long. */
  idleEnded(age: number, now: number): void {
    if (now - this.#lastIdleEnd >= ONE_MOMENT) {
      const step = ageStep(age);
      this.#idleEnds[step] = (this.#idleEnds[step] ?? 0) + 1;
      this.#touched();
    }
    this.#lastIdleEnd = now;
  }

  /** What was counted since the last time. */
  take(): OriginFacts {
    const counts: Counters = this.#counts;
    if (this.requests > 0) counts["requests"] = this.requests;
    if (this.reusedAfter > 0) this.most("reusedAfter", Math.round(this.reusedAfter));
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
      ...someOf("failures", this.#failures),
      ...someOf("resets", this.#resets),
      ...someOf("idleEnds", this.#idleEnds),
      ...someOf("owners", this.#owners),
      ...someOf("packages", this.#packages),
      sites: Object.fromEntries(this.#sites),
    };
    this.changed = false;
    this.requests = 0;
    this.#counts = {};
    this.#openedFor = {};
    this.#closed = {};
    this.#redialed = {};
    this.#errors = {};
    this.#failures = {};
    this.#resets = {};
    this.#idleEnds = {};
    this.#owners = {};
    this.#packages = {};
    this.#sites = new Map();
    return facts;
  }
}

function someOf(name: keyof OriginFacts, counters: Counters): Partial<OriginFacts> {
  for (const _key in counters) return { [name]: counters };
  return {};
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
