import type { CloseReason, DialReason } from "../trace/index.js";
import type { Facts } from "./facts.js";

/** What a diagnosed problem is. */
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

/** One diagnosed problem with its evidence and its remedy. */
export interface Finding {
  /** Which problem this is; docs/findings.md explains each kind. */
  readonly kind: FindingKind;
  /** How much it costs: `"high"`, `"medium"` or `"low"`. */
  readonly severity: "high" | "medium" | "low";
  /** The origin it concerns; absent when it concerns the whole process. */
  readonly origin?: string;
  /** How often it was seen. */
  readonly count: number;
  /** What it cost: connections that could have been spared, milliseconds spent on them. */
  readonly cost: { readonly connections: number; readonly milliseconds: number };
  /** `file:line:column` of the user's code where it starts. */
  readonly site?: string;
  /** The problem in a sentence without a full stop, numbers included. */
  readonly title: string;
  /** The facts it rests on, one each. */
  readonly evidence: readonly string[];
  /** What to change, in the terms of the client that was watched. */
  readonly remedy: string;
  /** Why it might be wrong. */
  readonly doubt?: string;
}

/** One origin of a report: its counts, and why its connections were opened and closed. */
export interface OriginReport {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Requests sent to this origin. */
  readonly requests: number;
  /** Connections opened; a dial that failed is none. */
  readonly connections: number;
  /** The share of requests that did not open a connection, 0 to 1; 1 when there was no request. */
  readonly reuse: number;
  /** Connections by protocol, where that is known. */
  readonly protocols?: Readonly<Partial<Record<"http/1.1" | "h2", number>>>;
  /** Of HTTP/2. */
  readonly streams?: StreamReport;
  /** Milliseconds spent making connections. */
  readonly handshakeMs: number;
  /** Connections by the reason they were dialed for; reasons that did not occur are absent. */
  readonly openedFor: Readonly<Partial<Record<DialReason, number>>>;
  /** Closed connections by the reason they closed for; reasons that did not occur are absent. */
  readonly closed: Readonly<Partial<Record<CloseReason, number>>>;
  /** The idle age, in milliseconds, at which the server was found to close. */
  readonly learnedIdleLimit?: number;
}

/** How requests of one origin shared connections of HTTP/2. */
export interface StreamReport {
  /** The most requests at the same time: on all connections together, and on one. */
  readonly atOnce: number;
  /** Most streams open at once on one connection. */
  readonly onOne: number;
  /** The least number at the same time that a connection was allowed; absent where nothing limited it. */
  readonly limit?: number;
  /** Requests that waited as every connection carried as many as it may. */
  readonly waited: number;
  /** Requests that the server refused without a look at them, and that it reset. */
  readonly refused: number;
  /** Streams that were reset. */
  readonly reset: number;
  /** Connections that HTTP/1.1 would have needed for as many requests at the same time, beyond those there were: at least so many. */
  readonly saved: number;
}

/** What happened to the connections, in one shape for every program that explains. */
export interface Report {
  /** Requests sent. */
  readonly requests: number;
  /** Connections that were opened. */
  readonly connections: number;
  /** Requests that failed, by the code of their error; `other` where it is not known. */
  readonly failed: Readonly<Record<string, number>>;
  /** The most connections that were open at once. */
  readonly mostOpen: number;
  /** Requests that have neither been answered nor failed. */
  readonly waiting: number;
  /** The share of requests that did not open a connection; 1 when there was no request. */
  readonly reuse: number;
  /** Each origin's part of the report, the busiest first. */
  readonly origins: readonly OriginReport[];
  /** Problems found, the worst first; empty when there are none. */
  readonly findings: readonly Finding[];
  /** What was lost for no cause that is known, a sentence each: no finding, but not nothing either. */
  readonly notes: readonly string[];
  /** Records the bounded recorder had to forget. */
  readonly dropped: number;
  /** What it was made from, so that reports of many processes can be merged without loss. */
  readonly facts: Facts;
}

/** The share of requests that did not open a connection. */
export function reuseOf(requests: number, connections: number): number {
  return requests === 0 ? 1 : Math.max(0, (requests - connections) / requests);
}
