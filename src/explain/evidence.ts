import type { CloseReason, DialReason, SiteTopic } from "../trace/index.js";

/**
 * What findings are made from: plain counters about the connections of any HTTP client, as JSON. It is a sum, so
 * that the evidence of many processes is added up ({@link mergeEvidence}) and explained as one. All members but
 * the names may be left out where nothing is known.
 */
export interface Evidence {
  /** One entry for each pair of origin and client library. */
  readonly origins: readonly OriginFacts[];
  /** Who makes transports, agents, pools or sessions, and where. */
  readonly clients: readonly ClientFacts[];
  /** Copies of client libraries that a process has loaded. */
  readonly modules: readonly ModuleFacts[];
  /** Records that a bounded recorder had to forget. */
  readonly dropped: number;
}

/** A client library, as it is named to people: `trunkline`, `undici`, `fetch`, `node:http`, `go`, or any other. */
export type ClientName = string;

/** What is known of one client library's connections to one origin. */
export interface OriginFacts {
  readonly origin: string;
  readonly client: ClientName;
  /** Added up when merged; what is absent is 0. */
  readonly counts: Readonly<Partial<Record<CountName, number>>>;
  /** The largest counts when merged. */
  readonly most: Readonly<Partial<Record<MostName, number>>>;
  /** The smallest counts when merged. */
  readonly least: Readonly<Partial<Record<LeastName, number>>>;
  /** Connections opened, by why. */
  readonly openedFor: Readonly<Partial<Record<DialReason, number>>>;
  /** Connections closed, by why. A dial that failed is not a connection: see `dialFailures`. */
  readonly closed: Readonly<Partial<Record<CloseReason, number>>>;
  /**
   * Dials made no later than a minute (`REDIAL_SOON`) after a connection of the origin had closed for the given reason, each closed
   * connection counted once: what the close cost.
   */
  readonly redialed: Readonly<Partial<Record<CloseReason, number>>>;
  /** Error codes of failed dials. */
  readonly errors: Readonly<Record<string, number>>;
  /** `file:line:column` of the user's code, with counts, by what was seen to start there. */
  readonly sites: Readonly<Partial<Record<SiteTopic, Readonly<Record<string, number>>>>>;
}

export type CountName =
  | "requests"
  /** Connections opened. */
  | "connections"
  /** Dials that failed, and the milliseconds they took. */
  | "dialFailures"
  | "dialFailureMs"
  /** Milliseconds spent on making connections, by phase, and how often the phase took place. */
  | "dnsLookups"
  | "dnsMs"
  | "connectMs"
  | "proxyMs"
  | "tlsHandshakes"
  | "tlsResumed"
  | "tlsMs"
  /** Requests that got no complete response, cancelled ones among them; counted by the doctor only. */
  | "failed"
  /** Responses whose body nobody read or closed and the garbage collector found, or that hold a connection now. */
  | "leakedBodies"
  /** Requests that met a connection the server had ended while it was idle: sent again, or failed. */
  | "staleRetries"
  | "staleFailures"
  /** Requests that waited because a limit was reached, and the milliseconds. */
  | "queued"
  | "queuedMs"
  /** Connections closed (or idle still) that were dialed for a request and never carried one. */
  | "unused"
  /** Requests that a failed dial made fail or wait. */
  | "delayedByDials";

export type MostName =
  /** Connections open or being made at the same time. */
  | "openAtOnce"
  /** Connections being made at the same time. */
  | "dialingAtOnce"
  /** Requests under way or waiting at the same time. */
  | "demandAtOnce"
  /** The client's settings, in milliseconds or connections; absent: not limited or not known. */
  | "idleTimeout"
  | "maxConnections"
  | "maxConnectionsPerOrigin"
  | "maxIdleConnections"
  | "maxIdleConnectionsPerOrigin"
  | "maxDialingPerOrigin";

export type LeastName =
  /** The idle age in milliseconds at which the server was found to end connections. */
  | "learnedIdleLimit"
  /** The idle limit in milliseconds that the server announced (`Keep-Alive: timeout`). */
  | "announcedIdleLimit";

/**
 * The transports, agents, pools or sessions that one place in the user's code makes. The counters only grow, so
 * two views of one process are merged by the larger figures, and different processes are added up.
 */
export interface ClientFacts {
  /** Names the process, for instance by its id and start time. */
  readonly process: string;
  readonly client: ClientName;
  /** What is made there: `Transport`, `Agent`, `Pool`, `Session`. */
  readonly type: string;
  readonly site?: string;
  readonly created: number;
  readonly requests: number;
  readonly connections?: number;
}

/** One loaded copy of a client library. */
export interface ModuleFacts {
  readonly process: string;
  readonly name: string;
  readonly version?: string;
  /** Where it was loaded from. */
  readonly path: string;
}

/** Evidence of nothing. */
export const NO_EVIDENCE: Evidence = { origins: [], clients: [], modules: [], dropped: 0 };

/** Facts of an origin with nothing in them, to be filled in. */
export function noFacts(origin: string, client: ClientName): OriginFacts {
  return {
    origin,
    client,
    counts: {},
    most: {},
    least: {},
    openedFor: {},
    closed: {},
    redialed: {},
    errors: {},
    sites: {},
  };
}
