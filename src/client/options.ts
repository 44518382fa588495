import type { HeadersInit, RedirectMode, RequestInit } from "../message/index.js";
import type { RoundTripper } from "../transport/index.js";

/** Settings of a `Client`: policy, no connections. */
export interface ClientOptions {
  /** Who sends the requests; default: `defaultTransport`, shared by all clients of the process. */
  transport?: RoundTripper;
  /** What relative URLs are resolved against. */
  baseURL?: string | URL;
  /** Sent with every request that does not set them itself. */
  headers?: HeadersInit;
  /** Milliseconds for a whole call, the body included; default: no limit. */
  timeout?: number;
}

/** What a call can be given: fetch's members, and what fetch lacks. */
export interface Init extends RequestInit {
  /** Milliseconds for this call, its body included; in place of the client's. */
  timeout?: number;
}

export type { RedirectMode };
