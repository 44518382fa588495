import type { HeadersInit, RedirectMode, RequestExtras, RequestInit } from "../message/index.js";
import type { Trace } from "../trace/index.js";
import type { RoundTripper } from "../transport/index.js";
import type { AuthOptions } from "./auth/index.js";
import type { CookieJar } from "./cookies/index.js";
import type { DecompressOptions } from "./decode/index.js";
import type { ProgressListener } from "./progress.js";
import type { RedirectListener } from "./redirect-policy.js";
import type { RetryOptions } from "./retry-options.js";

/** Wraps a round tripper in another: `use: [(next) => ({ roundTrip: (request) => next.roundTrip(request) })]`. */
export type Middleware = (next: RoundTripper) => RoundTripper;

/** What a client is told once and a call can be told otherwise. */
export interface CallOptions {
  /**
   * Milliseconds for a whole call: all its exchanges, the waits between them, and the body; default: no limit, which is
   * `Infinity` where a call is to have none and its client has one.
   */
  timeout?: number;
  /** Milliseconds for each attempt, until the head of its response; `retry` sends again what took longer. Default: none. */
  attemptTimeout?: number;
  /** What happens to a 301, 302, 303, 307 or 308; default `"follow"`. `"manual"` gives the response as it is. */
  redirect?: RedirectMode;
  /** Redirects that are followed before the call is given up; default 20. */
  maxRedirects?: number;
  /** Whether a redirect may lead from https to http; default false: the call is rejected. */
  allowInsecureRedirects?: boolean;
  /** Called before each redirect is followed; see {@link RedirectListener}. */
  onRedirect?: RedirectListener;
  /**
   * Whether bodies with a `Content-Encoding` are decoded and such are asked for; default true. The limits are on
   * always: 128 MiB; 1,100 bytes out of one once past 1 MiB, and 500 once past 32 MiB.
   */
  decompress?: boolean | DecompressOptions;
  /** Bytes of a response's body, decoded, beyond which it is an error; default: no limit. */
  maxResponseBytes?: number;
  /** Whether a status of 400 or more rejects the call with an `HTTPError`; default false, as in fetch. */
  throwOnError?: boolean;
  /** Sends again what failed for now; default false: only the transport's safe retry. */
  retry?: RetryOptions | boolean;
  /** Credentials, sent to the allowed origins only. An `Authorization` header of the request wins. */
  auth?: AuthOptions;
}

/** Settings of a `Client`: policy, no connections. */
export interface ClientOptions extends CallOptions {
  /** Who sends the requests; default: `defaultTransport`, shared by all clients of the process. */
  transport?: RoundTripper;
  /** Told of everything that happens to this client's calls, before a call's own trace is. */
  trace?: Trace;
  /** What relative URLs are put behind: with `https://api.example.com/v1`, both `users` and `/users` are `/v1/users`. */
  baseURL?: string | URL;
  /**
   * How a relative URL and `baseURL` become one. `"join"` (default): its path goes behind that of `baseURL`, with one
   * slash between them. `"resolve"`: as `new URL(url, baseURL)`, where `/users` begins at the root and the last segment
   * of a `baseURL` without a slash at its end is replaced.
   */
  relativeURLs?: "join" | "resolve";
  /**
   * Where `auth`, and of `headers` the `Authorization`, `Cookie`, `Proxy-Authorization` and what `sensitiveHeaders`
   * names, may go, also when a call names an absolute URL; default: the origin of `baseURL`.
   */
  origins?: string[];
  /** Sent with every request that does not set them itself. */
  headers?: HeadersInit;
  /** Names of headers that are credentials, like `Authorization`: see `origins`; they follow no redirect to another origin. */
  sensitiveHeaders?: string[];
  /** A jar, or `true` for one in memory. Clients made with `extend` share it. */
  cookies?: CookieJar | boolean;
  /** Around each call, the first outermost; redirects and retries happen inside. See docs/guides/middleware.md. */
  use?: Middleware[];
}

/**
 * What a call can be given: fetch's members, and what fetch lacks. In the verbs a header whose value is `undefined` or
 * `null` is not sent, a default of the client neither.
 */
export interface Init extends RequestInit, RequestExtras, CallOptions {
  /** `"follow"` (default) follows redirects, `"manual"` returns the 3xx response, `"error"` rejects. */
  redirect?: RedirectMode;
  /** Told of the body's bytes on their way, up and down. */
  onProgress?: ProgressListener;
}
