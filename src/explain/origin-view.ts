import { plural } from "../errors/index.js";
import type { CloseReason, SiteTopic } from "../trace/index.js";
import { Advice } from "./advice.js";
import { ageOfStep, type ClientFacts, type CountName, type OriginFacts, ownerKey } from "./facts.js";
import type { Finding, FindingKind } from "./report.js";
import { ranked, rounded } from "./words.js";

/** How many steps of age (a tenth each) apart ends may be and still show one limit. */
const SAME_AGE = 3;
/** A connection may be used a little beyond a limit: the server's clock starts later than the client's. */
const SLACK = 1.15;

/** Their remedy is an option of whoever owns the connections: what is to be changed is where that was made. */
const BY_OPTION: ReadonlySet<FindingKind> = new Set<FindingKind>([
  "idle-limit-churn",
  "idle-timeout-race",
  "idle-timeout-short",
  "unbounded-burst",
  "queueing",
  "several-connections",
  "http2-would-do",
]);

/** The facts of one client library and one origin, with the questions that all findings ask of them. */
export class OriginView {
  readonly facts: OriginFacts;
  readonly requests: number;
  readonly connections: number;
  /** Who owned most of the connections, where that is known. */
  readonly owner: ClientFacts | undefined;
  /** What to do, in the words of the client that it was seen in. */
  readonly advice: Advice;

  constructor(facts: OriginFacts, clients: readonly ClientFacts[] = []) {
    this.facts = facts;
    this.requests = this.count("requests");
    this.connections = this.count("connections");
    const [key] = ranked(facts.owners ?? {})[0] ?? [];
    this.owner = key === undefined ? undefined : clients.find((one) => ownerKey(one) === key);
    const [package_] = ranked(facts.packages ?? {})[0] ?? [];
    this.advice = new Advice(facts.client, {
      secure: facts.origin.startsWith("https:"),
      owner: this.owner,
      package: package_,
    });
  }

  count(name: CountName): number {
    return this.facts.counts[name] ?? 0;
  }

  closed(...reasons: CloseReason[]): number {
    return reasons.reduce((sum, reason) => sum + (this.facts.closed[reason] ?? 0), 0);
  }

  redialed(...reasons: CloseReason[]): number {
    return reasons.reduce((sum, reason) => sum + (this.facts.redialed[reason] ?? 0), 0);
  }

  /** Requests that the server reset over HTTP/2. */
  get resets(): number {
    return Object.values(this.facts.resets ?? {}).reduce((sum, count) => sum + count, 0);
  }

  /** Connections that as many requests at the same time would have needed one by one, beyond those open at the same time. */
  get savedConnections(): number {
    const { streamsAtOnce = 0, openAtOnce = 0 } = this.facts.most;
    return Math.max(0, streamsAtOnce - Math.max(1, openAtOnce));
  }

  /** Whether requests share connections: all that are known speak HTTP/2. */
  get sharesConnections(): boolean {
    return this.count("http2Connections") > 0 && this.count("http1Connections") === 0;
  }

  failures(pattern: RegExp): number {
    return Object.entries(this.facts.failures ?? {}).reduce(
      (sum, [code, count]) => (pattern.test(code) ? sum + count : sum),
      0,
    );
  }

  /** The limit the server keeps idle connections for, as far as it is known. */
  get serverIdleLimit(): number | undefined {
    return this.learnedIdleLimit ?? this.facts.least.announcedIdleLimit;
  }

  /**
   * The limit that connections show by ending at about one age. What is below an age after which one still carried a
   * request, or below what the server announces, is none: a server that restarts ends connections at any age.
   */
  get learnedIdleLimit(): number | undefined {
    const { learnedIdleLimit, announcedIdleLimit = 0 } = this.facts.least;
    const floor = Math.max(announcedIdleLimit, this.facts.most.reusedAfter ?? 0) / SLACK;
    const ends = this.facts.idleEnds;
    if (ends === undefined)
      return learnedIdleLimit === undefined || learnedIdleLimit < floor ? undefined : learnedIdleLimit;
    const steps = Object.entries(ends).map(([step, count]) => ({ step: Number(step), count }));
    steps.sort((a, b) => a.step - b.step);
    for (const { step } of steps) {
      const age = ageOfStep(step);
      if (age < floor) continue;
      const near = steps.filter((one) => one.step >= step && one.step <= step + SAME_AGE);
      if (near.reduce((sum, one) => sum + one.count, 0) >= 2) return age;
    }
    return undefined;
  }

  /** Idle connections that the server ended sooner than that, those of one moment once. */
  idleEndsBelow(age: number): number {
    return Object.entries(this.facts.idleEnds ?? {}).reduce(
      (sum, [step, count]) => (ageOfStep(Number(step)) < age ? sum + count : sum),
      0,
    );
  }

  /** Milliseconds it takes to make one connection, on average. */
  get handshake(): number {
    const spent = this.count("dnsMs") + this.count("connectMs") + this.count("proxyMs") + this.count("tlsMs");
    return this.connections === 0 ? 0 : spent / this.connections;
  }

  /** The place that most of it comes from, and a line for each of the next. */
  sites(topic: SiteTopic): { site?: string; lines: string[] } {
    const places = ranked(this.facts.sites[topic] ?? {});
    const first = places[0];
    if (first === undefined) return { lines: [] };
    return {
      site: first[0],
      lines: places.slice(0, 3).map(([site, count]) => `${site} (sampled ${plural(count, "time")})`),
    };
  }

  /** How bad it is that so many connections were lost. */
  severity(connections: number): Finding["severity"] {
    const share = this.requests === 0 ? 1 : connections / this.requests;
    if (share >= 0.5 && connections >= 10) return "high";
    return share >= 0.05 ? "medium" : "low";
  }

  /** A finding whose cost is so many connections. */
  finding(
    kind: FindingKind,
    count: number,
    connections: number,
    rest: Omit<Finding, "kind" | "count" | "cost" | "severity" | "origin"> & {
      severity?: Finding["severity"];
      milliseconds?: number;
    },
  ): Finding {
    const { severity, milliseconds, title, ...others } = rest;
    const madeAt = BY_OPTION.has(kind) ? this.owner?.site : undefined;
    const named = this.facts.client === "trunkline" ? title : `${title} (${this.facts.client})`;
    return {
      kind,
      severity: severity ?? this.severity(connections),
      origin: this.facts.origin,
      count,
      cost: { connections, milliseconds: rounded(milliseconds ?? connections * this.handshake) },
      title: named,
      ...(madeAt === undefined ? {} : { site: madeAt }),
      ...others,
    };
  }
}
