import type { CloseReason, DialReason, SiteTopic } from "../trace/index.js";

/**
 * What findings are made from: plain counters about the connections of any HTTP client, as JSON. It is a sum, so
 * that those of many processes are added up ({@link mergeFacts}) and explained as one. All members but
 * the names may be left out where nothing is known.
 */
export interface Facts {
  /** One entry for each pair of origin and client library. */
  readonly origins: readonly OriginFacts[];
  /** Who makes transports, agents, pools or sessions, and where. */
  readonly clients: readonly ClientFacts[];
  /** Copies of client libraries that a process has loaded. */
  readonly modules: readonly ModuleFacts[];
  /** The processes and threads that were watched; absent where there is nothing to tell them apart by. */
  readonly processes?: readonly ProcessFacts[];
  /** When connections were opened and lost, requests sent and failed. */
  readonly timeline?: Timeline;
  /** Records that a bounded recorder had to forget. */
  readonly dropped: number;
}

/** A client library, as it is named to people: `trunkline`, `undici`, `fetch`, `node:http`, `go`, or any other. */
export type ClientName = string;

/** What is known of one client library's connections to one origin. */
export interface OriginFacts {
  /** Scheme, host and port. */
  readonly origin: string;
  /** The client library that sent the requests. */
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
  /** Requests that failed, by their error's code; those of failed dials among them. */
  readonly failures?: Readonly<Record<string, number>>;
  /** Requests that the server reset over HTTP/2, by the name of the error code. */
  readonly resets?: Readonly<Record<string, number>>;
  /** Connections of HTTP/2 by address and certificate: origins that have one in common could share a connection. */
  readonly endpoints?: Readonly<Record<string, number>>;
  /** Idle connections that the server was seen to end, by age ({@link ageStep}); those of one moment count once. */
  readonly idleEnds?: Readonly<Record<string, number>>;
  /** Connections by who owned them: {@link ownerKey} of an entry of `clients`. */
  readonly owners?: Readonly<Record<string, number>>;
  /** Sampled requests by the package that sent them: `axios`, `got`. */
  readonly packages?: Readonly<Record<string, number>>;
  /** `file:line:column` of the user's code, with counts, by what was seen to start there. */
  readonly sites: Readonly<Partial<Record<SiteTopic, Readonly<Record<string, number>>>>>;
}

/** What is counted for each origin. */
export type CountName =
  | "requests"
  /** Connections opened. */
  | "connections"
  /** Of these, those known to speak HTTP/1.1, and HTTP/2. */
  | "http1Connections"
  | "http2Connections"
  /** Connections over TLS for which the client did not offer HTTP/2. */
  | "withoutHttp2"
  /** Over HTTP/2: requests that waited as each connection carried as many as it may, and the milliseconds. */
  | "streamWaits"
  | "streamWaitMs"
  /** Over HTTP/2: requests that the server refused without a look at them. */
  | "streamsRefused"
  /** Dials that failed, and the milliseconds they took. */
  | "dialFailures"
  | "dialFailureMs"
  /** Milliseconds spent on opening connections, by phase, and how often the phase took place. */
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
  | "delayedByDials"
  /** Requests whose connection the server ended without an answer though it had not been idle, and how soon in all. */
  | "hangUps"
  | "hangUpMs"
  /** Of these, on connections that had carried nothing before. */
  | "hangUpsOnNew"
  /** Failed requests that were the first on their connection after a pause. */
  | "failedAfterPause"
  /** Requests that the client's own time limit cut off, the milliseconds they were given, those first after a pause. */
  | "timeLimits"
  | "timeLimitMs"
  | "timeLimitsAfterPause"
  /** Connections closed because the client keeps none after a HEAD. */
  | "closedAfterHead"
  /** Connections not kept as the server announced an idle limit of which the client keeps nothing. */
  | "announcedTooShort"
  /** Connections closed with the body of a redirect, which a package drops on its way. */
  | "redirectBodies"
  /** Responses refused as their head was larger than the client takes. */
  | "headsTooLarge"
  /** Requests answered by an interceptor in the program, with no connection. */
  | "mocked"
  /** Connections that were dead after the process had stood still. */
  | "lostStandingStill"
  /** Warnings of too many listeners on a kept socket, and how many there were. */
  | "listenerWarnings"
  | "listenersLeft"
  /** Requests that have no answer now. */
  | "waiting";

