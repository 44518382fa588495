import { readCookieFile, writeCookieFile } from "./cookie-file.js";
import { placeOf } from "./cookie-place.js";
import { CookieShelf, isExpired } from "./cookie-shelf.js";
import type { CookieJarOptions, CookieStore, StoredCookie } from "./cookie-store.js";
import { type KeptCookie, readCookie, restoredCookie } from "./read-cookie.js";

/** Servers take no longer field: the default of Apache, and less than nginx and Node take for a whole head. */
const MAX_SENT = 8_190;

/** The jar, from its file where there is one. */
export async function loadJar(options: CookieJarOptions): Promise<CookieStore> {
  const jar = new OwnJar(options);
  if (options.file !== undefined) jar.restore(await readCookieFile(options.file));
  return jar;
}

/** A jar of RFC 6265, with the rules of its successor for Secure cookies and prefixes. */
class OwnJar implements CookieStore {
  readonly #options: CookieJarOptions;
  readonly #now: () => number;
  readonly #shelf = new CookieShelf();
  #saving: Promise<void> = Promise.resolve();

  constructor(options: CookieJarOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  cookiesFor(url: string): string {
    const now = this.#now();
    const found = [...this.#shelf.matching(placeOf(url), now)];
    if (found.length === 0) return "";
    const sent = fitting(found).sort(
      (a, b) => b.path.length - a.path.length || a.created - b.created || a.order - b.order,
    );
    for (const cookie of sent) cookie.usedAt = now;
    return sent.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  store(url: string, fields: readonly string[]): void {
    const now = this.#now();
    const place = placeOf(url);
    for (const field of fields) {
      const cookie = readCookie(field, place, now);
      if (cookie === undefined || (!place.secure && this.#shelf.shadowsSecure(cookie, now))) continue;
      if (isExpired(cookie, now)) this.#shelf.remove(cookie);
      else this.#shelf.put(cookie);
    }
    this.#shelf.trim(now);
  }

  list(): StoredCookie[] {
    const now = this.#now();
    return [...this.#shelf.all()]
      .filter((cookie) => !isExpired(cookie, now))
      .sort((a, b) => a.created - b.created || a.order - b.order)
      .map(
        ({ site: _site, comparedPath: _path, order: _order, size: _size, usedAt: _usedAt, ...cookie }) =>
          cookie,
      );
  }

  clear(): void {
    this.#shelf.clear();
  }

  save(): Promise<void> {
    const { file } = this.#options;
    if (file === undefined) {
      throw new TypeError(
        "Cannot save this cookie jar: it has no file; open it with openCookieJar({ file })",
      );
    }
    // One at a time: the later state must be the one that stays.
    this.#saving = this.#saving.catch(() => undefined).then(() => writeCookieFile(file, this.list()));
    return this.#saving;
  }

  /** Puts cookies back as they were; what has expired meanwhile is never seen. */
  restore(cookies: readonly StoredCookie[]): void {
    const now = this.#now();
    for (const cookie of cookies) this.#shelf.put(restoredCookie(cookie));
    this.#shelf.trim(now);
  }
}

/**
 * Those that fit into one field. A sister domain can set any number for both: those that only this host can have set
 * come first, then Secure ones, then the oldest.
 */
function fitting(found: KeptCookie[]): KeptCookie[] {
  const sizeOf = ({ name, value }: KeptCookie): number => name.length + value.length + 3;
  if (found.reduce((sum, cookie) => sum + sizeOf(cookie), 0) <= MAX_SENT) return found;
  let left = MAX_SENT;
  return found
    .sort(
      (a, b) =>
        Number(b.hostOnly) - Number(a.hostOnly) ||
        Number(b.secure) - Number(a.secure) ||
        a.created - b.created ||
        a.order - b.order,
    )
    .filter((cookie) => {
      const size = sizeOf(cookie);
      if (size > left) return false;
      left -= size;
      return true;
    });
}
