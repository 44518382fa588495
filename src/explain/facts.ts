import type { CloseReason, DialReason, SiteTopic } from "../trace/index.js";

/**
 * What findings are made from: counters about the connections of any HTTP client, as JSON. Facts from many processes
 * can be added up and explained as one; `mergeReports` does that. What is not known is absent.
 */
export interface Facts {
  /** One entry for each pair of origin and client library. */
  readonly origins: readonly OriginFacts[];
  /** The transports, agents, pools and sessions that were made, by place in the code. */
  readonly clients: readonly ClientFacts[];
  /** Copies of client libraries that a process has loaded. */
  readonly modules: readonly ModuleFacts[];
  /** The processes and threads that were watched; absent when that is not known. */
  readonly processes?: readonly ProcessFacts[];
  /** When connections were opened and closed, and requests sent and failed; absent when that is not known. */
  readonly timeline?: Timeline;
  /** How many records a recorder had to drop, because it is bounded. */
  readonly dropped: number;
}

/** The name of a client library: `trunkline`, `undici`, `fetch`, `node:http`, `go`, or another. */
export type ClientName = string;

/** What is known about one client library's connections to one origin. */
export interface OriginFacts {
  /** Scheme, host and port. */
  readonly origin: string;
  /** The client library that sent the requests. */
  readonly client: ClientName;
  /** Counters, which add up when merged; an absent one is 0. */
  readonly counts: Readonly<Partial<Record<CountName, number>>>;
  /** Values of which merging keeps the largest. */
  readonly most: Readonly<Partial<Record<MostName, number>>>;
  /** Values of which merging keeps the smallest. */
  readonly least: Readonly<Partial<Record<LeastName, number>>>;
  /** Connections opened, by reason. */
  readonly openedFor: Readonly<Partial<Record<DialReason, number>>>;
  /** Connections closed, by reason. Failed dials are not connections: see `dialFailures`. */
  readonly closed: Readonly<Partial<Record<CloseReason, number>>>;
  /**
   * What closes cost: dials made within a minute after a connection to the origin had closed for the given reason, at most
   * one for each closed connection.
   */
  readonly redialed: Readonly<Partial<Record<CloseReason, number>>>;
  /** Failed dials, by error code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Failed requests, by error code; those whose dial failed included. */
  readonly failures?: Readonly<Record<string, number>>;
  /** HTTP/2 streams that the server reset, by the name of the error code. */
  readonly resets?: Readonly<Record<string, number>>;
  /** HTTP/2 connections by address and certificate: origins that have one in common could share a connection. */
  readonly endpoints?: Readonly<Record<string, number>>;
  /**
   * Idle connections that the server closed, by their idle age. The key is the age's step, ⌊ln(milliseconds) / ln 1.1⌋;
   * connections closed at the same moment count once.
   */
  readonly idleEnds?: Readonly<Record<string, number>>;
  /** Connections by their owner: `client`, `type` and `site` of an entry of `clients`, joined by newlines. */
  readonly owners?: Readonly<Record<string, number>>;
  /** Sampled requests by the package that sent them, such as `axios` or `got`. */
  readonly packages?: Readonly<Record<string, number>>;
  /** Places in your code (`file:line:column`) with counts, by what was seen to start there. */
  readonly sites: Readonly<Partial<Record<SiteTopic, Readonly<Record<string, number>>>>>;
}

/** The counters of an origin. */
export type CountName =
  /** Requests sent. */
  | "requests"
  /** Connections opened. */
  | "connections"
  /** Of these, those known to speak HTTP/1.1, and those known to speak HTTP/2. */
  | "http1Connections"
  | "http2Connections"
  /** TLS connections for which the client did not offer HTTP/2. */
  | "withoutHttp2"
  /** Requests that waited because every HTTP/2 connection had reached its stream limit, and their milliseconds. */
  | "streamWaits"
  | "streamWaitMs"
  /** Requests that went on a connection made for another origin. */
  | "coalesced"
  /** Requests that the server refused unprocessed, over HTTP/2. */
  | "streamsRefused"
  /** Dials that failed, and the milliseconds they took. */
  | "dialFailures"
  | "dialFailureMs"
  /** Milliseconds spent on opening connections, by phase, and how often the phase took place or a session was resumed. */
  | "dnsLookups"
  | "dnsMs"
  | "connectMs"
  | "proxyMs"
  | "tlsHandshakes"
  | "tlsResumed"
  | "tlsMs"
  /** Requests that got no complete response. */
  | "failed"
  /** Responses whose body was neither read nor closed: found by the garbage collector, or holding a connection now. */
  | "leakedBodies"
  /** Requests sent on a connection that the server had closed while it was idle: those retried, and those that failed. */
  | "staleRetries"
  | "staleFailures"
  /** Requests that waited because a connection limit was reached, and their milliseconds. */
  | "queued"
  | "queuedMs"
  /** Connections that were dialed for a request and never carried one. */
  | "unused"
  /** Requests that failed or waited because a dial failed. */
  | "delayedByDials"
  /** Requests whose connection, not idle before, the server closed without an answer; and after how many milliseconds in all. */
  | "hangUps"
  | "hangUpMs"
  /** Of these, those on new connections. */
  | "hangUpsOnNew"
  /** Failed requests that were the first on their connection after a pause. */
  | "failedAfterPause"
  /**
   * Requests that the client's own time limit ended, the milliseconds they were given, those first after a pause, and
   * those that had no connection yet.
   */
  | "timeLimits"
  | "timeLimitMs"
  | "timeLimitsAfterPause"
  | "timeLimitsDialing"
  /** Connections closed because the client does not keep them after a HEAD. */
  | "closedAfterHead"
  /** Connections not kept because the idle limit that the server announced is too short for the client. */
  | "announcedTooShort"
  /** Connections closed because a package did not read the body of a redirect. */
  | "redirectBodies"
  /** Responses refused because their head was larger than the client's limit. */
  | "headsTooLarge"
  /** Requests answered by an interceptor in the program, without a connection. */
  | "mocked"
  /** Connections that an interceptor in the program made for requests that it let pass. */
  | "passedOn"
  /** Connections found dead after the process had stood still. */
  | "lostStandingStill"
  /** Warnings about too many listeners on a kept socket, and the number of listeners. */
  | "listenerWarnings"
  | "listenersLeft"
  /** Requests without an answer now, and connections that are being made now. */
  | "waiting"
  | "dialing";

