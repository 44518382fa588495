import type { Request, Response } from "../message/index.js";

/** Sends one request and returns its response: the seam between policy and connections, as in Go's `RoundTripper`. */
export interface RoundTripper {
  /**
   * Sends the request once, or again by the rules of safe retry. Redirects, cookies, credentials and retries are the
   * client's job.
   */
  roundTrip(request: Request): Promise<Response>;
}

/** What a transport, or one of its routes, holds now, and its totals since the transport was made. */
export interface Counts {
  /** Connections being made now. */
  readonly dialing: number;
  /** Connections that carry a request now and can be used again afterwards. */
  readonly active: number;
  /** Open connections that carry no request now. */
  readonly idle: number;
  /** Connections that carry a request now and close when it ends. */
  readonly draining: number;
  /** Requests that wait for a connection now, with or without a dial under way for them. */
  readonly waiting: number;
  /** Connections begun so far, failed dials included; `opened - closed` exist now. */
  readonly opened: number;
  /** Connections closed so far, failed dials included. */
  readonly closed: number;
  /** Requests that were given a connection so far; one that is sent twice counts twice. */
  readonly requests: number;
  /** Those of `requests` whose connection had carried a request before. */
  readonly reused: number;
  /** Requests on connections now: one for each busy HTTP/1.1 connection, any number on an HTTP/2 connection. */
  readonly streams: number;
}

/** The key under which tests pass a runtime of their own in the options. */
export const runtimeOption: unique symbol = Symbol("trunkline.runtime");

/** What a call can give the transport beside the request. */
export interface ExchangeOptions {
  /** The `Accept-Encoding` of a caller that decodes; sent unless the request has one, a `Range`, or is a HEAD. */
  readonly acceptEncoding: string | undefined;
  /** When the whole call must be over, in the runtime's milliseconds, and the limit that made it so; `Infinity` for none. */
  readonly deadline: number;
  readonly timeout: number;
  /** Whether only a connection that is dialed for it will do, as after a 421. */
  readonly fresh: boolean;
}
