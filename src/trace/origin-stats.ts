import type { CloseReason, DialReason } from "./reasons.js";

/** Totals of one origin since its transport was made. Plain counters, so that counting costs an increment. */
export class OriginStats {
  readonly origin: string;
  requests = 0;
  connections = 0;
  /** Milliseconds spent on making connections that have closed since. */
  handshakeMs = 0;
  openedFor: Partial<Record<DialReason, number>> = {};
  closed: Partial<Record<CloseReason, number>> = {};
  /** Responses whose body was dropped unread and found by the garbage collector. */
  leakedBodies = 0;
  /** Where in the user's code such responses were asked for, with counts. */
  leakSites: Map<string, number> = new Map();
  /** Calls whose call site is still to be noted; set when a leak is suspected, so that others pay nothing. */
  sitesToSample = 0;
  staleRetries = 0;
  dialFailures = 0;
  /** Waits for a connection because of a limit, and milliseconds spent so. */
  queued = 0;
  queuedMs = 0;

  constructor(origin: string) {
    this.origin = origin;
  }
}
