import type { Request, Response } from "../message/index.js";

/** Sends one request and gives its response: the seam between policy and connections, as Go's `RoundTripper`. */
export interface RoundTripper {
  /** One exchange, or two by the rule of safe retry; no policy of the call. */
  roundTrip(request: Request): Promise<Response>;
}

/** Connection counts, and totals since the transport was made. */
export interface Counts {
  readonly dialing: number;
  readonly active: number;
  readonly idle: number;
  readonly draining: number;
  readonly waiting: number;
  readonly opened: number;
  readonly closed: number;
  readonly requests: number;
  readonly reused: number;
  /** Requests on connections now: over HTTP/2 there can be many on one. */
  readonly streams: number;
}

/** The key under which tests pass a runtime of their own in the options. */
export const runtimeOption: unique symbol = Symbol("trunkline.runtime");

/** What a call can tell the transport beside the request. */
export interface ExchangeOptions {
  /** The `Accept-Encoding` of a caller that decodes; sent unless the request has one, a `Range`, or is a HEAD. */
  readonly acceptEncoding: string | undefined;
  /** When the whole call must be over, in the runtime's milliseconds, and the limit that made it so; `Infinity` for none. */
  readonly deadline: number;
  readonly timeout: number;
  /** Whether only a connection that is dialed for it will do, as after a 421. */
  readonly fresh: boolean;
}
