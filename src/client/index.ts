export type { AuthOptions, BearerAuth, PasswordAuth } from "./auth/index.js";
export { Call, Client, defaultClient, del, get, head, patch, post, put } from "./client.js";
export {
  type CookieJar,
  type CookieJarOptions,
  type CookieStore,
  openCookieJar,
  type StoredCookie,
} from "./cookies/index.js";
export type { DecompressOptions } from "./decode/index.js";
export type { Downloaded, DownloadInit } from "./download.js";
export { createFetch, fetch } from "./fetch/index.js";
export { HTTPError } from "./http-error.js";
export type { CallOptions, ClientOptions, Init, Middleware } from "./options.js";
export type { Progress, ProgressListener } from "./progress.js";
export type { RedirectHop, RedirectListener } from "./redirect-policy.js";
export type { RetryOptions } from "./retry-options.js";
