import type { Duplex } from "node:stream";
import type { LookupFunction } from "../runtime/index.js";
import type { RecorderOptions } from "../trace/index.js";
import type { DialTarget, DnsOptions, ProxyConnectResponse, ProxyHeaders, TlsOptions } from "./dial/index.js";
import type { Http2Options } from "./http2-options.js";
import type { AllowAddress, ProxyAuthScheme, ProxyOption } from "./route/index.js";

/** Settings of a `Transport`. Times are milliseconds, sizes bytes; what has no default is not limited. */
export interface TransportOptions {
  /** Connections to all origins together. */
  maxConnections?: number;
  /** Dialing, active and idle connections to one origin. */
  maxConnectionsPerOrigin?: number;
  /** Idle connections to all origins together; default 1,024. The oldest goes first. */
  maxIdleConnections?: number;
  /** Idle connections to one origin; default `maxIdleConnections`. Go's default of 2 is the classic cause of churn. */
  maxIdleConnectionsPerOrigin?: number;
  /**
   * Idle connections kept ready to each origin that had a request within the last five minutes, beyond those in use;
   * default 0. One that ends is replaced, not more than once a second. The other limits hold all the same.
   */
  minIdleConnectionsPerOrigin?: number;
  /** Dials under way to one origin; default 64, so that a burst ramps up instead of dialing once a request. */
  maxDialingPerOrigin?: number;
  /** Requests that may wait without a dial of their own; one more is refused at once. */
  maxWaiting?: number;
  /** How long such a request waits. */
  queueTimeout?: number;
  /** How long a connection is kept idle; default 55,000. A server's hint or what was learned may shorten it. */
  idleTimeout?: number;
  /** Age after which a connection takes no more requests, with 10 % jitter. It never cuts an exchange off. */
  maxConnectionAge?: number;
  /** Requests after which a connection closes; no limit by default. */
  maxRequestsPerConnection?: number;
  /** Name resolution and connect; default 10,000. */
  connectTimeout?: number;
  /** TLS handshake; default 10,000. */
  tlsTimeout?: number;
  /** From the end of the request to the end of the response's head; default 300,000. */
  headersTimeout?: number;
  /** Between two chunks of a body, either way; default 300,000. Time in which the reader asks for nothing does not count. */
  bodyTimeout?: number;
  /** Bytes of a response's head, 1xx responses included; default 65,536. */
  maxHeaderBytes?: number;
  /** `false`: one request a connection, and the server is told so; default true. */
  keepAlive?: boolean;
  /** Whether a request that a dead idle connection swallowed is sent again where that is safe; default true. */
  safeRetry?: boolean;
  /**
   * HTTP/2, offered in the TLS handshake and used where the server has it; default true. `false`: HTTP/1.1 alone.
   */
  http2?: boolean | Http2Options;
  tls?: TlsOptions;
  /** For some origins (`https://host` or `https://host:port`), on top of `tls`. */
  tlsByOrigin?: Readonly<Record<string, TlsOptions>>;
  /**
   * The proxy for every request, a function that chooses one for each (`null`: none), or `false` for none. Schemes:
   * `http`, `https`, `socks5` (names are resolved here), `socks5h` (at the proxy). Default: `HTTP_PROXY`,
   * `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, read at the first request by Go's rules; loopback goes direct.
   */
  proxy?: ProxyOption;
  /** How a proxy URL's credentials are sent: `basic` at once, as Go does (default); `digest` only when asked for. */
  proxyAuth?: ProxyAuthScheme;
  /** For the proxy to open a tunnel: its answer to CONNECT, or the SOCKS handshake; default 30,000. */
  proxyTimeout?: number;
  /** Fields for CONNECT requests, or a function that gives them for each. */
  proxyHeaders?: ProxyHeaders;
  /** Sees each answer to CONNECT, whatever its status; what it throws fails the dial. */
  onProxyConnect?: (response: ProxyConnectResponse) => void | Promise<void>;
  /** TLS with an https proxy; default: `tls`, but for `servername`, `checkServerIdentity` and `ALPNProtocols`. */
  proxyTls?: TlsOptions;
  /** RFC 8305: how long an attempt has before the next address is tried beside it; default 250. `false`: one by one. */
  happyEyeballs?: { delay?: number } | false;
  /** Replaces `dns.lookup`; called with `all: true`. With `dns`, its addresses may have a `ttl` in seconds. */
  lookup?: LookupFunction;
  /** Turns on a cache of names, with the times to live that DNS servers give; default: the system resolves each dial's. */
  dns?: DnsOptions;
  /** Replaces resolution and connect; TLS is put on top where the URL asks for it. */
  dial?: (target: DialTarget) => Promise<Duplex>;
  /** The local address to connect from. */
  localAddress?: string;
  /** A Unix socket that every request goes to. */
  socketPath?: string;
  /** Asked before every connect, for literal addresses too. `"public"` refuses everything that is not on the internet. */
  allowAddress?: AllowAddress;
  /** How much the recorder remembers; `false` turns it off. */
  recorder?: RecorderOptions | false;
}
