import { nearestName } from "../runtime/index.js";

/** What users of other clients write, and what it is called in a `Transport`. */
const ALIASES: Readonly<Record<string, string>> = {
  maxSockets: "maxConnectionsPerOrigin",
  connections: "maxConnectionsPerOrigin",
  maxConnsPerHost: "maxConnectionsPerOrigin",
  maxTotalSockets: "maxConnections",
  maxOrigins: "maxConnections",
  maxFreeSockets: "maxIdleConnectionsPerOrigin",
  maxIdleConns: "maxIdleConnections",
  maxIdleConnsPerHost: "maxIdleConnectionsPerOrigin",
  keepAliveTimeout: "idleTimeout",
  keepAliveMaxTimeout: "idleTimeout",
  keepAliveMsecs: "idleTimeout",
  idleConnTimeout: "idleTimeout",
  freeSocketTimeout: "idleTimeout",
  maxRequestsPerClient: "maxRequestsPerConnection",
  socketActiveTTL: "maxConnectionAge",
  clientTtl: "maxConnectionAge",
  responseHeaderTimeout: "headersTimeout",
  maxHeaderSize: "maxHeaderBytes",
  disableKeepAlives: "keepAlive: false",
  connect: "tls (or dial)",
  connector: "dial",
  createConnection: "dial",
  proxyConnectHeader: "proxyHeaders",
  onProxyConnectResponse: "onProxyConnect",
  requestTls: "tls",
  tlsClientConfig: "tls",
  https: "tls",
  secureContext: "tls: { secureContext }",
  strictSSL: "tls: { rejectUnauthorized }",
  insecure: "tls: { rejectUnauthorized: false }",
  uri: "proxy",
  httpProxy: "proxy",
  httpsProxy: "proxy",
  noProxy: "proxy, a function that returns null for these hosts",
  autoSelectFamily: "happyEyeballs",
  autoSelectFamilyAttemptTimeout: "happyEyeballs: { delay }",
  dnsLookup: "lookup",
  dnsCache: "dns",
  cacheableLookup: "dns",
  cacheable: "dns",
  unix: "socketPath",
  unixSocket: "socketPath",
  allowH2: "http2",
  h2: "http2",
  agent: "none: a Transport does what an agent does elsewhere",
  dispatcher: "none: a Transport does what a dispatcher does elsewhere",
  fetch: "new Client({ transport: fetchTransport(fetch) })",
  pipelining: "none: HTTP/2 carries many requests on a connection, HTTP/1.1 one at a time",
  scheduling: "none: the most recently used connection is reused first",
};

/** TLS options that people give beside the others. */
const TLS = new Set([
  ...["rejectUnauthorized", "ca", "cert", "key", "pfx", "passphrase", "servername", "ciphers", "minVersion"],
  ...["maxVersion", "checkServerIdentity", "ALPNProtocols", "secureProtocol", "session", "crl", "dhparam"],
  ...["ecdhCurve", "sigalgs", "honorCipherOrder", "secureOptions", "keylog", "allowPartialTrustChain"],
]);

/** What is policy of a call. */
const CLIENTS: Readonly<Record<string, string>> = {
  timeout:
    "timeout of the Client or the call (a Transport has connectTimeout, headersTimeout and bodyTimeout)",
  requestTimeout:
    "timeout of the Client or the call (a Transport has connectTimeout, headersTimeout and bodyTimeout)",
  params: "query of each call",
  searchParams: "query of each call",
  query: "query of each call",
  retries: "retry of the Client or the call",
  interceptors: "use of the Client",
  middleware: "use of the Client",
  jar: "cookies of the Client",
  cookieJar: "cookies of the Client",
  prefixUrl: "baseURL of the Client",
  maxRedirections: "maxRedirects of the Client or the call",
  maxResponseSize: "maxResponseBytes of the Client or the call",
};
const CLIENT_OPTIONS = new Set([
  ...["baseURL", "headers", "redirect", "maxRedirects", "retry", "cookies", "auth", "use", "throwOnError"],
  ...["decompress", "origins", "maxResponseBytes", "attemptTimeout", "onRedirect", "trace", "relativeURLs"],
  ...["allowInsecureRedirects", "sensitiveHeaders"],
]);

/** `; did you mean …?` for a name that is not an option, where it is known what was meant. */
export function transportHint(name: string, options: ReadonlySet<string>): string {
  const found = meaning(name, options);
  if (found === undefined) return "";
  return found.startsWith("none: ") ? `; Trunkline has ${found}` : `; did you mean ${found}?`;
}

function meaning(name: string, options: ReadonlySet<string>): string | undefined {
  const near = [...options].find((option) => option.toLowerCase() === name.toLowerCase());
  if (near !== undefined) return near;
  if (TLS.has(name)) return `tls: { ${name} }`;
  if (Object.hasOwn(CLIENTS, name)) return CLIENTS[name];
  if (CLIENT_OPTIONS.has(name)) return `${name} of the Client`;
  if (Object.hasOwn(ALIASES, name)) return ALIASES[name];
  return nearestName(name, options);
}
