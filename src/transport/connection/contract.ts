import type { HeadParsers } from "../../http1/index.js";
import type { Response } from "../../message/index.js";
import type { CloseCause, ConnectionRecord } from "../../trace/index.js";
import type { Exchange } from "../exchange/index.js";
import type { Clock } from "../upkeep/index.js";
import type { WireSink } from "./wire.js";

// The seam between the transport and the protocols. Above it there are requests, responses and connections; below
// it one protocol turns requests into bytes on a wire and bytes into responses.

/** What there is to tell of a connection's streams. */
export type StreamCounts = Omit<NonNullable<ConnectionRecord["streams"]>, "active">;

/** One protocol on one open connection. */
export interface Carrier extends WireSink {
  readonly protocol: "http/1.1" | "h2";
  /** The exchanges under way, the oldest first. */
  exchanges(): Iterable<Exchange>;
  /** What there is to tell of its streams, where it has any. */
  readonly streamCounts: (() => StreamCounts) | undefined;
  /** Why it cannot carry the exchange, as far as can be told at once; it has been idle for `idleFor` milliseconds. */
  unfitFor(exchange: Exchange, idleFor: number): CloseCause | undefined;
  /** Sends the exchange's request; the pool has assigned it to this connection. */
  send(exchange: Exchange, now: number): void;
  /** Ends one exchange early. Whether the connection lives on is the protocol's affair. */
  cancel(exchange: Exchange, cause: CloseCause, error: unknown): void;
  /** The reader of the exchange's body wants more of it. */
  resumeReading(exchange: Exchange): void;
  /** The reader gave up the rest of the exchange's body. Resolves when the carrier has let go of it. */
  abandonBody(exchange: Exchange, reason: unknown): Promise<void>;
  /** It takes no more exchanges: one that is busy with none closes, whatever its server may still have to say. */
  readonly retired: (() => void) | undefined;
  /** Ends the connection; exchanges under way fail with `error`. */
  close(cause: CloseCause, error: unknown): void;
}

/** What a carrier needs of the transport that owns its connection. */
export interface CarrierHost {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly maxHeaderBytes: number;
  /** Of the heads of HTTP/1.1. */
  readonly headParsers: HeadParsers;
  readonly keepAlive: boolean;
  /** The time, and the deadlines of the present phase of each exchange. */
  readonly clock: Clock;
  /** The exchange is over and its connection can be used again. Called before the caller sees the end. */
  released(exchange: Exchange, now: number): void;
  exchangeEnded(exchange: Exchange): void;
  /** The connection failed under the exchange before its head was in; the host tries again or rejects. */
  exchangeFailed(exchange: Exchange, cause: CloseCause, error: unknown): void;
  /** The error that a body cut short by `cause` ends with. */
  bodyError(exchange: Exchange, cause: CloseCause, error: unknown): unknown;
  /** The exchange ended within its body: whoever reads it gets the error. */
  bodyFailed(exchange: Exchange, cause: CloseCause, error: unknown): void;
  headersTimedOut(exchange: Exchange, now: number): unknown;
  bodyTimedOut(exchange: Exchange, now: number): unknown;
  /** The response's body is still arriving: somebody must read it. */
  watchBody(exchange: Exchange, response: Response): void;
}
