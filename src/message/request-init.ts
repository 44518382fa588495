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

/** What a request can be made with: the members of WHATWG fetch (§5.4). Others are ignored, as Web IDL says. */
export interface RequestInit {
  /** The method; `"GET"` by default. Standard methods are normalised to upper case. */
  method?: string;
  /** The request's headers; none by default. */
  headers?: HeadersInit;
  /** The body; none by default. GET and HEAD allow none. */
  body?: BodyInit | null;
  /** Aborts the request, and the reading of its response; none by default. */
  signal?: AbortSignal | null;
  /** How redirects are treated; `follow` unless said otherwise. `manual` gives the 3xx response as it is. */
  redirect?: RedirectMode;
  /** Needed with a body that is a stream: it is sent as it comes, and the response may come before its end. */
  duplex?: "half";
  /** `no-store`, `reload` and `no-cache` send what tells caches on the way so; there is no cache here. */
  cache?: RequestCache;
  /** Hashes of which the body must have one, as of a script: `sha256-…`; else the call rejects. */
  integrity?: string;
  /** The URL that the `Referer` field is made from; none is sent unless it is given. */
  referrer?: string;
  /** How much of the referrer is sent where, redirects included. */
  referrerPolicy?: ReferrerPolicy;
  /** Kept, and without meaning outside of a browser. */
  mode?: RequestMode;
  /** Kept, and without meaning outside of a browser: there are no cookies but a client's. */
  credentials?: RequestCredentials;
  /** Kept, and without meaning outside of a browser: there is no page that a request could outlive. */
  keepalive?: boolean;
  /** How urgent it is, which a server of HTTP/2 is told (RFC 9218): `high` urgency 1, `auto` 3, `low` 5. Without it nothing is said. */
  priority?: "high" | "low" | "auto";
  /** Only null is allowed, as in the Fetch standard. */
  window?: null;
}

/** What a call of a client can say of its request beside what fetch can. */
export interface RequestExtras {
  /** Added to the URL's query. Arrays repeat the name; `undefined` and `null` are left out. */
  query?: Record<string, unknown> | URLSearchParams;
  /** The body, as JSON, with its content type. */
  json?: unknown;
  /** The body, as `application/x-www-form-urlencoded`. */
  form?: Record<string, string | string[]> | URLSearchParams;
  /**
   * Whether sending it twice does no harm. Default: true for GET, HEAD, OPTIONS, TRACE, PUT and DELETE (RFC 9110
   * §9.2.2) and where an `Idempotency-Key` field is present.
   */
  idempotent?: boolean;
  /** Fields after the body, which is then sent chunked; a function is called once the body has been sent. */
  trailers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
  /**
   * Whether the body waits until the server asks for it with a 100 (RFC 9110 §10.1.1): `true` for a second, a number
   * for as many milliseconds; then it goes out all the same. A final answer that comes first ends the call without the
   * body, and costs the connection.
   */
  expectContinue?: boolean | number;
  /** Whether a part of the response is of use before the rest is there, which a server of HTTP/2 is told (RFC 9218). */
  incremental?: boolean;
  /** Called for each 1xx response before the final one. */
  onInformational?: (status: number, headers: Headers) => void;
  /** Told of everything that happens to the call; see {@link Trace}. */
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
    throw new TypeError(`Cannot use priority ${JSON.stringify(priority)}: it must be "high", "low", "auto"`);
  }
  return incremental === true ? `u=${urgency}, i` : `u=${urgency}`;
}

const NORMALISED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const DEFAULT_CONTINUE_WAIT = 1_000; // Go's

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
  if (getMaxListeners(signal) === EventEmitter.defaultMaxListeners) setMaxListeners(SHARED_LISTENERS, signal);
}

/**
 * A signal as it can be relied on. One of a polyfill may have no `reason`, and is followed by one of the platform's.
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
  if ("reason" in signal) return signal;
  const follower = new AbortController();
  const foreign = given as EventTarget & { readonly aborted: boolean };
  if (foreign.aborted) follower.abort();
  else foreign.addEventListener("abort", () => follower.abort(), { once: true });
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
