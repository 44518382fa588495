/** Where a client keeps cookies. `openCookieJar()` makes one; any object with these two methods works. */
export interface CookieJar {
  /** Returns the value of the `Cookie` header for a request to `url`; empty or `undefined` sends none. */
  cookiesFor(url: string): string | undefined | Promise<string | undefined>;
  /** Stores the `Set-Cookie` values of a response from `url`, except those it does not accept. */
  store(url: string, fields: readonly string[]): void | Promise<void>;
}
