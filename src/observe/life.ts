import type { CloseReason, DialReason } from "../trace/index.js";
import type { ObservedClient } from "./user-agent.js";

export type Side = "client" | "server";

/**
 * Why a connection ended, as far as that moment shows. Two are settled later, from what else the client did: it ended
 * the connection just after a response, or after the connection had been idle for a while.
 */
export type Verdict = CloseReason | "after-response" | "after-idling";

/** How a connection ended: who was first, how, and in which state it was. */
interface Ending {
  readonly side: Side;
  readonly reset: boolean;
  readonly at: number;
  /** Milliseconds since the end of the last response; absent when an exchange was under way. */
  readonly idleFor?: number;
  readonly verdict: Verdict;
}

/** What is kept of one connection, also when it is over. Times are milliseconds by the observer's clock. */
export interface Life {
  readonly openedAt: number;
  /** The client that its first request named; absent without a request. */
  client?: ObservedClient;
  requests: number;
  /** It carried what is not understood, so that there may be more requests. */
  opaque?: boolean;
  /** The ended connection that it stands in for, or else why it was dialed. */
  readonly openedFor: Life | DialReason;
  /** A later connection has taken its place. */
  replaced: boolean;
  ending?: Ending;
  /** It was idle when another connection was dialed, which could have been spared. */
  bypassed: boolean;
  /** Connections that were idle when the client ended this one, and that it went on to use or keep. */
  kept: number;
  lastRequestAt: number;
}
