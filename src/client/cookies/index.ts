export type { CookieJar } from "./cookie-jar.js";
export { CookieKeeper } from "./cookie-keeper.js";
export type { CookieJarOptions, CookieStore, StoredCookie } from "./cookie-store.js";
export { LazyJar, openCookieJar } from "./open-cookie-jar.js";
