import type { Duplex } from "node:stream";
import type { LookupFunction } from "../runtime/index.js";
import type { RecorderOptions } from "../trace/index.js";
import type { DialTarget, DnsOptions, ProxyConnectResponse, ProxyHeaders, TlsOptions } from "./dial/index.js";
import type { Http2Options } from "./http2-options.js";
import type { AllowAddress, ProxyAuthScheme, ProxyOption } from "./route/index.js";

/** Options of a `Transport`. Times are milliseconds, sizes are bytes; an option without a default does not limit anything. */
export interface TransportOptions {
  /** The most connections to all origins together. */
  maxConnections?: number;
  /** The most connections to one origin: dialing, active and idle. Go: `MaxConnsPerHost`. */
  maxConnectionsPerOrigin?: number;
  /** The most idle connections to all origins together; the oldest closes first. Default 1,024. Go: `MaxIdleConns`. */
  maxIdleConnections?: number;
  /**
   * The most idle connections to one origin; default `maxIdleConnections`. Go: `MaxIdleConnsPerHost`, whose default of 2
   * is a classic cause of churn.
   */
  maxIdleConnectionsPerOrigin?: number;
  /**
   * How many idle connections to keep ready for each origin that had a request within the last five minutes, beyond those
   * in use; default 0. A lost one is replaced, at most once a second. The other limits still hold.
   */
  minIdleConnectionsPerOrigin?: number;
  /** The most dials to one origin at a time; default 64, so that a burst ramps up instead of dialing for every request. */
  maxDialingPerOrigin?: number;
  /** The most requests that may wait without a dial; more fail at once with `ERR_TRUNKLINE_TOO_MANY_WAITING`. */
  maxWaiting?: number;
  /** How long a request may wait without a dial before it fails with a `TimeoutError`. */
  queueTimeout?: number;
  /**
   * How long to keep an idle connection; default 55,000. A server's `Keep-Alive` hint, or what its earlier closes showed,
   * may shorten it. Go: `IdleConnTimeout`.
   */
  idleTimeout?: number;
  /** The age after which a connection takes no more requests, with 10 % jitter. Requests on it are never interrupted. */
  maxConnectionAge?: number;
  /** The requests after which a connection closes. */
  maxRequestsPerConnection?: number;
  /** The limit for name resolution and connecting together; default 10,000. */
  connectTimeout?: number;
  /** The limit for a TLS handshake; default 10,000. Go: `TLSHandshakeTimeout`. */
  tlsTimeout?: number;
  /**
   * The limit from the end of the request to the end of the response's head; default 300,000. Go:
   * `ResponseHeaderTimeout`.
   */
  headersTimeout?: number;
  /** The longest gap between two chunks of a body, in either direction; default 300,000. It pauses while you do not read. */
  bodyTimeout?: number;
  /** The most bytes of a response's head, 1xx responses included; default 65,536. Go: `MaxResponseHeaderBytes`. */
  maxHeaderBytes?: number;
  /** Whether to keep connections for later requests; default true. False sends `Connection: close` with each request. */
  keepAlive?: boolean;
  /** Whether to send a request again when an idle connection turned out to be dead and that is safe; default true. */
  safeRetry?: boolean;
  /**
   * Whether to offer HTTP/2 in TLS handshakes and use it with servers that accept, and how; default true. False: HTTP/1.1
   * only.
   */
  http2?: boolean | Http2Options;
  /** TLS settings for every `https:` origin: certificates, authorities, versions, ALPN. Default: Node's own. */
  tls?: TlsOptions;
  /** TLS settings for single origins (`https://host` or `https://host:port`), on top of `tls`. */
  tlsByOrigin?: Readonly<Record<string, TlsOptions>>;
  /**
   * The proxy for all requests, a function that chooses one for each (`null`: none), or `false` for none. Schemes:
   * `http`, `https`, `socks5` (names are resolved here), `socks5h` (names are resolved by the proxy). Default:
   * `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, read at the first request by Go's rules; loopback addresses
   * go direct.
   */
  proxy?: ProxyOption;
  /** How to send a proxy URL's credentials: `"basic"` (default) at once, as Go does; `"digest"` when the proxy asks. */
  proxyAuth?: ProxyAuthScheme;
  /** The limit for a proxy to open a tunnel: to answer CONNECT, or to finish the SOCKS handshake; default 30,000. */
  proxyTimeout?: number;
  /** Headers for CONNECT requests, or a function that returns them for each. Go: `GetProxyConnectHeader`. */
  proxyHeaders?: ProxyHeaders;
  /** Called with each answer to CONNECT, whatever its status; an error it throws fails the dial. Go: `OnProxyConnectResponse`. */
  onProxyConnect?: (response: ProxyConnectResponse) => void | Promise<void>;
  /** TLS settings for `https` proxies; default: `tls` without `servername`, `checkServerIdentity` and `ALPNProtocols`. */
  proxyTls?: TlsOptions;
  /**
   * Happy Eyeballs (RFC 8305): how long to try one address before the next is tried in parallel; default 250. False tries
   * addresses one after another.
   */
  happyEyeballs?: { delay?: number } | false;
  /** Replaces `dns.lookup`; it is called with `all: true`. With `dns`, its addresses may have a `ttl` in seconds. */
  lookup?: LookupFunction;
  /** Turns on a cache of names that respects DNS times to live; default: the system resolves the name for each dial. */
  dns?: DnsOptions;
  /** Replaces name resolution and connecting; the transport adds TLS on top for `https:`. Go: `DialContext`. */
  dial?: (target: DialTarget) => Promise<Duplex>;
  /** The local IP address to connect from; default: the system's choice. */
  localAddress?: string;
  /** A Unix socket or named pipe for all requests, whatever their URL. */
  socketPath?: string;
  /**
   * Decides which IP addresses may be connected to; asked before every connect, for addresses in URLs too. `"public"`
   * refuses everything that is not on the public internet. Default: all are allowed.
   */
  allowAddress?: AllowAddress;
  /** How much the recorder remembers; `false` turns it off. */
  recorder?: RecorderOptions | false;
}
