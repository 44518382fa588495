import type { HeadersInit, RedirectMode, RequestExtras, RequestInit } from "../message/index.js";
import type { Trace } from "../trace/index.js";
import type { RoundTripper } from "../transport/index.js";
import type { AuthOptions } from "./auth/index.js";
import type { CookieJar } from "./cookies/index.js";
import type { DecompressOptions } from "./decode/index.js";
import type { ProgressListener } from "./progress.js";
import type { RedirectListener } from "./redirect-policy.js";
import type { RetryOptions } from "./retry-options.js";

/** Wraps a round tripper in another one: `use: [(next) => ({ roundTrip: (request) => next.roundTrip(request) })]`. */
export type Middleware = (next: RoundTripper) => RoundTripper;

/** Options of a client that a single call can override. */
export interface CallOptions {
  /**
   * Milliseconds for the whole call: redirects, retries, the waits between them, and the body. Default: no limit. With
   * `Infinity` a call has no limit although its client has one. Passing it is a `TimeoutError`.
   */
  timeout?: number;
  /**
   * Milliseconds for each attempt, until the head of its response; with `retry`, an attempt that takes longer is
   * retried. Default: no limit.
   */
  attemptTimeout?: number;
  /** What to do with a 301, 302, 303, 307 or 308; default `"follow"`. `"manual"` returns the 3xx response. */
  redirect?: RedirectMode;
  /** The most redirects to follow; one more rejects the call. Default 20. */
  maxRedirects?: number;
  /** Whether a redirect may lead from https to http. Default false: such a redirect rejects the call. */
  allowInsecureRedirects?: boolean;
  /** Called before each redirect is followed; see {@link RedirectListener}. */
  onRedirect?: RedirectListener;
  /**
   * Whether to ask for compressed bodies and decode them; default true. The limits always hold: 128 MiB, and for each
   * received byte 1,100 decoded ones past 1 MiB, 500 past 32 MiB.
   */
  decompress?: boolean | DecompressOptions;
  /** The most bytes of a response's body, after decoding; more is an error. Default: no limit. */
  maxResponseBytes?: number;
  /** Whether a status of 400 or more rejects the call with an {@link HTTPError}; default false, as in fetch. */
  throwOnError?: boolean;
  /**
   * Whether to retry failures that may pass, and how; default false: only the transport's safe retry. `true` means the
   * defaults of {@link RetryOptions}.
   */
  retry?: RetryOptions | boolean;
  /** Credentials, sent only to `origins`. An `Authorization` header of the request wins. Default: none. */
  auth?: AuthOptions;
}

/** Options of a `Client`: policy, not connections. */
export interface ClientOptions extends CallOptions {
  /** What sends the requests; default: `defaultTransport`, which all clients of the process share. */
  transport?: RoundTripper;
  /** Hooks for everything that happens to this client's calls; they run before those of a call's own `trace`. */
  trace?: Trace;
  /** Comes before relative URLs: with `https://api.example.com/v1`, both `users` and `/users` become `/v1/users`. */
  baseURL?: string | URL;
  /**
   * How a relative URL and `baseURL` are put together. `"join"` (default) appends the path to that of `baseURL`, with
   * one slash between them. `"resolve"` does what `new URL(url, baseURL)` does: `/users` starts at the root, and the
   * last segment of a `baseURL` that does not end in a slash is replaced.
   */
  relativeURLs?: "join" | "resolve";
  /**
   * The origins that may get this client's credentials: `auth`, and of `headers` those named `Authorization`, `Cookie`,
   * `Proxy-Authorization` or in `sensitiveHeaders`. It also holds for calls with an absolute URL. Default: the origin
   * of `baseURL`.
   */
  origins?: string[];
  /** Headers for every request that does not set them itself; default none. */
  headers?: HeadersInit;
  /**
   * Names of further headers that are credentials, as `Authorization` is: they go to `origins` only and are dropped on
   * a redirect to another origin. Default none.
   */
  sensitiveHeaders?: string[];
  /** A cookie jar, or `true` for one in memory; default false. Clients made with `extend` share it. */
  cookies?: CookieJar | boolean;
  /** Middleware around each call, the first outermost; redirects and retries happen inside it (docs/guides/middleware.md). */
  use?: Middleware[];
}

/**
 * Options of a call: fetch's members and what fetch lacks. A header set to `undefined` or `null` is not sent, even when
 * the client has a default for it.
 */
export interface Init extends RequestInit, RequestExtras, CallOptions {
  /** `"follow"` (default) follows redirects, `"manual"` returns the 3xx response, `"error"` rejects. */
  redirect?: RedirectMode;
  /** Called as the request's body goes up and the response's comes down; see {@link Progress}. */
  onProgress?: ProgressListener;
}
