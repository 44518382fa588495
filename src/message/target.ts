import { resolveObjectURL } from "node:buffer";
import { quotedURL } from "../errors/index.js";
import { environmentURL } from "./environment.js";

/** Where a request goes, worked out once per URL. */
export interface Target {
  /** The normalised URL, without user part and fragment. */
  readonly href: string;
  /** `scheme://host[:port]`. */
  readonly origin: string;
  readonly secure: boolean;
  /** For the resolver: no brackets around IPv6. */
  readonly hostname: string;
  readonly port: number;
  /** Value of the Host field: the port only when it is not the scheme's default. */
  readonly host: string;
  /** Request target in origin form: path and query. */
  readonly path: string;
  /** The URL's user part as the value of an `Authorization` field, where it had one. */
  readonly authorization: string | undefined;
  /** Why no connection can be made for it: the sentence of its error. */
  readonly unsupported: string | undefined;
  /** What a blob: URL stands for: found when the URL is read, so that it may be revoked after that. */
  readonly blob: Blob | undefined;
  /** Kept by the transport: a GET without fields of its own, which is prepared and encoded once. */
  plainGet: unknown;
  /** The same with the `Accept-Encoding` of a client that decodes, which is one value in a program. */
  codedGet: unknown;
}

const CACHE_ENTRIES = 1024; // a crawler's working set of hot URLs; an entry is about 1 KiB
/** A longer URL is seldom asked for twice, and would make the cache large. */
const CACHED_CHARACTERS = 4096;
const cache = new Map<string, Target>();

/**
 * Parses and checks a URL. What was parsed is remembered, since the same few URLs make most of a program's
 * requests and `new URL` costs more than the rest of the request's preparation.
 */
export function parseTarget(url: string): Target {
  const known = cache.get(url);
  if (known !== undefined) return known;
  const target = targetOf(parseURL(url), url);
  if (url.length > CACHED_CHARACTERS) return target;
  if (cache.size >= CACHE_ENTRIES) cache.delete(cache.keys().next().value as string);
  cache.set(url, target);
  return target;
}

/** Parses an absolute http(s) URL, or says what is wrong with it. */
export function parseURL(url: string, base?: string | URL): URL {
  const parsed = parseAnyURL(url, base);
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:")
    throw new TypeError(wrongScheme(url, parsed));
  return parsed;
}

/** Parses an absolute URL of any scheme, or says what is wrong with it. */
function parseAnyURL(url: string, base?: string | URL): URL {
  try {
    return base === undefined ? new URL(url) : new URL(url, base);
  } catch {
    // Node's own error holds the text as it was given, and the base.
    const cause = Object.assign(new TypeError("Invalid URL"), { code: "ERR_INVALID_URL" });
    throw new TypeError(`Cannot request ${quotedURL(url)}: it is not a valid URL${suggestion(url)}`, {
      cause,
    });
  }
}

/** The target of a URL that a request can have and no connection is made for. */
function otherTarget(url: URL): Target {
  const hash = hashOf(url.href);
  return {
    href: url.href.slice(0, url.href.length - hash.length),
    origin: url.origin,
    secure: false,
    hostname: url.hostname,
    port: 0,
    host: url.host,
    path: url.pathname,
    authorization: undefined,
    unsupported: wrongScheme(url.href, url),
    // The query is part of a blob URL's name (URL "blob URL entry"); Node's own look-up leaves it out.
    blob: url.protocol === "blob:" && url.search === "" ? resolveObjectURL(url.href) : undefined,
    plainGet: undefined,
    codedGet: undefined,
  };
}

/** The target of a URL by the rules of fetch, whatever its scheme. @throws TypeError for one with a user part. */
export function fetchTarget(url: string): Target {
  // What has a user part is refused; it is not in the cache of those that were asked for by a client either.
  if (/^https?:\/\/[^/?#\\@]*(?:[/?#]|$)/i.test(url)) return parseTarget(url);
  const parsed = parseAnyURL(url, environmentURL());
  if (parsed.username !== "" || parsed.password !== "") {
    throw new TypeError(
      "Cannot make a Request from a URL with a user name or password; use an Authorization header, or a Client, which makes that header from them",
    );
  }
  return parsed.protocol === "http:" || parsed.protocol === "https:"
    ? parseTarget(parsed.href)
    : otherTarget(parsed);
}

/** The fragment of a URL's text as `URL` writes it, its mark included. */
export function hashOf(url: string): string {
  const at = url.indexOf("#");
  if (at < 0) return "";
  const { href } = new URL(url, environmentURL());
  return href.slice(href.indexOf("#"));
}

function wrongScheme(url: string, { protocol }: URL): string {
  return `Cannot request ${quotedURL(url)}: its scheme is ${JSON.stringify(protocol.slice(0, -1))}, not http or https${suggestion(url)}`;
}

/** Where `Response.redirect` leads: any absolute URL. */
export function redirectLocation(url: string | URL): string {
  try {
    return new URL(url, environmentURL()).href;
  } catch {
    throw new TypeError(`Cannot redirect to ${quotedURL(String(url))}: it is not a valid absolute URL`);
  }
}

function suggestion(url: string): string {
  // `localhost:8080` parses as scheme "localhost"; `10.0.0.1:8080/x` and `example.com/x` do not parse at all.
  const looksLikeHost = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::\d+)?(?:[/?#]|$)/i.test(url);
  if (looksLikeHost) return `; did you mean ${quotedURL(`http://${url}`)}?`;
  return /^\/(?!\/)/.test(url) ? "; a path alone needs the client's baseURL option" : "";
}

function targetOf(url: URL, source: string): Target {
  if (url.hostname === "") throw new TypeError(`Cannot request ${quotedURL(source)}: it has no host`);
  const secure = url.protocol === "https:";
  const hostname = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  const path = `${url.pathname}${queryOf(url)}`;
  return {
    href: `${url.origin}${path}`,
    origin: url.origin,
    secure,
    hostname,
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    host: url.host,
    path,
    authorization: userPart(url),
    unsupported: undefined,
    blob: undefined,
    plainGet: undefined,
    codedGet: undefined,
  };
}

/** The query with its question mark; `search` does not tell an empty query from none, and fetch sends the mark. */
function queryOf(url: URL): string {
  if (url.search !== "") return url.search;
  const [beforeFragment = ""] = url.href.split("#", 1);
  return beforeFragment.endsWith("?") ? "?" : "";
}

function userPart(url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const credentials = `${decodeURIComponentSafely(url.username)}:${decodeURIComponentSafely(url.password)}`;
  return `Basic ${Buffer.from(credentials, "utf8").toString("base64")}`;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone "%" is a legal, if odd, password
  }
}
