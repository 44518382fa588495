import type { ClosedBy, CloseReason, DialReason } from "./reasons.js";
import { bounded } from "./redact.js";

/** A dial this soon (milliseconds) after a connection was closed could have used that connection. */
export const REDIAL_SOON = 60_000;

/** A connection that ended a short while ago: what a decision to dial names. */
export interface RecentClose {
  readonly id: number;
  readonly reason: CloseReason;
  readonly by: ClosedBy;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What starts at a place in your code: the keys of `OriginFacts.sites`. */
export type SiteTopic =
  | "body-unread"
  | "body-abandoned"
  | "keep-alive-off"
  | "dial"
  | "pool-destroyed"
  | "listeners-left";

const MAX_SITES = 32;
const RECENT = 4;
const MAX_ERRORS = 32;
const MAX_ENDPOINTS = 4;

/** Totals of one origin since its transport was made. Plain counters, so that counting costs an increment. */
export class OriginStats {
  readonly origin: string;
  requests = 0;
  /** Requests that failed; those that the caller gave up are none of them. */
  failed = 0;
  /** Their error codes. */
  failures: Record<string, number> = {};
  /** Connections opened: a dial that failed or was abandoned is none. */
  connections = 0;
  openedFor: Partial<Record<DialReason, number>> = {};
  closed: Partial<Record<CloseReason, number>> = {};
  /** Dials within {@link REDIAL_SOON} of the close of the connection they stand in for, by why that closed. */
  redialed: Partial<Record<CloseReason, number>> = {};
  /** Milliseconds spent on opening connections, by phase, and how often the phase took place. */
  dnsLookups = 0;
  dnsMs = 0;
  connectMs = 0;
  proxyMs = 0;
  tlsHandshakes = 0;
  tlsResumed = 0;
  tlsMs = 0;
  dialFailures = 0;
  dialFailureMs = 0;
  /** Error codes of failed dials. */
  errors: Record<string, number> = {};
  /** Requests that a failed dial made fail. */
  delayedByDials = 0;
  /** Responses whose body was dropped unread and found by the garbage collector. */
  leakedBodies = 0;
  /** Where in the user's code lost connections come from, with counts. */
  sites: Map<SiteTopic, Map<string, number>> = new Map();
  /** Calls whose call site is still to be noted; set when a leak is suspected, so that others pay nothing. */
  sitesToSample = 0;
  /** Requests that met a dead idle connection, and went out again or failed. */
  staleRetries = 0;
  staleFailures = 0;
  /** Waits for a connection because a limit on connections was reached, and milliseconds spent so. */
  queued = 0;
  queuedMs = 0;
  /** Connections dialed for a request that closed without ever carrying one. */
  unused = 0;
  /** The most at the same time, seen whenever a dial began. */
  openAtOnce = 0;
  dialingAtOnce = 0;
  demandAtOnce = 0;
  /** Connections opened, by protocol; over TLS, those for which HTTP/2 was turned off. */
  http1Connections = 0;
  http2Connections = 0;
  withoutHttp2 = 0;
  /** Connections of HTTP/2 that are open, and the most that took requests at the same time. */
  http2Open = 0;
  http2AtOnce = 0;
  /** Of HTTP/2, the most requests at the same time: on all connections together, and on one. */
  streamsAtOnce = 0;
  streamsOnOne = 0;
  /** The least number of requests at a time that a connection was allowed; `Infinity` for no limit. */
  streamLimit: number = Number.POSITIVE_INFINITY;
  /** Waits for a connection that could carry one more request, and the milliseconds. */
  streamWaits = 0;
  streamWaitMs = 0;
  /** Requests that the server refused without a look at them (REFUSED_STREAM), and that it reset, by code. */
  streamsRefused = 0;
  resets: Record<string, number> = {};
  /** Requests that went on a connection made for another origin. */
  coalesced = 0;
  /** Address and certificate of its connections of HTTP/2, with how many there were of each. */
  endpoints: Map<string, number> = new Map();
  /** The least idle limit the server announced, its margin taken off; `Infinity` for none. */
  announcedIdleLimit: number = Number.POSITIVE_INFINITY;
  /** The connections that ended last, oldest first. */
  recent: RecentClose[] = [];

  constructor(origin: string) {
    this.origin = origin;
  }

  noteSite(topic: SiteTopic, site: string): void {
    let places = this.sites.get(topic);
    if (places === undefined) {
      places = new Map();
      this.sites.set(topic, places);
    }
    if (places.has(site) || places.size < MAX_SITES) places.set(site, (places.get(site) ?? 0) + 1);
  }

  /** A dial failed. */
  noteError(code: string): void {
    count(this.errors, code);
  }

  /** A request failed. */
  noteFailure(code: string): void {
    this.failed += 1;
    count(this.failures, code);
  }

  /** The server reset a stream. `code`: the name of HTTP/2's error code. */
  noteReset(code: string): void {
    count(this.resets, code);
  }

  /** An exchange began on a connection that carries `onOne` now, of `atOnce` on the route. */
  noteStreams(onOne: number, atOnce: number): void {
    if (onOne > this.streamsOnOne) this.streamsOnOne = onOne;
    if (atOnce > this.streamsAtOnce) this.streamsAtOnce = atOnce;
  }

  /** `draining`: those of them that take no more. */
  http2Opened(draining: number, endpoint: string | undefined): void {
    this.http2Connections += 1;
    this.http2Open += 1;
    this.http2AtOnce = Math.max(this.http2AtOnce, this.http2Open - draining);
    if (endpoint === undefined) return;
    if (this.endpoints.has(endpoint) || this.endpoints.size < MAX_ENDPOINTS)
      this.endpoints.set(endpoint, (this.endpoints.get(endpoint) ?? 0) + 1);
  }

  noteClose(close: RecentClose): void {
    if (this.recent.length >= RECENT) this.recent.shift();
    this.recent.push(close);
  }
}

/** Names that a server or the caller's own errors make up are cut, and only so many of them are kept. */
function count(counts: Record<string, number>, given: string): void {
  const name = bounded(given, 64);
  if (Object.hasOwn(counts, name) || Object.keys(counts).length < MAX_ERRORS)
    counts[name] = (counts[name] ?? 0) + 1;
}
