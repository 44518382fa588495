import { bounded } from "./bounded.js";
import type { ClosedBy, CloseReason, DialReason } from "./reasons.js";

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

/** What was seen to start at a place in the user's code. */
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

/** Totals of one origin since its transport was made. Plain counters, so that counting costs an increment. */
export class OriginStats {
  readonly origin: string;
  requests = 0;
  /** Requests that failed; those that the caller gave up are none of them. */
  failed = 0;
  /** Connections opened: a dial that failed or was given up is none. */
  connections = 0;
  openedFor: Partial<Record<DialReason, number>> = {};
  closed: Partial<Record<CloseReason, number>> = {};
  /** Dials within {@link REDIAL_SOON} of the close of the connection they stand in for, by why that closed. */
  redialed: Partial<Record<CloseReason, number>> = {};
  /** Milliseconds spent on making connections, by phase, and how often the phase took place. */
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

  noteError(given: string): void {
    const code = bounded(given, 64);
    if (code in this.errors || Object.keys(this.errors).length < MAX_ERRORS)
      this.errors[code] = (this.errors[code] ?? 0) + 1;
  }

  noteClose(close: RecentClose): void {
    if (this.recent.length >= RECENT) this.recent.shift();
    this.recent.push(close);
  }
}
