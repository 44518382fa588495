import type { CookieJar } from "./cookie-jar.js";

/** How a cookie jar is opened. */
export interface CookieJarOptions {
  /** A JSON file that the jar is loaded from, where it exists, and saved to. */
  file?: string;
  /** Milliseconds since 1970; default `Date.now`. Decides what has expired. */
  now?: () => number;
}

/** A cookie as the jar has it. */
export interface StoredCookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  /** Milliseconds since 1970; absent for a cookie of the session. */
  readonly expires?: number;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** For this host alone, not for those below it. */
  readonly hostOnly: boolean;
  readonly sameSite?: "strict" | "lax" | "none";
  /** Milliseconds since 1970. */
  readonly created: number;
}

/**
 * A jar of RFC 6265 in memory that can be looked at, and kept in a file. Cookies for a public suffix (`co.uk`) are
 * refused, by the list that comes with the package.
 */
export interface CookieStore extends CookieJar {
  cookiesFor(url: string): string;
  store(url: string, fields: readonly string[]): void;
  /** The cookies that have not expired, oldest first. */
  list(): StoredCookie[];
  clear(): void;
  /**
   * Writes the cookies to the jar's file, those of the session too, readable by its owner only. The file is replaced
   * whole: after a crash it is the old one or the new one.
   *
   * @throws TypeError when the jar has no file; the system's error when it cannot be written.
   */
  save(): Promise<void>;
}
