import type { CloseReason, SiteTopic } from "../trace/index.js";
import type { CountName, OriginFacts } from "./evidence.js";
import type { Finding, FindingKind } from "./report.js";
import { plural, ranked, rounded } from "./words.js";

/** The facts of one client library and one origin, with the questions that all findings ask of them. */
export class Case {
  readonly facts: OriginFacts;
  readonly requests: number;
  readonly connections: number;

  constructor(facts: OriginFacts) {
    this.facts = facts;
    this.requests = this.count("requests");
    this.connections = this.count("connections");
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

  /** The limit the server keeps idle connections for, as far as it is known. */
  get serverIdleLimit(): number | undefined {
    const { learnedIdleLimit, announcedIdleLimit } = this.facts.least;
    return learnedIdleLimit ?? announcedIdleLimit;
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
    const named = this.facts.client === "trunkline" ? title : `${title} (${this.facts.client})`;
    return {
      kind,
      severity: severity ?? this.severity(connections),
      origin: this.facts.origin,
      count,
      cost: { connections, milliseconds: rounded(milliseconds ?? connections * this.handshake) },
      title: named,
      ...others,
    };
  }
}
