import { isIP } from "node:net";
import { getPublicSuffix } from "tough-cookie";
import { plainPath } from "./cookie-paths.js";

/** Where a request goes to, as far as cookies are concerned. */
export interface Place {
  /** Without the brackets of IPv6. */
  readonly host: string;
  /** The name somebody registered, all below which is theirs; `undefined` for a public suffix, one label, or an IP. */
  readonly registered: string | undefined;
  /** As the URL has it. */
  readonly pathname: string;
  /** The same without needless encodings. */
  readonly plainPath: string;
  /** Nobody on the way can read or change what is sent: https, or this machine. */
  readonly secure: boolean;
}

export function placeOf(url: string): Place {
  const { hostname, pathname, protocol } = new URL(url);
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  const secure = protocol === "https:" || protocol === "wss:" || isThisMachine(host);
  return { host, registered: registrableDomain(host), pathname, plainPath: plainPath(pathname), secure };
}

function isThisMachine(host: string): boolean {
  const name = host.replace(/(?<!\.)\.+$/, "");
  if (isIP(name) === 4) return name.startsWith("127.");
  return name === "::1" || name === "localhost" || name.endsWith(".localhost");
}

function registrableDomain(host: string): string | undefined {
  // One label is a suffix, or a name of this network that no list knows; a reserved one the library lets pass.
  if (!host.includes(".") || isIP(host) !== 0) return undefined;
  return getPublicSuffix(host, { allowSpecialUseDomain: true, ignoreError: true }) ?? undefined;
}

/** The host and the names above it that may have cookies for it, the nearest first. */
export function namesAbove(host: string): string[] {
  const names = [host];
  if (isIP(host) !== 0) return names;
  for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1))
    names.push(host.slice(dot + 1));
  return names;
}

/** Whether the host is the domain, or below it (RFC 6265 §5.1.3). */
export function isWithin(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && isIP(host) === 0);
}

/** Those who can set cookies for each other: all under one registered name, else the host alone. */
export function siteOf({ host, registered }: Pick<Place, "host" | "registered">): string {
  return registered ?? host;
}

/** The site that a cookie's domain is in. */
export function siteOfDomain(domain: string): string {
  return registrableDomain(domain) ?? domain;
}
