import type { CookieJar } from "./cookie-jar.js";

/** Options of `openCookieJar`. */
export interface CookieJarOptions {
  /** A JSON file to load the jar from, when it exists, and to save it to; default: memory only. */
  file?: string;
  /** The clock that decides what has expired, in milliseconds since 1970; default `Date.now`. */
  now?: () => number;
}

/** A cookie in a jar. */
export interface StoredCookie {
  /** The cookie's name. */
  readonly name: string;
  /** The cookie's value. */
  readonly value: string;
  /** The domain it is sent to, without a leading dot. */
  readonly domain: string;
  /** The path prefix it is sent to. */
  readonly path: string;
  /** When it expires, in milliseconds since 1970; absent for a session cookie. */
  readonly expires?: number;
  /** Whether it is sent over https only. */
  readonly secure: boolean;
  /** Whether the server marked it `HttpOnly`. */
  readonly httpOnly: boolean;
  /** Whether it is sent to this host only, and not to its subdomains. */
  readonly hostOnly: boolean;
  /** The server's `SameSite` value; absent when the server set none. */
  readonly sameSite?: "strict" | "lax" | "none";
  /** When it was first stored, in milliseconds since 1970. */
  readonly created: number;
}

/**
 * A cookie jar by RFC 6265, in memory; it can be listed and saved to a file. Cookies for a public suffix (`co.uk`) are
 * refused, by the list that comes with the package.
 */
export interface CookieStore extends CookieJar {
  /** Returns the value of the `Cookie` header for a request to `url`; empty when no cookie applies. */
  cookiesFor(url: string): string;
  /** Stores the cookies that a response from `url` set: its `Set-Cookie` values, in order. Invalid ones are ignored. */
  store(url: string, fields: readonly string[]): void;
  /** The cookies that have not expired, oldest first. */
  list(): StoredCookie[];
  /** Removes every cookie. */
  clear(): void;
  /**
   * Writes all cookies, session cookies too, to the jar's file, readable by its owner only. The file is replaced as a
   * whole: after a crash it is either the old one or the new one.
   *
   * @throws TypeError when the jar has no file; the system's error when it cannot be written.
   */
  save(): Promise<void>;
}