/** What the largest value is kept of, for each origin. */
export type MostName =
  /** The longest idle age in milliseconds after which a connection still carried a request. */
  | "reusedAfter"
  /** Connections open or being made at the same time. */
  | "openAtOnce"
  /** Connections being made at the same time. */
  | "dialingAtOnce"
  /** Requests under way or waiting at the same time. */
  | "demandAtOnce"
  /** Of HTTP/2: connections that took requests at the same time; requests at the same time on all, and on one. */
  | "http2AtOnce"
  | "streamsAtOnce"
  | "streamsOnOne"
  /** The client's own limit on requests at the same time on one connection. */
  | "maxStreams"
  /** The client's settings, in milliseconds or connections; absent: not limited or not known. */
  | "idleTimeout"
  | "maxConnections"
  | "maxConnectionsPerOrigin"
  | "maxIdleConnections"
  | "maxIdleConnectionsPerOrigin"
  | "maxDialingPerOrigin";

/** What the smallest value is kept of, for each origin. */
export type LeastName =
  /** The idle age in milliseconds at which the server was found to end connections. */
  | "learnedIdleLimit"
  /** The least number of requests at the same time that a connection of HTTP/2 was allowed. */
  | "streamLimit"
  /** The idle limit in milliseconds that the server announced (`Keep-Alive: timeout`). */
  | "announcedIdleLimit"
  /** The least idle age in milliseconds of a connection on which the first request after it failed. */
  | "failedAfter";

/**
 * The transports, agents, pools or sessions that one place in the user's code makes. The counters only grow, so
 * two views of one process are merged by the larger figures, and different processes are added up.
 */
export interface ClientFacts {
  /** Names the process, for instance by its id and start time. */
  readonly process: string;
  /** The client library. */
  readonly client: ClientName;
  /** What is made there: `Transport`, `Agent`, `Pool`, `Session`. */
  readonly type: string;
  /** `file:line:column` where they were made; absent when it is not known. */
  readonly site?: string;
  /** How the constructor is called in code, where it is not by the type alone: `https.Agent`. */
  readonly constructedAs?: string;
  /** The options it was given, as code without what may be secret: `rejectUnauthorized: false`. */
  readonly options?: string;
  /** The package whose code makes it, where it is not the user's own. */
  readonly madeIn?: string;
  /** The package, with its version, that the class is from, where it is not Node or undici. */
  readonly classFrom?: string;
  /** How many were made there. */
  readonly created: number;
  /** Requests sent through them. */
  readonly requests: number;
  /** Connections they opened; absent when it is not known. */
  readonly connections?: number;
}

/** One process or thread. Times are milliseconds since 1970; the figures only grow. */
export interface ProcessFacts {
  /** Which process, and which of its threads. */
  readonly process: string;
  /** Whether it is a worker thread. */
  readonly thread?: boolean;
  /** It belongs to a test runner, which makes processes as it likes. */
  readonly runner?: string;
  /** When it started, in milliseconds. */
  readonly startedAt: number;
  /** When it was last heard from, in milliseconds. */
  readonly seenAt: number;
  /** Requests it sent. */
  readonly requests: number;
  /** Connections it opened. */
  readonly connections: number;
  /** Most connections it had open at once. */
  readonly mostOpen: number;
  /** Threads that it made. */
  readonly threadsMade?: number;
  /** Milliseconds in which it stood still: stopped, or on a machine that slept. */
  readonly stoodStillMs?: number;
  /** Milliseconds in which its own code kept the event loop busy for long. */
  readonly busyMs?: number;
}

/** What happened when: `points` are by the number of the step of `width` milliseconds since 1970. */
export interface Timeline {
  /** Milliseconds that one step covers. */
  readonly width: number;
  /** Opened, closed, requests, failed. */
  readonly points: Readonly<Record<string, readonly [number, number, number, number]>>;
}

/** What an owner of connections is known by in {@link OriginFacts.owners}. */
export function ownerKey(facts: {
  readonly client: ClientName;
  readonly type: string;
  readonly site?: string | undefined;
}): string {
  return `${facts.client}\n${facts.type}\n${facts.site ?? ""}`;
}

/** Idle ages in steps of a tenth, so that they can be counted. */
const STEP = Math.log(1.1);

export function ageStep(milliseconds: number): number {
  return Math.floor(Math.log(Math.max(1, milliseconds)) / STEP);
}

/** The least age of a step. */
export function ageOfStep(step: number): number {
  return Math.round(Math.exp(step * STEP));
}

/** One loaded copy of a client library. */
export interface ModuleFacts {
  /** The process and thread that loaded it. */
  readonly process: string;
  /** The package's name. */
  readonly name: string;
  /** The package's version; absent when it is not known. */
  readonly version?: string;
  /** Where it was loaded from. */
  readonly path: string;
}

/** Facts of nothing. */
export const NO_FACTS: Facts = { origins: [], clients: [], modules: [], dropped: 0 };

/** Facts of an origin with nothing in them, to be filled in. */
export function noOriginFacts(origin: string, client: ClientName): OriginFacts {
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
