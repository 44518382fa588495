import type { CookieJar } from "./cookie-jar.js";
import { openCookieJar, ownJars } from "./open-cookie-jar.js";

/** The jar of `cookies: true`: in memory, and not there before the first cookie comes, nor is its code loaded. */
export class LazyJar implements CookieJar {
  #jar: CookieJar | undefined;
  #opening: Promise<CookieJar> | undefined;

  constructor() {
    ownJars.add(this);
  }

  cookiesFor(url: string): string | undefined | Promise<string | undefined> {
    return this.#jar?.cookiesFor(url);
  }

  async store(url: string, fields: readonly string[]): Promise<void> {
    this.#opening ??= openCookieJar();
    this.#jar = await this.#opening;
    await this.#jar.store(url, fields);
  }
}
