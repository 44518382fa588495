/** What the owner of connections is called in a client library, for the words of findings. */
export interface ObservedClient {
  readonly name: string;
  /** What holds its connections: `Transport`, `Session`, … */
  readonly owner: string;
  /** How many idle connections to a host it keeps by default, where that is few. */
  readonly usualIdleCap?: number;
}

const KNOWN: readonly (readonly [pattern: RegExp, name: string, owner: string, usualIdleCap?: number])[] = [
  [/^Go-http-client\b/i, "go", "Transport", 2],
  [/^curl\b/i, "curl", "invocation"],
  [/^python-requests\b/i, "python-requests", "Session"],
  [/^python-httpx\b/i, "python-httpx", "Client"],
  [/^python-urllib3\b/i, "urllib3", "PoolManager"],
  [/\baiohttp\b/i, "aiohttp", "ClientSession"],
  [/^Python-urllib\b/i, "python-urllib", "connection"],
  [/^undici$/i, "undici", "Agent"],
  [/^node$/i, "fetch", "Agent"],
  [/^axios\b/i, "axios", "Agent"],
  [/^got\b/i, "got", "Agent"],
  [/^node-fetch\b/i, "node-fetch", "Agent"],
  [/^okhttp\b/i, "okhttp", "OkHttpClient"],
  [/^Java-http-client\b/i, "java-http-client", "HttpClient"],
  [/^Java\/\d/, "java", "HttpURLConnection"],
  [/^GuzzleHttp\b/i, "guzzle", "Client"],
  [/^Apache-HttpClient\b/i, "apache-httpclient", "HttpClient"],
  [/^trunkline\b/i, "trunkline", "Transport"],
];

/** What is said of a client that does not name itself. */
export const UNNAMED: ObservedClient = { name: "unnamed client", owner: "client" };

/**
 * The client library that a User-Agent names. Only what looks like the name of a product is kept (`my-service/1.2`), never
 * a version, a comment, or what might be a key.
 */
export function clientOf(userAgent: string | undefined): ObservedClient {
  if (userAgent === undefined) return UNNAMED;
  for (const [pattern, name, owner, usualIdleCap] of KNOWN) {
    if (!pattern.test(userAgent)) continue;
    return { name, owner, ...(usualIdleCap === undefined ? {} : { usualIdleCap }) };
  }
  const product = /^([A-Za-z][A-Za-z._+-]{0,31})\/\d/.exec(userAgent)?.[1];
  return product === undefined ? UNNAMED : { name: product.toLowerCase(), owner: "client" };
}
