import type { CookieJar } from "./cookie-jar.js";
import type { CookieJarOptions, CookieStore } from "./cookie-store.js";

/**
 * Makes a jar, for `new Client({ cookies: jar })`. Its code is loaded with the first one.
 *
 * @throws Error when the file is there and is no cookie file; it is left as it is.
 */
export async function openCookieJar(options: CookieJarOptions = {}): Promise<CookieStore> {
  const { loadJar } = await import("./jar.js");
  const jar = await loadJar(options);
  ownJars.add(jar);
  return jar;
}

/** Jars of ours, which do not care in whose async context they are called. */
export const ownJars: WeakSet<CookieJar> = new WeakSet();
