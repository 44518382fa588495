import { nearestName } from "../runtime/index.js";

/** What users of other clients write, and what it is called here. */

const TRANSPORT_TLS = (name: string): string =>
  `new Client({ transport: new Transport({ tls: { ${name} } }) })`;
const OF_TRANSPORT = (name: string): string => `new Client({ transport: new Transport({ ${name} }) })`;

/** For a call and for a client. */
const COMMON: Readonly<Record<string, string>> = {
  data: "json (or form, or body)",
  payload: "json (or form, or body)",
  params: "query",
  searchParams: "query",
  searchparams: "query",
  queryParams: "query",
  urlParams: "query",
  qs: "query",
  header: "headers",
  responseType: "the call's json(), text(), bytes() or blob()",
  parseJson: "the call's json()",
  validateStatus: "throwOnError",
  throwHttpErrors: "throwOnError",
  ignoreResponseError: "throwOnError",
  followRedirect: "redirect",
  followRedirects: "redirect",
  follow: "maxRedirects",
  maxRedirections: "maxRedirects",
  beforeRedirect: "onRedirect",
  checkRedirect: "onRedirect",
  retries: "retry",
  maxRetries: "retry: { attempts }",
  retryDelay: "retry: { backoff }",
  decompression: "decompress",
  gzip: "decompress",
  compress: "decompress",
  maxContentLength: "maxResponseBytes",
  maxResponseSize: "maxResponseBytes",
  size: "maxResponseBytes",
  username: "auth: { username, password }",
  password: "auth: { username, password }",
  token: "auth: { bearer }",
  bearer: "auth: { bearer }",
  cancelToken: "signal",
  abortSignal: "signal",
  onUploadProgress: "onProgress",
  onDownloadProgress: "onProgress",
  uploadProgress: "onProgress",
  downloadProgress: "onProgress",
  requestTimeout: "timeout",
  timeoutMs: "timeout",
};

/** What says where a request goes, and over what: here it belongs to a transport, which the client is made with. */
const CONNECTIONS: Readonly<Record<string, string>> = {
  agent: "new Client({ transport })",
  agents: "new Client({ transport })",
  httpAgent: "new Client({ transport })",
  httpsAgent: "new Client({ transport })",
  dispatcher: "new Client({ transport })",
  connector: "new Client({ transport })",
  rejectUnauthorized: TRANSPORT_TLS("rejectUnauthorized"),
  strictSSL: TRANSPORT_TLS("rejectUnauthorized"),
  insecure: TRANSPORT_TLS("rejectUnauthorized"),
  ca: TRANSPORT_TLS("ca"),
  cert: TRANSPORT_TLS("cert"),
  key: TRANSPORT_TLS("key"),
  pfx: TRANSPORT_TLS("pfx"),
  passphrase: TRANSPORT_TLS("passphrase"),
  servername: TRANSPORT_TLS("servername"),
  checkServerIdentity: TRANSPORT_TLS("checkServerIdentity"),
  ciphers: TRANSPORT_TLS("ciphers"),
  minVersion: TRANSPORT_TLS("minVersion"),
  maxVersion: TRANSPORT_TLS("maxVersion"),
  https: OF_TRANSPORT("tls"),
  tls: OF_TRANSPORT("tls"),
  connect: OF_TRANSPORT("tls"),
  proxy: OF_TRANSPORT("proxy"),
  lookup: OF_TRANSPORT("lookup"),
  dnsLookup: OF_TRANSPORT("lookup"),
  dnsCache: OF_TRANSPORT("dns"),
  localAddress: OF_TRANSPORT("localAddress"),
  socketPath: OF_TRANSPORT("socketPath"),
  unix: OF_TRANSPORT("socketPath"),
  headersTimeout: OF_TRANSPORT("headersTimeout"),
  bodyTimeout: OF_TRANSPORT("bodyTimeout"),
  connectTimeout: OF_TRANSPORT("connectTimeout"),
  allowH2: "new Client({ transport })",
  http2: "new Client({ transport })",
  keepAlive: OF_TRANSPORT("keepAlive"),
  keepAliveTimeout: OF_TRANSPORT("idleTimeout"),
  keepAliveMsecs: OF_TRANSPORT("idleTimeout"),
  maxSockets: OF_TRANSPORT("maxConnectionsPerOrigin"),
  connections: OF_TRANSPORT("maxConnectionsPerOrigin"),
  maxFreeSockets: OF_TRANSPORT("maxIdleConnectionsPerOrigin"),
  insecureHTTPParser: "none: a malformed message is always refused",
};

