export type { CookieJar } from "./cookie-jar.js";
export { CookieKeeper } from "./cookie-keeper.js";
export { LazyJar } from "./lazy-jar.js";
export {
  type CookieJarOptions,
  type CookieStore,
  openCookieJar,
  type StoredCookie,
} from "./open-cookie-jar.js";
