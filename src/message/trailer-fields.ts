/**
 * Fields that mean something only in a head: they frame, route, authenticate or modify the message, so a trailer
 * that holds one is a mistake or an attempt at smuggling (RFC 9110 §6.5.1).
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "expect",
  "host",
  "keep-alive",
  "location",
  "max-forwards",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "range",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "www-authenticate",
]);

/** Whether a field of this name, in any case, may not stand in a trailer section. */
export function isForbiddenTrailer(name: string): boolean {
  return FORBIDDEN.has(name.toLowerCase());
}
