import { EventEmitter, getMaxListeners, setMaxListeners } from "node:events";
import type { Trace } from "../trace/index.js";
import { type BodyInit, bodySource, formBody, jsonBody } from "./body-source.js";
import type { Headers, HeadersInit } from "./headers.js";
import type {
  RedirectMode,
  ReferrerPolicy,
  RequestCache,
  RequestCredentials,
  RequestMode,
} from "./request-members.js";
import type { BodySource } from "./source.js";

/** Options of a request: the members of WHATWG fetch (§5.4). Others are ignored, as in Web IDL. */
export interface RequestInit {
  /** The method; default `"GET"`. Fetch's standard methods are normalised to upper case. */
  method?: string;
  /** The request's headers; default none. */
  headers?: HeadersInit;
  /** The body; default none. Not allowed with GET and HEAD. */
  body?: BodyInit | null;
  /** Aborts the request, and the reading of its response; default none. */
  signal?: AbortSignal | null;
  /** What to do with a redirect; default `"follow"`. */
  redirect?: RedirectMode;
  /** Required with a body that can be read only once, such as a stream. The response may come before the body's end. */
  duplex?: "half";
  /** There is no cache here; `no-store`, `reload` and `no-cache` send headers that say so to caches on the way. */
  cache?: RequestCache;
  /** Subresource Integrity hashes (`sha256-…`); the call rejects when the response's body matches none of them. */
  integrity?: string;
  /** The URL for the `Referer` header; default: no `Referer`. */
  referrer?: string;
  /** How much of the referrer is sent, and to whom, redirects included; default `strict-origin-when-cross-origin`. */
  referrerPolicy?: ReferrerPolicy;
  /** Kept, but without effect outside a browser. */
  mode?: RequestMode;
  /** Kept, but without effect outside a browser: the only cookies are those of a client's jar. */
  credentials?: RequestCredentials;
  /** Kept, but without effect outside a browser: there is no page for a request to outlive. */
  keepalive?: boolean;
  /**
   * The urgency sent to an HTTP/2 server in the `priority` header (RFC 9218): `high` is 1, `auto` is 3, `low` is 5.
   * Default: no header.
   */
  priority?: "high" | "low" | "auto";
  /** Only `null` is allowed, as in the Fetch standard. */
  window?: null;
}

/** What a client's call can set in its request beyond fetch. */
export interface RequestExtras {
  /** Added to the URL's query. An array repeats its name; `undefined` and `null` are left out. */
  query?: Record<string, unknown> | URLSearchParams;
  /** The body as JSON, with the content type `application/json` unless the headers set one. */
  json?: unknown;
  /** The body as `application/x-www-form-urlencoded`. */
  form?: Record<string, string | string[]> | URLSearchParams;
  /**
   * Whether sending the request twice does no harm. Default: true for GET, HEAD, OPTIONS, TRACE, PUT and DELETE
   * (RFC 9110 §9.2.2), and with an `Idempotency-Key` or `X-Idempotency-Key` header.
   */
  idempotent?: boolean;
  /** Trailer fields, sent after the body (chunked over HTTP/1.1); a function is called once the body has been sent. */
  trailers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
  /**
   * Whether the body waits for `100 Continue` (RFC 9110 §10.1.1): `true` waits a second, as Go does, a number that many
   * milliseconds; then the body is sent anyway. If a final response comes first, the body is not sent and an HTTP/1.1
   * connection closes. Default false.
   */
  expectContinue?: boolean | number;
  /** Whether you can use a part of the response before the rest arrives; sent to an HTTP/2 server (RFC 9218). Default false. */
  incremental?: boolean;
  /** Called with the status and headers of each 1xx response before the final one. */
  onInformational?: (status: number, headers: Headers) => void;
  /** Hooks for what happens to the call; see {@link Trace}. */
  trace?: Trace;
}

const URGENCY: Readonly<Record<string, number>> = { high: 1, auto: 3, low: 5 };

