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
  dns?: number;
  connect?: number;
  proxy?: number;
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
  readonly id: number;
  readonly origin: string;
  readonly protocol?: "http/1.1" | "h2";
  readonly state: "dialing" | "active" | "idle" | "draining" | "closed";
  /** `direct`, `unix:<path>` or `proxy <scheme>://<host>:<port>`, then ` tls:<id>`, ` local:<address>`. */
  readonly route: string;
  readonly openedFor: DialReason;
  /** The connection that could not be kept, where that is why this one was dialed. */
  readonly previous?: number;
  readonly dial: Readonly<DialRecord>;
  /** When the dial began. */
  readonly openedAt: number;
  readonly closedAt?: number;
  readonly requests: number;
  /** Of HTTP/2: requests on it now and at most at once, how many the server allows (absent for any number), and how many it turned away or reset. */
  readonly streams?: {
    readonly active: number;
    readonly most: number;
    readonly limit?: number;
    readonly refused: number;
    readonly reset: number;
  };
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly closed?: { readonly reason: CloseReason; readonly by: ClosedBy; readonly evidence: string };
  /** The exchanges that a failed dial made fail or wait for another one. */
  readonly delayed?: readonly number[];
}

/** How an exchange ended. */
export type ExchangeOutcome = "complete" | "failed" | "retried" | "cancelled" | "active";

/** One request and its response on one connection. Times are milliseconds since 1970. */
export interface ExchangeRecord {
  readonly id: number;
  readonly connection?: number;
  readonly origin: string;
  readonly method: string;
  /** The path; of the query, the names of the parameters only. */
  readonly path: string;
  readonly status?: number;
  readonly outcome: ExchangeOutcome;
  readonly reused: boolean;
  /** The id of its stream; over HTTP/2 only. */
  readonly stream?: number;
  /** Which attempt of its call this was, from 1. */
  readonly attempt: number;
  readonly queuedAt: number;
  readonly sentAt?: number;
  readonly headersAt?: number;
  readonly endedAt?: number;
  /** How long the connection had been idle before it. */
  readonly idleFor?: number;
  readonly bytesRead: number;
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
  readonly exchange: number;
  readonly connection: number;
  readonly reused: boolean;
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
  readonly version: 1;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The limits of the pool, those that are not limits left out: what a replay with other settings starts from. */
  readonly limits?: Readonly<Record<string, number | boolean>>;
  readonly connections: readonly ConnectionRecord[];
  readonly exchanges: readonly ExchangeRecord[];
  readonly decisions: readonly Decision[];
  /** Records that the bounded recorder had to forget. */
  readonly dropped: { readonly connections: number; readonly exchanges: number; readonly decisions: number };
}

/** Milliseconds of each part of an exchange; a part that did not happen is absent. */
export interface Timings {
  /** From the call until a connection was assigned. */
  readonly queued: number;
  readonly dns?: number;
  readonly connect?: number;
  /** Until a proxy had opened the tunnel, TLS with the proxy included. */
  readonly proxy?: number;
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
  readonly id: number;
  readonly protocol: "http/1.1" | "h2";
  readonly reused: boolean;
  /** Which request on its connection this was, from 1. */
  readonly requestNumber: number;
  /** The id of the request's stream; over HTTP/2 only. */
  readonly stream?: number;
  /** Milliseconds it had been idle before this request, where it was reused. */
  readonly idleFor?: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
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
