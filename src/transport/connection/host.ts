import type { Response } from "../../message/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { DialAttempt, DialTimings } from "../dial/index.js";
import type { Exchange } from "../exchange.js";
import type { Connection } from "./connection.js";

/** What was tried, where a dial failed. */
export interface FailedDial {
  readonly attempts: readonly DialAttempt[];
  readonly timings: DialTimings;
}

/** What a connection needs of the transport that owns it. */
export interface ConnectionHost {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly maxHeaderBytes: number;
  readonly keepAlive: boolean;
  now(): number;
  /** Bytes came in: the event loop polls. Returns the time. */
  polled(): number;
  setDeadline(connection: Connection, at: number): void;
  /** The exchange is over and the connection can be used again. Called before the caller sees the end. */
  released(connection: Connection, now: number): void;
  /** The connection is gone. */
  closed(connection: Connection, cause: CloseCause): void;
  exchangeEnded(exchange: Exchange, now: number): void;
  /** The connection died under the exchange before its head was in; the host tries again or rejects. */
  exchangeFailed(exchange: Exchange, cause: CloseCause, error: unknown): void;
  /** The error that a body cut short by `cause` ends with. */
  bodyError(exchange: Exchange, cause: CloseCause, error: unknown): unknown;
  headersTimedOut(exchange: Exchange, now: number): unknown;
  bodyTimedOut(exchange: Exchange, now: number): unknown;
  /** The response's body is still arriving: somebody must read it. */
  watchBody(exchange: Exchange, response: Response): void;
}
