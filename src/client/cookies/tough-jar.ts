import { Cookie, cookieCompare, MemoryCookieStore, pathMatch, CookieJar as ToughJar } from "tough-cookie";
import { readCookieFile, writeCookieFile } from "./cookie-file.js";
import type { CookieJarOptions, CookieStore, StoredCookie } from "./open-cookie-jar.js";

/** Beyond this a field is an attack or a mistake; RFC 6265 §6.1 asks for 4,096 bytes. */
const MAX_FIELD = 8_192;
/**
 * A field with one is left out whole (RFC 6265bis §5.6); its cookie could not be sent either. The library cuts a field
 * at NUL, CR and LF, as the http-state cases want it; none of the three can come over the wire.
 */
const CONTROLS = /[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/;
/** As browsers have it; the least recently used of a domain goes first. */
const MAX_PER_DOMAIN = 180;

/** The jar, from its file where there is one. */
export async function loadJar(options: CookieJarOptions): Promise<CookieStore> {
  const jar = new ToughCookies(options);
  if (options.file !== undefined) jar.restore(await readCookieFile(options.file));
  return jar;
}

/** Tough-cookie's jar with a clock that can be set: its own looks at the system's when it decides what has expired. */
class ToughCookies implements CookieStore {
  readonly #options: CookieJarOptions;
  readonly #now: () => number;
  #memory = new MemoryCookieStore();
  #jar: ToughJar;
  /** For hosts of one label. */
  #lenient: ToughJar;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: CookieJarOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#jar = this.#jarOver(true);
    this.#lenient = this.#jarOver(false);
  }

  cookiesFor(url: string): string {
    const now = this.#now();
    return this.#found(url)
      .filter((cookie) => expiry(cookie) > now)
      .map((cookie) => cookie.cookieString())
      .join("; ");
  }

  store(url: string, fields: readonly string[]): void {
    const now = new Date(this.#now());
    const jar = isBareName(new URL(url).hostname) ? this.#lenient : this.#jar;
    for (const field of fields) {
      if (field.length > MAX_FIELD || CONTROLS.test(field)) continue;
      const cookie = jar.setCookieSync(field, url, { now, ignoreError: true });
      if (cookie !== undefined) this.#bound(cookie);
    }
  }

  list(): StoredCookie[] {
    const now = this.#now();
    return this.#cookies()
      .filter((cookie) => expiry(cookie) > now)
      .map(stored);
  }

  clear(): void {
    this.#memory = new MemoryCookieStore();
    this.#jar = this.#jarOver(true);
    this.#lenient = this.#jarOver(false);
  }

  save(): Promise<void> {
    const { file } = this.#options;
    if (file === undefined) {
      throw new TypeError(
        "Cannot save this cookie jar as it has no file; open it with openCookieJar({ file })",
      );
    }
    // One at a time: the later state must be the one that stays.
    this.#saving = this.#saving.catch(() => undefined).then(() => writeCookieFile(file, this.list()));
    return this.#saving;
  }

  /** Puts cookies back as they were; what has expired meanwhile is never seen. */
  restore(cookies: readonly StoredCookie[]): void {
    for (const cookie of cookies) this.#memory.putCookie(revived(cookie), () => undefined);
  }

  #found(url: string): Cookie[] {
    const { hostname, pathname, protocol } = new URL(url);
    if (!isBareName(hostname)) return this.#jar.getCookiesSync(url, { expire: false, sort: true });
    return Object.entries(this.#memory.idx[hostname] ?? {})
      .filter(([path]) => pathMatch(pathname, path))
      .flatMap(([, names]) => Object.values(names ?? {}))
      .filter((cookie) => cookie !== undefined)
      .filter((cookie) => !cookie.secure || protocol === "https:" || hostname === "localhost")
      .sort(cookieCompare);
  }

  #jarOver(rejectPublicSuffixes: boolean): ToughJar {
    return new ToughJar(this.#memory, {
      rejectPublicSuffixes,
      prefixSecurity: "strict",
      looseMode: false,
    });
  }

  #cookies(): Cookie[] {
    let all: Cookie[] = [];
    this.#memory.getAllCookies((_, cookies) => {
      all = cookies ?? [];
    });
    return all;
  }

  /** Keeps a server from filling the memory with cookies of its domain. */
  #bound(added: Cookie): void {
    const { domain } = added;
    if (domain === null) return;
    const paths = this.#memory.idx[domain];
    const cookies = Object.values(paths ?? {}).flatMap((names) => Object.values(names ?? {}));
    if (cookies.length <= MAX_PER_DOMAIN) return;
    const now = this.#now();
    const worth = (cookie: Cookie | undefined): number =>
      cookie?.lastAccessed instanceof Date && expiry(cookie) > now ? cookie.lastAccessed.getTime() : 0;
    const oldest = cookies.reduce((least, cookie) => (worth(cookie) < worth(least) ? cookie : least));
    if (oldest !== undefined && oldest !== added) {
      this.#memory.removeCookie(domain, oldest.path ?? "/", oldest.key, () => undefined);
    }
  }
}

/**
 * A host of one label, such as `test` in a network of containers. To the list of public suffixes it is one, or nothing
 * it knows, and the library throws; but it may have cookies of its own, and no other host gets them.
 */
function isBareName(hostname: string): boolean {
  return !/[.:]/.test(hostname);
}

/** When it ends, in milliseconds since 1970. `Max-Age` wins over `Expires` (RFC 6265 §5.3). */
function expiry(cookie: Cookie): number {
  const { maxAge, expires } = cookie;
  if (typeof maxAge === "number")
    return maxAge <= 0 ? Number.NEGATIVE_INFINITY : createdAt(cookie) + maxAge * 1000;
  if (maxAge === "Infinity") return Number.POSITIVE_INFINITY;
  if (maxAge === "-Infinity") return Number.NEGATIVE_INFINITY;
  return expires instanceof Date ? expires.getTime() : Number.POSITIVE_INFINITY;
}

function createdAt(cookie: Cookie): number {
  return cookie.creation instanceof Date ? cookie.creation.getTime() : 0;
}

function stored(cookie: Cookie): StoredCookie {
  const expires = expiry(cookie);
  const { sameSite } = cookie;
  return {
    name: cookie.key,
    value: cookie.value,
    domain: cookie.domain ?? "",
    path: cookie.path ?? "/",
    ...(Number.isFinite(expires) ? { expires } : {}),
    secure: cookie.secure,
    httpOnly: cookie.httpOnly,
    hostOnly: cookie.hostOnly ?? false,
    ...(sameSite === "strict" || sameSite === "lax" || sameSite === "none" ? { sameSite } : {}),
    created: createdAt(cookie),
  };
}

function revived(cookie: StoredCookie): Cookie {
  const created = new Date(cookie.created);
  return new Cookie({
    key: cookie.name,
    value: cookie.value,
    domain: cookie.domain,
    path: cookie.path,
    expires: cookie.expires === undefined ? "Infinity" : new Date(cookie.expires),
    secure: cookie.secure,
    httpOnly: cookie.httpOnly,
    hostOnly: cookie.hostOnly,
    ...(cookie.sameSite === undefined ? {} : { sameSite: cookie.sameSite }),
    creation: created,
    lastAccessed: created,
  });
}
