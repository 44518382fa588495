import { coversPath } from "./cookie-paths.js";
import { isWithin, namesAbove, type Place, siteOf } from "./cookie-place.js";
import type { KeptCookie } from "./read-cookie.js";

/** As browsers have it. */
const MAX_PER_DOMAIN = 180;
const MAX_COOKIES = 3_000;
const MAX_BYTES = 8 * 1024 * 1024;

/** The cookies of everything under one registrable domain: those who can set cookies for each other. */
interface Site {
  readonly domains: Map<string, Map<string, KeptCookie>>;
  count: number;
  /** Of them. */
  secure: number;
}

/**
 * Cookies by site and domain, within bounds. Where one has to go it is an expired one, else one that is not Secure,
 * else the least recently used: first of the domain that is full, then of the site that takes most of the jar, so that
 * no server can push out the cookies of another.
 */
export class CookieShelf {
  /** The least recently used first. */
  readonly #sites = new Map<string, Site>();
  readonly #full = new Set<ReadonlyMap<string, KeptCookie>>();
  #count = 0;
  #bytes = 0;

  /** Keeps a cookie, in place of the one of the same name, domain and path. {@link trim} is to follow. */
  put(cookie: KeptCookie): void {
    const { domain } = cookie;
    const site = this.#touch(cookie.site);
    let cookies = site.domains.get(domain);
    if (cookies === undefined) {
      cookies = new Map();
      site.domains.set(domain, cookies);
    }
    const key = keyOf(cookie);
    const before = cookies.get(key);
    site.secure += Number(cookie.secure) - Number(before?.secure ?? false);
    this.#bytes += cookie.size - (before?.size ?? 0);
    if (before === undefined) {
      this.#count += 1;
      site.count += 1;
      cookies.set(key, cookie);
    } else {
      // Its age decides its place among the others, and does not change with its value (RFC 6265 §5.3).
      cookies.set(key, { ...cookie, created: before.created, order: before.order });
    }
    if (cookies.size > MAX_PER_DOMAIN) this.#full.add(cookies);
  }

  /** Drops what is too much, once for all that a response brought: one by one each would look at all others. */
  trim(now: number): void {
    for (const cookies of this.#full) this.#dropWorst([cookies], cookies.size - MAX_PER_DOMAIN, now);
    this.#full.clear();
    while (this.#count > MAX_COOKIES || this.#bytes > MAX_BYTES) {
      this.#dropWorst([...this.#largest().domains.values()], Math.max(1, this.#count - MAX_COOKIES), now);
    }
  }

  remove(cookie: KeptCookie): void {
    const known = this.#sites.get(cookie.site)?.domains.get(cookie.domain)?.get(keyOf(cookie));
    if (known !== undefined) this.#drop(known);
  }

  /** The cookies that go with a request, in no order. */
  *matching(place: Place, now: number): Generator<KeptCookie> {
    const name = siteOf(place);
    if (!this.#sites.has(name)) return;
    const { domains } = this.#touch(name);
    for (const domain of namesAbove(place.host)) {
      for (const cookie of domains.get(domain)?.values() ?? []) {
        if (cookie.hostOnly && domain !== place.host) continue;
        if (cookie.secure && !place.secure) continue;
        if (isExpired(cookie, now)) continue;
        const { comparedPath } = cookie;
        if (coversPath(comparedPath, place.pathname) || coversPath(comparedPath, place.plainPath))
          yield cookie;
      }
    }
  }

  /**
   * Whether a cookie that came in the clear would stand in for a Secure one, which somebody on the way may want
   * (RFC 6265bis §5.7 "leave Secure cookies alone").
   */
  shadowsSecure(cookie: KeptCookie, now: number): boolean {
    const site = this.#sites.get(cookie.site);
    if (site === undefined || site.secure === 0) return false;
    for (const [domain, cookies] of site.domains) {
      if (!isWithin(domain, cookie.domain) && !isWithin(cookie.domain, domain)) continue;
      for (const other of cookies.values()) {
        if (!other.secure || other.name !== cookie.name || isExpired(other, now)) continue;
        if (coversPath(other.comparedPath, cookie.comparedPath)) return true;
      }
    }
    return false;
  }

  *all(): Generator<KeptCookie> {
    for (const { domains } of this.#sites.values()) {
      for (const cookies of domains.values()) yield* cookies.values();
    }
  }

  clear(): void {
    this.#sites.clear();
    this.#count = 0;
    this.#bytes = 0;
  }

  #touch(name: string): Site {
    const site = this.#sites.get(name) ?? { domains: new Map(), count: 0, secure: 0 };
    this.#sites.delete(name);
    this.#sites.set(name, site);
    return site;
  }

  #largest(): Site {
    let largest: Site | undefined;
    for (const site of this.#sites.values()) {
      if (site.count > (largest?.count ?? 0)) largest = site;
    }
    return largest as Site;
  }

  /** Drops so many of these, if there are, the least valuable first; of equals the one that was there first. */
  #dropWorst(groups: readonly ReadonlyMap<string, KeptCookie>[], count: number, now: number): void {
    const worth = (cookie: KeptCookie): number =>
      isExpired(cookie, now) ? -1 : cookie.usedAt + (cookie.secure ? SECURE_WORTH : 0);
    const all = groups.flatMap((cookies) => [...cookies.values()]);
    for (const cookie of all.sort((a, b) => worth(a) - worth(b)).slice(0, count)) this.#drop(cookie);
  }

  #drop(cookie: KeptCookie): void {
    const name = cookie.site;
    const site = this.#sites.get(name) as Site;
    const cookies = site.domains.get(cookie.domain) as Map<string, KeptCookie>;
    cookies.delete(keyOf(cookie));
    if (cookies.size === 0) site.domains.delete(cookie.domain);
    site.count -= 1;
    site.secure -= Number(cookie.secure);
    if (site.count === 0) this.#sites.delete(name);
    this.#count -= 1;
    this.#bytes -= cookie.size;
  }
}

export function isExpired({ expires }: KeptCookie, now: number): boolean {
  return expires !== undefined && expires <= now;
}

/** None of the three can hold a semicolon. One for the host alone and one for all below it are two (RFC 6265bis §5.7). */
function keyOf({ name, path, hostOnly }: KeptCookie): string {
  return `${name};${path};${hostOnly ? "host" : ""}`;
}

/** More than any time. */
const SECURE_WORTH = 1e15;
