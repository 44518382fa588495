import type { CloseReason, DialReason } from "../trace/index.js";
import type { Facts } from "./facts.js";

/** The kinds of findings; docs/findings.md explains each. */
export type FindingKind =
  | "client-per-request"
  | "keep-alive-off"
  | "body-unread"
  | "body-abandoned"
  | "idle-limit-churn"
  | "idle-timeout-race"
  | "idle-timeout-short"
  | "server-closes-each"
  | "http-1.0-peer"
  | "duplicate-module"
  | "route-split"
  | "unbounded-burst"
  | "queueing"
  | "slow-dns"
  | "tls-not-resumed"
  | "stale-retries"
  | "over-dialing"
  | "dial-failures"
  | "server-hangs-up"
  | "server-restarts"
  | "server-idle-short"
  | "network-forgets-idle"
  | "process-stood-still"
  | "client-timeouts"
  | "head-over-limit"
  | "protocol-errors"
  | "pool-destroyed"
  | "worker-per-job"
  | "upload-unfinished"
  | "listeners-left"
  | "stream-limit"
  | "server-resets"
  | "several-connections"
  | "http2-would-do"
  | "coalescing";

/** One problem, with its evidence and remedy. */
export interface Finding {
  /** Which problem this is; docs/findings.md explains each kind. */
  readonly kind: FindingKind;
  /** How much it costs, in proportion to the traffic. */
  readonly severity: "high" | "medium" | "low";
  /** The origin it concerns; absent when it concerns the whole process. */
  readonly origin?: string;
  /** How often it was seen. */
  readonly count: number;
  /** What it cost: connections that could have been saved, and milliseconds. */
  readonly cost: { readonly connections: number; readonly milliseconds: number };
  /**
   * Where in your code it starts, as `file:line:column`: the call, or, if an option is to be changed, where the agent, pool
   * or transport was made. Absent when that is not known, or when no line of your code is the cause.
   */
  readonly site?: string;
  /** The problem in one sentence with its numbers, without a full stop. */
  readonly title: string;
  /** The facts that show it, one each. */
  readonly evidence: readonly string[];
  /** What to change, in terms of the client that was watched. */
  readonly remedy: string;
  /** Why the finding may be wrong; absent when nothing speaks against it. */
  readonly doubt?: string;
}

/** One origin of a report: its counts, and why its connections were opened and closed. */
export interface OriginReport {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Requests sent to this origin. */
  readonly requests: number;
  /** Connections opened; failed dials do not count. */
  readonly connections: number;
  /** The share of requests that did not open a connection, 0 to 1; 1 without requests. */
  readonly reuse: number;
  /** Connections by protocol, where that is known. */
  readonly protocols?: Readonly<Partial<Record<"http/1.1" | "h2", number>>>;
  /** How HTTP/2 streams were used; absent when the origin did not speak HTTP/2. */
  readonly streams?: StreamReport;
  /** Requests that went on a connection made for another origin (`http2.coalesce`). */
  readonly coalesced?: number;
  /** Milliseconds spent making connections: DNS, connect, proxy and TLS. */
  readonly handshakeMs: number;
  /** Connections by the reason they were opened for; reasons that did not occur are absent. */
  readonly openedFor: Readonly<Partial<Record<DialReason, number>>>;
  /** Closed connections by reason; reasons that did not occur are absent. */
  readonly closed: Readonly<Partial<Record<CloseReason, number>>>;
  /** The idle age, in milliseconds, at which the server closes connections; absent when it is not known. */
  readonly learnedIdleLimit?: number;
}

/** How the requests to one origin shared HTTP/2 connections. */
export interface StreamReport {
  /** The most streams open at once on all connections together. */
  readonly atOnce: number;
  /** The most streams open at once on one connection. */
  readonly onOne: number;
  /** The lowest limit on the streams of a connection that was in force; absent when there was none. */
  readonly limit?: number;
  /** Requests that waited because every connection had reached its stream limit. */
  readonly waited: number;
  /** Requests that the server refused unprocessed. */
  readonly refused: number;
  /** Requests whose stream the server reset for another reason. */
  readonly reset: number;
  /** At least how many more connections HTTP/1.1 would have needed for as many requests at once. */
  readonly saved: number;
}

/** What happened to the connections, in one shape for every program that explains. */
export interface Report {
  /** Requests sent. */
  readonly requests: number;
  /** Connections that were opened. */
  readonly connections: number;
  /** Requests that failed, by the code of their error; `other` when it is not known. */
  readonly failed: Readonly<Record<string, number>>;
  /** The most connections that were open at once. */
  readonly mostOpen: number;
  /** Requests that have neither been answered nor failed yet. */
  readonly waiting: number;
  /** The share of requests that did not open a connection, 0 to 1; 1 without requests. */
  readonly reuse: number;
  /** Each origin's part of the report, the busiest first. */
  readonly origins: readonly OriginReport[];
  /** Problems found, the worst first; empty when there are none. */
  readonly findings: readonly Finding[];
  /** Losses that no finding explains, one sentence each. */
  readonly notes: readonly string[];
  /** How many records the recorder had to drop, because it is bounded. */
  readonly dropped: number;
  /** The facts behind the report, so that `mergeReports` loses nothing. */
  readonly facts: Facts;
}

/** The share of requests that did not open a connection. */
export function reuseOf(requests: number, connections: number): number {
  return requests === 0 ? 1 : Math.max(0, (requests - connections) / requests);
}
