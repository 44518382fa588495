import type { ClosedBy, CloseReason, DialReason } from "./reasons.js";

/** One attempt at one address, in the order they began. */
export interface AttemptRecord {
  readonly address: string;
  /** `connected`, `lost-race`, `cancelled`, `timed-out`, `not-allowed`, or the system's error code. */
  readonly outcome: string;
  readonly milliseconds: number;
}

/** How a connection was made: milliseconds of each phase that took place. */
export interface DialRecord {
  /** Milliseconds of name resolution; absent when nothing was looked up. */
  dns?: number;
  /** Milliseconds of connecting; absent when it did not succeed. */
  connect?: number;
  /** Milliseconds until the proxy opened the tunnel; absent without one. */
  proxy?: number;
  /** Milliseconds of the TLS handshake; absent without one. */
  tls?: number;
  /** Whether the TLS session was resumed. */
  resumed?: boolean;
  /** The first 16 and the last, where there were more. */
  attempts: AttemptRecord[];
  /** Attempts beside those. */
  moreAttempts?: number;
}

/** The life of one connection. Times are milliseconds since 1970. */
export interface ConnectionRecord {
  /** The connection's number; never used again in this transport. */
  readonly id: number;
  /** Scheme, host and port that it was dialed for. */
  readonly origin: string;
  /** The protocol spoken on it; absent until it is known. */
  readonly protocol?: "http/1.1" | "h2";
  /** Where it is in its life. */
  readonly state: "dialing" | "active" | "idle" | "draining" | "closed";
  /** `direct`, `unix:<path>` or `proxy <scheme>://<host>:<port>`, then ` tls:<id>`, ` local:<address>`. */
  readonly route: string;
  /** Why it was dialed; docs/reasons.md explains each reason. */
  readonly openedFor: DialReason;
  /** The connection that could not be kept, where that is why this one was dialed. */
  readonly previous?: number;
  /** What the dial did: addresses tried, and milliseconds for each step. */
  readonly dial: Readonly<DialRecord>;
  /** When the dial began. */
  readonly openedAt: number;
  /** When it closed, in milliseconds of the transport's clock; absent while it is open. */
  readonly closedAt?: number;
  /** Requests it has carried. */
  readonly requests: number;
  /** Of HTTP/2: requests on it now and at most at once, how many the server allows (absent for any number), and how many it turned away or reset. */
  readonly streams?: {
    readonly active: number;
    readonly most: number;
    readonly limit?: number;
    readonly refused: number;
    readonly reset: number;
  };
  /** Bytes received on it, after TLS. */
  readonly bytesRead: number;
  /** Bytes sent on it, before TLS. */
  readonly bytesWritten: number;
  /** Why it closed, which side closed it, and the evidence; absent while it is open. */
  readonly closed?: { readonly reason: CloseReason; readonly by: ClosedBy; readonly evidence: string };
  /** The exchanges that a failed dial made fail or wait for another one. */
  readonly delayed?: readonly number[];
}

/** How an exchange ended. */
export type ExchangeOutcome = "complete" | "failed" | "retried" | "cancelled" | "active";

/** One request and its response on one connection. Times are milliseconds since 1970. */
export interface ExchangeRecord {
  /** The exchange's number; never used again in this transport. */
  readonly id: number;
  /** The connection it used; absent when it got none. */
  readonly connection?: number;
  /** Scheme, host and port. */
  readonly origin: string;
  /** The request's method. */
  readonly method: string;
  /** The path; of the query, the names of the parameters only. */
  readonly path: string;
  /** The response's status; absent when no response came. */
  readonly status?: number;
  /** How it ended, or that it is still under way. */
  readonly outcome: ExchangeOutcome;
  /** Whether its connection already existed when the request came. */
  readonly reused: boolean;
  /** The id of its stream; over HTTP/2 only. */
  readonly stream?: number;
  /** Which attempt of its call this was, from 1. */
  readonly attempt: number;
  /** When it asked for a connection, in milliseconds of the transport's clock. */
  readonly queuedAt: number;
  /** When its head was written; absent when it never was. */
  readonly sentAt?: number;
  /** When the head of the final response had arrived; absent when it never did. */
  readonly headersAt?: number;
  /** When it ended; absent while it is under way. */
  readonly endedAt?: number;
  /** How long the connection had been idle before it. */
  readonly idleFor?: number;
  /** Bytes of the response, head included. */
  readonly bytesRead: number;
  /** Bytes of the request, head included. */
  readonly bytesWritten: number;
  /** The error's code, where it failed. */
  readonly error?: string;
}

