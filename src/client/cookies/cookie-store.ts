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
  /** The cookie's name. */
  readonly name: string;
  /** The cookie's value. */
  readonly value: string;
  /** The domain it is sent to, without a leading dot. */
  readonly domain: string;
  /** The path prefix it is sent to. */
  readonly path: string;
  /** Milliseconds since 1970; absent for a cookie of the session. */
  readonly expires?: number;
  /** Whether it is sent over https only. */
  readonly secure: boolean;
  /** Whether the server marked it `HttpOnly`. */
  readonly httpOnly: boolean;
  /** For this host alone, not for those below it. */
  readonly hostOnly: boolean;
  /** The server's `SameSite` value; absent when the server set none. */
  readonly sameSite?: "strict" | "lax" | "none";
  /** Milliseconds since 1970. */
  readonly created: number;
}

/**
 * A jar of RFC 6265 in memory that can be looked at, and kept in a file. Cookies for a public suffix (`co.uk`) are
 * refused, by the list that comes with the package.
 */
export interface CookieStore extends CookieJar {
  /** The `Cookie` field value for a request to `url`; empty when no cookie applies. */
  cookiesFor(url: string): string;
  /** Stores what a response from `url` set. `fields` are its `Set-Cookie` values, in order; invalid ones are ignored. */
  store(url: string, fields: readonly string[]): void;
  /** The cookies that have not expired, oldest first. */
  list(): StoredCookie[];
  /** Removes every cookie. */
  clear(): void;
  /**
   * Writes the cookies to the jar's file, those of the session too, readable by its owner only. The file is replaced
   * whole: after a crash it is the old one or the new one.
   *
   * @throws TypeError when the jar has no file; the system's error when it cannot be written.
   */
  save(): Promise<void>;
}