/** What belongs to the client and not to one of its calls. */
const CLIENTS: Readonly<Record<string, string>> = {
  jar: "new Client({ cookies })",
  cookieJar: "new Client({ cookies })",
  prefixUrl: "new Client({ baseURL })",
  prefix: "new Client({ baseURL })",
  base: "new Client({ baseURL })",
  baseUrl: "new Client({ baseURL })",
  middleware: "new Client({ use })",
  interceptors: "new Client({ use })",
  hooks: "new Client({ use })",
  fetch: "new Client({ transport: fetchTransport(fetch) })",
  adapter: "new Client({ transport: fetchTransport(fetch) })",
};

/** What `client.fetch` does not pass over, as other things it does not know: without it, another request goes out. */
const TRAPS: ReadonlySet<string> = new Set([
  ...Object.keys(CONNECTIONS).filter((name) => name !== "connections" && name !== "connect"),
  ...["params", "searchParams", "searchparams", "queryParams", "qs", "data", "username", "password"],
  ...["prefixUrl", "followRedirect", "followRedirects", "follow", "maxRedirections", "jar", "cookieJar"],
]);

/** Whether a request without it would be another than the caller means. */
export function isTrap(name: string): boolean {
  return TRAPS.has(name);
}

/** The hint for an unknown option of a call: `; did you mean …?`. `others`: all the unknown ones. */
export function callHint(
  name: string,
  names: readonly string[],
  others: readonly string[],
  takesBody: boolean,
): string {
  const known =
    lookUp(COMMON, name) ?? lookUp(CONNECTIONS, name) ?? lookUp(CLIENTS, name) ?? inAnyCase(name, names);
  if (known !== undefined) return meant(known);
  // Of several unknown names each is likelier a field of the caller's than misspelt.
  const near = others.length === 1 ? nearestName(name, names) : undefined;
  if (near !== undefined) return meant(near);
  const shown = others.slice(0, 3).join(", ") + (others.length > 3 ? ", …" : "");
  return meant(takesBody ? `json: { ${shown} }` : `query: { ${shown} }`);
}

/** The hint for an unknown option of a client. */
export function clientHint(name: string, names: readonly string[]): string {
  const ofCall = ["json", "form", "body", "query", "signal", "method"].includes(name)
    ? `the same option of each call`
    : undefined;
  const known =
    ofCall ??
    inAnyCase(name, names) ??
    lookUp(COMMON, name) ??
    lookUp(CLIENTS, name) ??
    lookUp(CONNECTIONS, name) ??
    nearestName(name, names);
  if (known !== undefined) {
    const ofClient = known.replace(/^new Client\(\{ (.*) \}\)$/, "$1");
    return meant(
      ["query", "signal"].includes(ofClient) || /^json|^the call/.test(ofClient)
        ? `${ofClient} of each call`
        : ofClient,
    );
  }
  return /^(?:max|idle|keep|connect|tls|ssl|proxy|lookup|http2|dns|socket)/i.test(name)
    ? "; options about connections belong to the Transport: new Client({ transport: new Transport({ … }) })"
    : "";
}

function meant(what: string): string {
  return what.startsWith("none: ") ? `; Trunkline has ${what}` : `; did you mean ${what}?`;
}

function inAnyCase(name: string, names: readonly string[]): string | undefined {
  return names.find((known) => known.toLowerCase() === name.toLowerCase());
}

function lookUp(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
