import type { ClosedBy, CloseReason, DialReason } from "./reasons.js";

/** One attempt to connect to one address. */
export interface AttemptRecord {
  /** The IP address that was tried. */
  readonly address: string;
  /**
   * `connected`, `lost-race` (another address was faster), `cancelled`, `timed-out`, `not-allowed` (by `allowAddress`),
   * `refused`, `reset`, `unreachable`, `failed`, or another code of the system's.
   */
  readonly outcome: string;
  /** How long the attempt took. */
  readonly milliseconds: number;
}

/** How a connection was made: milliseconds of each phase that took place. */
export interface DialRecord {
  /** Milliseconds of name resolution; absent when nothing was looked up. */
  dns?: number;
  /** Milliseconds until a connection stood; absent when none did. */
  connect?: number;
  /** Milliseconds until the proxy opened the tunnel; absent without one. */
  proxy?: number;
  /** Milliseconds of the TLS handshake; absent without one. */
  tls?: number;
  /** Whether an earlier TLS session was resumed; absent without TLS. */
  resumed?: boolean;
  /** The attempts to connect, one for each address tried, in the order they began; at most the first 15 and the last. */
  attempts: AttemptRecord[];
  /** How many attempts are left out of `attempts`; absent when none are. */
  moreAttempts?: number;
}

/** The life of one connection. Points in time are milliseconds since 1970. */
export interface ConnectionRecord {
  /** The connection's number, from 1; unique in its transport. */
  readonly id: number;
  /** Scheme, host and port of the requests it is for. */
  readonly origin: string;
  /** The protocol spoken on it; absent until it is known. */
  readonly protocol?: "http/1.1" | "h2";
  /** The state it is in. `draining`: it carries a request and closes when that ends. */
  readonly state: "dialing" | "active" | "idle" | "draining" | "closed";
  /** Other origins whose requests it also carried (`http2.coalesce`), at most 16; absent when there are none. */
  readonly alsoFor?: readonly string[];
  /**
   * How it reaches the origin: `direct`, `unix:<path>` or `proxy <scheme>://<host>:<port>`; then ` tls:<id>` and
   * ` local:<address>` where they apply.
   */
  readonly route: string;
  /** Why it was dialed; docs/reasons.md explains each reason. */
  readonly openedFor: DialReason;
  /** The connection that this one replaces, when that one could not be kept. */
  readonly previous?: number;
  /** What the dial did: addresses tried, and milliseconds for each step. */
  readonly dial: Readonly<DialRecord>;
  /** When the dial began. */
  readonly openedAt: number;
  /** When it closed; absent while it is open. */
  readonly closedAt?: number;
  /** Requests it has carried. */
  readonly requests: number;
  /** The streams of an HTTP/2 connection; absent for HTTP/1.1. */
  readonly streams?: {
    /** Open now. */
    readonly active: number;
    /** The most that were open at once. */
    readonly most: number;
    /** How many may be open at once; absent when the server sets no limit. */
    readonly limit?: number;
    /** How many the server refused unprocessed. */
    readonly refused: number;
    /** How many the server reset for another reason. */
    readonly reset: number;
  };
  /** Bytes received on it; over TLS, after decryption. */
  readonly bytesRead: number;
  /** Bytes sent on it; over TLS, before encryption. */
  readonly bytesWritten: number;
  /** Why it closed, who closed it, and what shows it, as a clause; absent while it is open. */
  readonly closed?: { readonly reason: CloseReason; readonly by: ClosedBy; readonly evidence: string };
  /** Ids of the exchanges that this dial's failure made fail, or wait for another dial. */
  readonly delayed?: readonly number[];
}

/** How an exchange ended. */
export type ExchangeOutcome = "complete" | "failed" | "retried" | "cancelled" | "active";

/** One request and its response on one connection. Points in time are milliseconds since 1970. */
export interface ExchangeRecord {
  /** The exchange's number, from 1; unique in its transport, but shared by the sendings of a safe retry. */
  readonly id: number;
  /** The connection it used; absent when it got none. */
  readonly connection?: number;
  /** Scheme, host and port. */
  readonly origin: string;
  /** The request's method. */
  readonly method: string;
  /** The path, with the names of those parameters of the query that have a value. */
  readonly path: string;
  /** The response's status; absent when no response came. */
  readonly status?: number;
  /** How it ended; `active` while it is under way. */
  readonly outcome: ExchangeOutcome;
  /** Whether its connection had carried a request before, or was idle. */
  readonly reused: boolean;
  /** The id of its HTTP/2 stream; absent over HTTP/1.1. */
  readonly stream?: number;
  /** Which sending of the request this was, from 1. Safe retries count; the client's `retry` starts at 1 again. */
  readonly attempt: number;
  /** When it asked for a connection; for a safe retry, when the first sending did. */
  readonly queuedAt: number;
  /** When the request was written; absent when it was not. */
  readonly sentAt?: number;
  /** When the head of the final response had arrived; absent when it did not. */
  readonly headersAt?: number;
  /** When it ended; absent while it is under way. */
  readonly endedAt?: number;
  /** Milliseconds that the connection had been idle before; absent when it was dialed for this exchange. */
  readonly idleFor?: number;
  /** Bytes of the response, head included. */
  readonly bytesRead: number;
  /** Bytes of the request, head included. */
  readonly bytesWritten: number;
  /** The code of the error it failed with; absent when it did not fail. */
  readonly error?: string;
}

