import { quotedURL } from "../errors/index.js";
import {
  createHeaders,
  derivedRequest,
  environmentURL,
  type Headers,
  parseTarget,
  parseURL,
  type ReferrerPolicy,
  type Request,
  type RequestMode,
  type Response,
  requestParts,
  responseHeader,
  type Target,
} from "../message/index.js";
import { callError } from "./call-error.js";
import { withoutCookies } from "./cookie-header.js";
import { originField, refusal } from "./fetch-origin.js";
import type { RedirectPolicy } from "./redirect-policy.js";
import { policyAfter, referrerFor } from "./referrer.js";

/** What never follows to another origin: credentials, for the server or for a proxy. */
export const SENSITIVE: readonly string[] = [
  "authorization",
  "cookie",
  "cookie2",
  "proxy-authorization",
  "proxy-authenticate",
  "www-authenticate",
];
/** What describes a body, and goes with it. `Expect` too: there is nothing to wait for. */
const BODY_HEADERS = [
  "content-encoding",
  "content-language",
  "content-location",
  "content-type",
  "content-length",
  "transfer-encoding",
  "trailer",
  "expect",
];

/** The request that a redirect asks for; `referer` is the one the user gave, `hops` where the call went so far. */
export function redirectedRequest(
  request: Request,
  response: Response,
  locations: readonly string[],
  policy: RedirectPolicy,
  referer: string | undefined,
  hops: readonly Target[],
): Request {
  const { target, source } = requestParts(request);
  const [location = ""] = locations;
  const url = resolveLocation(request, location);
  for (const other of locations.slice(1)) {
    if (other !== location && resolveLocation(request, other).href !== url.href) throw notOnePlace(request);
  }
  const refused = policy.toTheLetter ? refusal(request.mode, url, hops) : undefined;
  if (refused !== undefined) throw callError(request, "ERR_TRUNKLINE_BAD_REDIRECT", refused, "headers");
  const next = parseTarget(url.href);
  if (target.secure && !next.secure && !policy.allowInsecureRedirects) {
    throw callError(
      request,
      "ERR_TRUNKLINE_INSECURE_REDIRECT",
      `the server redirected from https to ${next.origin}, which is unencrypted; set allowInsecureRedirects to follow it`,
    );
  }
  const method = methodAfter(request.method, response.status);
  // A HEAD or GET has no body to drop; a 303 drops any other's.
  const dropsBody = method !== request.method;
  const needsBody = !dropsBody || (policy.toTheLetter && response.status !== 303);
  if (needsBody && source !== undefined && !source.replayable) {
    throw callError(
      request,
      "ERR_TRUNKLINE_BODY_NOT_REPLAYABLE",
      `the redirect (${response.status}) asks for the body again, but it is a stream that can be sent only once; use a string, bytes or a Blob`,
      "write",
    );
  }
  const headers = createHeaders(requestParts(request).headers);
  if (dropsBody) for (const name of BODY_HEADERS) headers.delete(name);
  const sameOrigin = next.origin === target.origin;
  if (!sameOrigin) {
    for (const name of SENSITIVE) headers.delete(name);
    for (const name of policy.sensitiveHeaders) headers.delete(name);
  } else {
    if (
      target.authorization !== undefined &&
      next.authorization === undefined &&
      !headers.has("authorization")
    ) {
      headers.set("authorization", target.authorization);
    }
    if (policy.cookies !== undefined) dropChangedCookies(headers, response);
  }
  // A Host of the user's own is for this server under that name; an absolute Location names the server anew.
  if (!sameOrigin || isAbsolute(location)) headers.delete("host");
  const referrerPolicy = policyAfter(responseHeader(response, "referrer-policy"), request.referrerPolicy);
  setReferer(headers, request, next, referrerPolicy, policy, referer);
  if (policy.toTheLetter) setOrigin(headers, method, request.mode, referrerPolicy, [...hops, next]);
  const derived = derivedRequest(request, {
    method,
    target: next,
    hash: url.hash === "" ? new URL(request.url).hash : url.hash,
    headers,
    ...(referrerPolicy === request.referrerPolicy ? {} : { modes: { referrerPolicy } }),
    ...(dropsBody ? { source: undefined } : {}),
  });
  if (dropsBody) {
    derived.trailers = undefined;
    void source?.cancel(); // a stream that will not be read is closed
  }
  return derived;
}

function notOnePlace(request: Request): Error {
  return callError(
    request,
    "ERR_TRUNKLINE_BAD_REDIRECT",
    'the server redirected to several places at once: its Location fields differ; use redirect: "manual" to choose one',
    "headers",
  );
}

function resolveLocation(request: Request, location: string): URL {
  // Field values are bytes; servers that do not escape mean UTF-8, as every browser reads it.
  const text = /[\x80-\xff]/.test(location) ? Buffer.from(location, "latin1").toString("utf8") : location;
  try {
    return parseURL(text, request.url);
  } catch (cause) {
    throw callError(
      request,
      "ERR_TRUNKLINE_BAD_REDIRECT",
      `the server redirected to ${quotedURL(text)}, which is not an http or https URL`,
      "headers",
      cause,
    );
  }
}

/** Only POST becomes GET on 301 and 302; on 303 everything does but HEAD (WHATWG Fetch §4.5). */
function methodAfter(method: string, status: number): string {
  if (status === 303) return method === "HEAD" ? method : "GET";
  if ((status === 301 || status === 302) && method === "POST") return "GET";
  return method;
}

function isAbsolute(location: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|\/\/|\\\\|\/\\)/i.test(location.trim());
}

/**
 * What the program gave as a field stays, except from https to http. What it named as `referrer` is made anew for each
 * hop; where it named none, a client shows where it comes from, as Go does. The policy counts for all. In fetch, what one
 * hop was not shown, no later one is (Fetch §4.1 "main fetch" replaces the request's referrer).
 */
function setReferer(
  headers: Headers,
  request: Request,
  to: Target,
  referrerPolicy: ReferrerPolicy,
  policy: RedirectPolicy,
  given: string | undefined,
): void {
  const { target: from } = requestParts(request);
  if (given !== undefined) {
    if (from.secure && !to.secure) headers.delete("referer");
    else headers.set("referer", given);
    return;
  }
  const source = policy.toTheLetter ? headers.get("referer") : referrerSource(request.referrer, from);
  const value = source === null ? undefined : referrerFor(source, to, referrerPolicy);
  if (value === undefined) headers.delete("referer");
  else headers.set("referer", value);
}

function referrerSource(named: string, from: Target): string | null {
  if (named === "about:client") return from.href;
  return named === "" ? null : named;
}

function setOrigin(
  headers: Headers,
  method: string,
  mode: RequestMode,
  referrerPolicy: ReferrerPolicy,
  hops: readonly Target[],
): void {
  if (environmentURL() === undefined) return;
  const origin = originField({ method, mode, referrerPolicy, hops });
  if (origin === undefined) headers.delete("origin");
  else headers.set("origin", origin);
}

function dropChangedCookies(headers: Headers, response: Response): void {
  const own = headers.get("cookie");
  if (own === null) return;
  const changed = response.headers
    .getSetCookie()
    .map((line) => line.slice(0, Math.max(0, line.indexOf("="))).trim());
  if (changed.length === 0) return;
  const kept = withoutCookies(own, new Set(changed));
  if (kept === "") headers.delete("cookie");
  else headers.set("cookie", kept);
}
