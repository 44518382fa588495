import type { ClientOptions } from "./options.js";

// A record and not an array, so that an option of the interface that is missing here does not compile.
const OPTIONS: Record<keyof ClientOptions, true> = {
  transport: true,
  trace: true,
  baseURL: true,
  origins: true,
  headers: true,
  sensitiveHeaders: true,
  timeout: true,
  attemptTimeout: true,
  redirect: true,
  maxRedirects: true,
  allowInsecureRedirects: true,
  onRedirect: true,
  decompress: true,
  maxResponseBytes: true,
  throwOnError: true,
  retry: true,
  auth: true,
  cookies: true,
  use: true,
};
const NAMES = new Set<string>(Object.keys(OPTIONS));

/** What users of other clients write for the same thing. */
const ALIASES: Readonly<Record<string, keyof ClientOptions>> = {
  prefixUrl: "baseURL",
  prefix: "baseURL",
  base: "baseURL",
  jar: "cookies",
  cookieJar: "cookies",
  followRedirect: "redirect",
  followRedirects: "redirect",
  maxRedirections: "maxRedirects",
  retries: "retry",
  throwHttpErrors: "throwOnError",
  validateStatus: "throwOnError",
  middleware: "use",
  interceptors: "use",
  hooks: "use",
  maxContentLength: "maxResponseBytes",
  maxResponseSize: "maxResponseBytes",
  agent: "transport",
  dispatcher: "transport",
  checkRedirect: "onRedirect",
};

/** @throws TypeError for a name that is no option: what is misspelt must not be ignored. */
export function checkNames(options: ClientOptions): void {
  for (const name of Object.keys(options)) {
    if (NAMES.has(name)) continue;
    throw new TypeError(`Cannot make a Client as it has no option ${JSON.stringify(name)}${hint(name)}`);
  }
}

function hint(name: string): string {
  const alias = ALIASES[name] ?? [...NAMES].find((option) => option.toLowerCase() === name.toLowerCase());
  if (alias !== undefined) return `; did you mean ${alias}?`;
  return /^(?:max|idle|keep|connect|tls|proxy|lookup|http2)/i.test(name)
    ? "; options about connections belong to the Transport"
    : "";
}
