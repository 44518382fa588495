/** Where a client keeps cookies. `openCookieJar()` makes one; anything with these two methods will do. */
export interface CookieJar {
  /** The value of the `Cookie` field for a request to `url`; empty or `undefined` for no field. */
  cookiesFor(url: string): string | undefined | Promise<string | undefined>;
  /** Takes the `Set-Cookie` fields of a response from `url`. What a jar does not accept it leaves out. */
  store(url: string, fields: readonly string[]): void | Promise<void>;
}
