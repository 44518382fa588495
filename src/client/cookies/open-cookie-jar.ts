import { ownMembers } from "../../runtime/index.js";
import type { CookieJar } from "./cookie-jar.js";
import type { CookieJarOptions, CookieStore } from "./cookie-store.js";

/**
 * Opens a cookie jar for `new Client({ cookies: jar })`: an empty one, or the one in `file`.
 *
 * @throws Error when the file exists but is not a cookie file; it is not changed. The system's error when it cannot be
 *   read.
 */
export async function openCookieJar(options: CookieJarOptions = {}): Promise<CookieStore> {
  const { loadJar } = await import("./jar.js");
  const jar = await loadJar(ownMembers(options));
  ownJars.add(jar);
  return jar;
}

/** Jars of ours, which do not care in whose async context they are called. */
export const ownJars: WeakSet<CookieJar> = new WeakSet();

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
