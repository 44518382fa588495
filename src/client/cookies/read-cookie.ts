import { Cookie } from "tough-cookie";
import { canonicalPath, defaultPath } from "./cookie-paths.js";
import { isWithin, type Place, siteOf, siteOfDomain } from "./cookie-place.js";
import type { StoredCookie } from "./cookie-store.js";

/** A cookie as the jar keeps it. */
export interface KeptCookie extends StoredCookie {
  /** See `siteOf`. */
  readonly site: string;
  /** See `canonicalPath`. */
  readonly comparedPath: string;
  /** Tells apart cookies that were made in the same millisecond. */
  readonly order: number;
  /** Bytes it takes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  usedAt: number;
}

/** Beyond this a field is an attack or a mistake; RFC 6265 §6.1 asks for 4,096 bytes. */
const MAX_FIELD = 8_192;
/**
 * A field with one is left out whole (RFC 6265bis §5.6); its cookie could not be sent either. The library cuts a field
 * at NUL, CR and LF, as the http-state cases want it; none of the three can come over the wire.
 */
const CONTROLS = /[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** Without a prototype, as `ownMembers` does it, whose file would have to be loaded with this one. */
const bare = <T extends object>(given: T): T => Object.assign(Object.create(null) as object, given) as T;
const STRICT = bare({ loose: false });

let lastOrder = 0;

/** The cookie of a `Set-Cookie` field; `undefined` for one that must not be kept (RFC 6265bis §5.7). */
export function readCookie(field: string, place: Place, now: number): KeptCookie | undefined {
  if (field.length > MAX_FIELD || CONTROLS.test(field)) return undefined;
  const read = parsed(field);
  if (read === undefined || (read.secure && !place.secure)) return undefined;
  const scope = scopeOf(read, place);
  if (scope === undefined || !keepsPromise(read, scope.hostOnly, place)) return undefined;
  const { sameSite } = read;
  const expires = expiry(read, now);
  return keptCookie(
    {
      name: read.key,
      value: read.value,
      ...scope,
      path: read.path?.startsWith("/") === true ? read.path : defaultPath(place.pathname),
      ...(Number.isFinite(expires) || expires < 0 ? { expires } : {}),
      secure: read.secure,
      httpOnly: read.httpOnly,
      ...(sameSite === "strict" || sameSite === "lax" || sameSite === "none" ? { sameSite } : {}),
      created: now,
    },
    siteOf(place),
    now,
  );
}

/** What the library reads, which takes what a field does not say from `Object.prototype` where something is put there. */
function parsed(field: string): Cookie | undefined {
  const read = Cookie.parse(field, STRICT);
  if (read === undefined) return undefined;
  const unsaid = new Cookie();
  if (read.path === unsaid.path) read.path = null;
  if (read.domain === unsaid.domain) read.domain = null;
  if (read.maxAge === unsaid.maxAge) read.maxAge = null;
  if (read.expires === unsaid.expires) read.expires = "Infinity";
  return read;
}

/** A cookie from a file. */
export function restoredCookie(cookie: StoredCookie): KeptCookie {
  return keptCookie(cookie, siteOfDomain(cookie.domain), cookie.created);
}

/** A cookie with what the jar notes of it. */
function keptCookie(cookie: StoredCookie, site: string, usedAt: number): KeptCookie {
  const { name, value, domain, path } = cookie;
  lastOrder += 1;
  return bare({
    ...cookie,
    site,
    comparedPath: canonicalPath(path),
    order: lastOrder,
    size: name.length + value.length + domain.length + path.length,
    usedAt,
  });
}

/** Whom it goes to: the `Domain` it names, where that is the host's own, else the host alone. */
function scopeOf(
  read: Cookie,
  { host, registered }: Place,
): { domain: string; hostOnly: boolean } | undefined {
  const domain = domainOf(read);
  if (domain === "") return { domain: host, hostOnly: true };
  if (!isWithin(host, domain)) return undefined;
  // A name that nobody registered, such as "co.uk": one who has it himself may have cookies for it alone.
  if (registered === undefined) return host === domain ? { domain, hostOnly: true } : undefined;
  return isWithin(domain, registered) ? { domain, hostOnly: false } : undefined;
}

/** The `Domain` as hosts are written; empty where there is none. One that is not a name stays, and matches no host. */
function domainOf({ domain }: Cookie): string {
  if (domain === null || !/[^\x21-\x7e]/.test(domain)) return domain ?? "";
  // Fields are bytes, read as latin1, and a name beyond ASCII is UTF-8.
  const name = /[^\0-\xff]/.test(domain) ? domain : Buffer.from(domain, "latin1").toString("utf8");
  return URL.canParse(`http://${name}/`) ? new URL(`http://${name}/`).hostname : domain;
}

/** What the prefixes of names promise, in any case: a server that reads them by another would be deceived. */
function keepsPromise(read: Cookie, hostOnly: boolean, place: Place): boolean {
  const prefix = /^__(?:secure|host-http|host|http)-/i.exec(read.key)?.[0].toLowerCase();
  if (prefix === undefined) return true;
  if (!read.secure || !place.secure) return false;
  if (prefix.includes("http") && !read.httpOnly) return false;
  return !prefix.startsWith("__host") || (hostOnly && read.domain === null && read.path === "/");
}

/** When it ends, in milliseconds since 1970. `Max-Age` wins over `Expires` (RFC 6265 §5.3). */
function expiry({ maxAge, expires }: Cookie, now: number): number {
  if (typeof maxAge === "number") return maxAge <= 0 ? Number.NEGATIVE_INFINITY : now + maxAge * 1000;
  if (maxAge === "Infinity") return Number.POSITIVE_INFINITY;
  if (maxAge === "-Infinity") return Number.NEGATIVE_INFINITY;
  return expires instanceof Date ? expires.getTime() : Number.POSITIVE_INFINITY;
}