/**
 * What the `priority` field says (RFC 9218) of a request of this priority; undefined where nothing was said.
 *
 * @throws TypeError for a priority that fetch does not know.
 */
export function priorityField(
  priority: string | undefined,
  incremental: boolean | undefined,
): string | undefined {
  if (priority === undefined && incremental === undefined) return undefined;
  const urgency = Object.hasOwn(URGENCY, priority ?? "auto") ? URGENCY[priority ?? "auto"] : undefined;
  if (urgency === undefined) {
    throw new TypeError(
      `Cannot use priority ${JSON.stringify(priority)}: it must be "high", "low" or "auto"`,
    );
  }
  return incremental === true ? `u=${urgency}, i` : `u=${urgency}`;
}

const NORMALISED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** How long a body waits for a 100, in milliseconds, where nobody says how long; Go's. */
export const DEFAULT_CONTINUE_WAIT = 1_000;

/** `expectContinue` in milliseconds. @throws RangeError for what is no time. */
export function continueWait(value: boolean | number): number | undefined {
  if (value === false) return undefined;
  if (value === true) return DEFAULT_CONTINUE_WAIT;
  if (typeof value === "number" && value >= 0) return value;
  throw new RangeError(
    `Cannot use ${String(value)} for expectContinue: it must be true, false or milliseconds`,
  );
}

/** One signal for many requests at once is common, and no leak: each takes its listener away when it ends. */
const SHARED_LISTENERS = 10_000;

/** Keeps Node from warning of a leak at the eleventh request; a limit that the program has set stays. */
function allowSharing(signal: AbortSignal): void {
  if (!(signal instanceof EventTarget)) return;
  let most: number;
  try {
    most = getMaxListeners(signal);
  } catch {
    return; // jsdom and polyfills replace the global EventTarget by one that Node does not know, and that counts nothing
  }
  if (most === EventEmitter.defaultMaxListeners) setMaxListeners(SHARED_LISTENERS, signal);
}

/**
 * A signal as it can be relied on. One of a polyfill, which may have no `reason` and which `AbortSignal.any` refuses, is
 * followed by one of the platform's.
 * @throws TypeError for what cannot abort anything.
 */
export function checkedSignal(given: unknown): AbortSignal | undefined {
  if (given === undefined || given === null) return undefined;
  const signal = given as AbortSignal;
  if (typeof signal.addEventListener !== "function" || typeof signal.aborted !== "boolean") {
    throw new TypeError(
      "Cannot use this as signal: it is not an AbortSignal; pass the signal of an AbortController",
    );
  }
  allowSharing(signal);
  if (signal instanceof AbortSignal && "reason" in signal) return signal;
  const follower = new AbortController();
  const foreign = given as EventTarget & { readonly aborted: boolean; readonly reason?: unknown };
  if (foreign.aborted) follower.abort(foreign.reason);
  else foreign.addEventListener("abort", () => follower.abort(foreign.reason), { once: true });
  return follower.signal;
}

/** The body that an init describes: at most one of `body`, `json` and `form`. */
export function bodyOf(init: RequestInit & RequestExtras): BodySource | undefined {
  const { body, json, form } = init;
  const given =
    (body !== undefined && body !== null ? 1 : 0) +
    (json !== undefined ? 1 : 0) +
    (form !== undefined ? 1 : 0);
  if (given > 1) throw new TypeError("Cannot send more than one of body, json and form");
  if (json !== undefined) return jsonBody(json);
  if (form !== undefined) return formBody(form);
  if (body === undefined || body === null) return undefined;
  return bodySource(body);
}

/** Checks a method and normalises it as fetch does: `get` becomes `GET`, `patch` stays. */
export function normaliseMethod(method: string): string {
  const upper = typeof method === "string" ? method.toUpperCase() : "";
  if (NORMALISED.has(upper)) return upper;
  if (typeof method !== "string" || !TOKEN.test(method)) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(method)} as a method: it is not a token (RFC 9110 §9.1)`,
    );
  }
  return method;
}