/** Why a candidate connection was or was not taken. */
export type Verdict = "taken" | "busy" | "expired" | "closed" | "too-long-idle" | "draining" | "full";

/** What became of a dial; `pending` while it goes on. */
export type DialFate = "served-it" | "served-another" | "went-idle" | "failed" | "cancelled" | "pending";

/** Why an exchange got the connection it got. Its `toString()` is a sentence. */
export interface Decision {
  /** The exchange that needed a connection. */
  readonly exchange: number;
  /** The connection it got. */
  readonly connection: number;
  /** Whether that connection already existed when the request came. */
  readonly reused: boolean;
  /** The connections that could have been used, and why each was or was not. */
  readonly candidates: readonly {
    readonly connection: number;
    readonly verdict: Verdict;
    readonly facts: Readonly<Record<string, unknown>>;
  }[];
  /** Milliseconds it waited for the connection, where it did. */
  readonly waited?: number;
  /** The limits in force that bear on it. */
  readonly limits: Readonly<Record<string, number | boolean>>;
  /** The limit that made it wait, where one did. */
  readonly limitedBy?: string;
  /** The dial that was started for it; absent when none was. */
  readonly dial?: {
    readonly connection: number;
    readonly reason: DialReason;
    readonly fate: DialFate;
  };
  /** The setting or change that would have saved the dial. */
  readonly couldHaveReused?: string;
}

/** Everything the recorder holds. */
export interface Recording {
  /** The version of the recording format. */
  readonly version: 1;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The limits of the pool, those that are not limits left out: what a replay with other settings starts from. */
  readonly limits?: Readonly<Record<string, number | boolean>>;
  /** The connections that are remembered, the oldest first. */
  readonly connections: readonly ConnectionRecord[];
  /** The exchanges that are remembered, the oldest first. */
  readonly exchanges: readonly ExchangeRecord[];
  /** Why each remembered exchange got its connection, the oldest first. */
  readonly decisions: readonly Decision[];
  /** Records that the bounded recorder had to forget. */
  readonly dropped: { readonly connections: number; readonly exchanges: number; readonly decisions: number };
}

/** Milliseconds of each part of an exchange; a part that did not happen is absent. */
export interface Timings {
  /** From the call until a connection was assigned. */
  readonly queued: number;
  /** Name resolution; absent when nothing was looked up. */
  readonly dns?: number;
  /** Connecting; absent when the connection was reused. */
  readonly connect?: number;
  /** Until a proxy had opened the tunnel, TLS with the proxy included. */
  readonly proxy?: number;
  /** The TLS handshake; absent for plain http, or when the connection was reused. */
  readonly tls?: number;
  /** From assignment until the request was written. */
  readonly sent: number;
  /** From then until the head of the response. */
  readonly waiting: number;
  /** From then until the end of the body, once it is there. */
  readonly received?: number;
  /** From the call until the end of the body, once it is there. */
  readonly total?: number;
}

/** The connection a response came over. */
export interface ResponseConnection {
  /** The connection's number in its transport, as in `transport.connections()`. */
  readonly id: number;
  /** The protocol spoken on it. */
  readonly protocol: "http/1.1" | "h2";
  /** Whether it already existed when the request came. */
  readonly reused: boolean;
  /** Which request on its connection this was, from 1. */
  readonly requestNumber: number;
  /** The id of the request's stream; over HTTP/2 only. */
  readonly stream?: number;
  /** Milliseconds it had been idle before this request, where it was reused. */
  readonly idleFor?: number;
  /** The peer's IP address (the proxy's, when there is one); empty for a Unix socket. */
  readonly remoteAddress: string;
  /** The peer's port; 0 for a Unix socket. */
  readonly remotePort: number;
  /** The local port; 0 for a Unix socket. */
  readonly localPort: number;
  /** What the TLS handshake agreed on; absent for plain http. */
  readonly tls?: {
    readonly version: string;
    readonly cipher: string;
    readonly resumed: boolean;
    readonly authorized: boolean;
  };
}

/** What the recorder reads from an exchange when it ends; times are the runtime's milliseconds. */
export interface ExchangeFacts {
  readonly id: number;
  readonly connectionId: number;
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly outcome: ExchangeRecord["outcome"];
  readonly reused: boolean;
  /** The id of its HTTP/2 stream; 0 for none. */
  readonly stream: number;
  readonly attempt: number;
  readonly queuedAt: number;
  readonly sentAt: number;
  readonly headersAt: number;
  readonly endedAt: number;
  readonly idleFor: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly errorCode: string | undefined;
}