/** Whether a connection was taken for a request, or why not. */
export type Verdict = "taken" | "busy" | "expired" | "closed" | "too-long-idle" | "draining" | "full";

/** What became of a dial; `pending` while it is under way. */
export type DialFate = "served-it" | "served-another" | "went-idle" | "failed" | "cancelled" | "pending";

/** Why an exchange got its connection. `String(decision)` is a sentence. */
export interface Decision {
  /** The exchange that needed a connection. */
  readonly exchange: number;
  /** The connection it got. */
  readonly connection: number;
  /** Whether that connection had carried a request before, or was idle. */
  readonly reused: boolean;
  /** The origin that the connection was opened for, if that is another one (`http2.coalesce`); otherwise absent. */
  readonly coalesced?: string;
  /** The connections of its route that were considered. */
  readonly candidates: readonly {
    /** The connection's id. */
    readonly connection: number;
    /** Whether it was taken, or why not. */
    readonly verdict: Verdict;
    /** What the verdict rests on, such as how long it had been idle. */
    readonly facts: Readonly<Record<string, unknown>>;
  }[];
  /** Milliseconds it waited for the connection; absent when it got one at once. */
  readonly waited?: number;
  /** The pool's limits at the time, by the names of their options. */
  readonly limits: Readonly<Record<string, number | boolean>>;
  /** The limit that made it wait; absent when none did. */
  readonly limitedBy?: string;
  /** The dial that was started for it; absent when none was. */
  readonly dial?: {
    /** Id of the connection that was dialed. */
    readonly connection: number;
    /** Why it was dialed. */
    readonly reason: DialReason;
    /** What became of it. */
    readonly fate: DialFate;
  };
  /** The setting or change that would have saved the dial; absent when nothing would. */
  readonly couldHaveReused?: string;
}

/** Everything the recorder holds, as JSON (docs/recording.md). */
export interface Recording {
  /** The version of the recording format. */
  readonly version: 1;
  /** When the transport was made, in milliseconds since 1970. */
  readonly startedAt: number;
  /** The pool's settings, unlimited ones left out: what a replay with other settings starts from. */
  readonly limits?: Readonly<Record<string, number | boolean>>;
  /** Live connections and the closed ones that are remembered, oldest first. */
  readonly connections: readonly ConnectionRecord[];
  /** The ended exchanges that are remembered, oldest first. */
  readonly exchanges: readonly ExchangeRecord[];
  /** Why exchanges got their connections, oldest first; only for those that did not get an idle one at once. */
  readonly decisions: readonly Decision[];
  /** How many records of each kind the recorder had to drop, because it is bounded. */
  readonly dropped: { readonly connections: number; readonly exchanges: number; readonly decisions: number };
}

/** Milliseconds of each phase of an exchange; a phase that did not happen is absent. */
export interface Timings {
  /** From the start of the exchange until it had a connection; a dial it waited for is part of this. */
  readonly queued: number;
  /** Name resolution; absent when nothing was looked up. */
  readonly dns?: number;
  /** Connecting; absent when the connection was reused. */
  readonly connect?: number;
  /** Opening the proxy's tunnel, TLS with the proxy included; absent without one. */
  readonly proxy?: number;
  /** The TLS handshake; absent for plain http, or when the connection was reused. */
  readonly tls?: number;
  /** From getting the connection until the request was written. */
  readonly sent: number;
  /** From the end of the request until the head of the response. */
  readonly waiting: number;
  /** From the head of the response until the end of its body; absent until then. */
  readonly received?: number;
  /** From the start of the exchange until the end of the body; absent until then. */
  readonly total?: number;
}

/** The connection that carried a response. */
export interface ResponseConnection {
  /** The connection's number in its transport; `transport.connections()` has its record under this `id`. */
  readonly id: number;
  /** The protocol spoken on it. */
  readonly protocol: "http/1.1" | "h2";
  /** Whether it had carried a request before, or was idle (preconnected, for instance); false: dialed for this request. */
  readonly reused: boolean;
  /** Which request on this connection this was, from 1. */
  readonly requestNumber: number;
  /** The id of the request's HTTP/2 stream; absent over HTTP/1.1. */
  readonly stream?: number;
  /** Milliseconds it had been idle before this request; absent when it was not reused. */
  readonly idleFor?: number;
  /** The peer's IP address (the proxy's when there is one); empty when unknown, as for a Unix socket. */
  readonly remoteAddress: string;
  /** The peer's port; 0 when unknown, as for a Unix socket. */
  readonly remotePort: number;
  /** The local port; 0 when unknown, as for a Unix socket. */
  readonly localPort: number;
  /** What the TLS handshake agreed on; absent without TLS. */
  readonly tls?: {
    /** `TLSv1.3`, for instance. */
    readonly version: string;
    /** The cipher suite, by OpenSSL's name. */
    readonly cipher: string;
    /** Whether an earlier session was resumed. */
    readonly resumed: boolean;
    /** Whether the certificate was verified; false only with `rejectUnauthorized: false`. */
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