/** Values of an origin of which merging keeps the largest. */
export type MostName =
  /** The longest idle age in milliseconds after which a connection still carried a request. */
  | "reusedAfter"
  /** Connections open or being made at once. */
  | "openAtOnce"
  /** Connections being made at once. */
  | "dialingAtOnce"
  /** Requests under way or waiting at once. */
  | "demandAtOnce"
  /** HTTP/2: connections that took requests at once; streams at once on all connections, and on one. */
  | "http2AtOnce"
  | "streamsAtOnce"
  | "streamsOnOne"
  /** The client's own limit on the streams of one connection. */
  | "maxStreams"
  /** The client's settings, in milliseconds or connections; absent when there is no limit or it is not known. */
  | "idleTimeout"
  | "maxConnections"
  | "maxConnectionsPerOrigin"
  | "maxIdleConnections"
  | "maxIdleConnectionsPerOrigin"
  | "maxDialingPerOrigin";

/** Values of an origin of which merging keeps the smallest. */
export type LeastName =
  /** The idle age in milliseconds at which the server closes connections. */
  | "learnedIdleLimit"
  /** The lowest stream limit of an HTTP/2 connection. */
  | "streamLimit"
  /** The idle limit in milliseconds that the server announced (`Keep-Alive: timeout`). */
  | "announcedIdleLimit"
  /** The shortest pause in milliseconds after which the first request on a connection failed. */
  | "failedAfter"
  /** The smallest cap on idle connections that closed one, where clients with different caps share the origin. */
  | "idleCapReached";

/**
 * The transports, agents, pools or sessions made at one place in the code. The counters only grow: merging keeps the
 * larger figures of the same process, and adds up different processes.
 */
export interface ClientFacts {
  /** The process and thread; unique, for instance an id with a start time. */
  readonly process: string;
  /** The client library. */
  readonly client: ClientName;
  /** What is made: `Transport`, `Agent`, `Pool`, `Session`. */
  readonly type: string;
  /** Where they were made, as `file:line:column`; absent when that is not known. */
  readonly site?: string;
  /** How code calls the constructor, when that is more than the type: `https.Agent`. */
  readonly constructedAs?: string;
  /** The options they were given, as code, without what may be secret: `rejectUnauthorized: false`. */
  readonly options?: string;
  /** The package whose code makes them; absent when it is your own code. */
  readonly madeIn?: string;
  /** The package, with its version, that the class comes from; absent when that is Node or undici. */
  readonly classFrom?: string;
  /** How many were made there. */
  readonly created: number;
  /** Requests sent through them. */
  readonly requests: number;
  /** Connections they opened; absent when that is not known. */
  readonly connections?: number;
}

/** One process or thread. The figures only grow. */
export interface ProcessFacts {
  /** The process and thread; unique. */
  readonly process: string;
  /** Whether it is a worker thread. */
  readonly thread?: boolean;
  /** The test runner it belongs to, whose processes are not a sign of a problem; absent without one. */
  readonly runner?: string;
  /** When it started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** When it last reported, in milliseconds since 1970. */
  readonly seenAt: number;
  /** Requests it sent. */
  readonly requests: number;
  /** Connections it opened. */
  readonly connections: number;
  /** The most connections it had open at once. */
  readonly mostOpen: number;
  /** Worker threads it started. */
  readonly threadsMade?: number;
  /** Milliseconds in which it stood still: stopped, or on a machine that slept. */
  readonly stoodStillMs?: number;
  /** Milliseconds in which its own code blocked the event loop for long. */
  readonly busyMs?: number;
}

/** What happened when, in steps of `width` milliseconds. */
export interface Timeline {
  /** Milliseconds in one step. */
  readonly width: number;
  /**
   * Connections opened, connections closed, requests sent and requests failed, by step; the key is
   * ⌊milliseconds since 1970 / width⌋.
   */
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

/** A loaded copy of a client library. */
export interface ModuleFacts {
  /** The process and thread that loaded it. */
  readonly process: string;
  /** The package's name. */
  readonly name: string;
  /** The package's version; absent when that is not known. */
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
