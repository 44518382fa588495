import type { Duplex } from "node:stream";
import { DEFAULT_MAX_HEAD_BYTES } from "../http1/index.js";
import type { PoolLimits } from "../pool/index.js";
import { type LookupFunction, ownMembers } from "../runtime/index.js";
import type { RecorderOptions } from "../trace/index.js";
import {
  type DialTarget,
  type DnsOptions,
  type DnsSettings,
  dnsSettings,
  type ProxyConnectResponse,
  type ProxyHeaders,
  type TlsOptions,
} from "./dial/index.js";
import { type Http2Options, type Http2Settings, http2Settings } from "./http2-options.js";
import { transportHint } from "./option-hints.js";
import { checkKinds } from "./option-kinds.js";
import { checkProxyOptions } from "./proxy-options.js";
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

/** Options with every default filled in; inner code sees no `undefined`. */
export interface Settings {
  readonly pool: PoolLimits;
  readonly connectTimeout: number;
  readonly tlsTimeout: number;
  readonly proxyTimeout: number;
  readonly minIdleConnectionsPerOrigin: number;
  readonly dns: DnsSettings | undefined;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly maxHeaderBytes: number;
  readonly keepAlive: boolean;
  readonly safeRetry: boolean;
  /** Undefined where HTTP/2 is off. */
  readonly http2: Http2Settings | undefined;
  readonly happyEyeballs: { readonly delay: number } | false;
  readonly options: Readonly<TransportOptions>;
}

const DEFAULT_HAPPY_EYEBALLS_DELAY = 250; // RFC 8305 §5
const NEVER = Number.POSITIVE_INFINITY;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError for a name that is no option; RangeError for a value out of range.
 */
export function normaliseOptions(options: TransportOptions): Settings {
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name))
      throw new TypeError(
        `Cannot make a Transport as it has no option ${JSON.stringify(name)}${transportHint(name, OPTION_NAMES)}`,
      );
  }
  const count = (name: keyof TransportOptions, fallback: number, least = 1): number =>
    number(options, name, fallback, least, true);
  const time = (name: keyof TransportOptions, fallback: number): number =>
    number(options, name, fallback, 0, false);
  const limit = (name: keyof TransportOptions, fallback: number): number => {
    const value: unknown = options[name];
    if (value !== 0 && value !== false && value !== null) return time(name, fallback);
    throw new RangeError(
      `Cannot use ${value} for ${name} as it must be a number of milliseconds, more than 0; for no limit use Infinity`,
    );
  };
  checkKinds(options);
  checkProxyOptions(options);
  const maxIdle = count("maxIdleConnections", 1024, 0);
  const maxIdlePerOrigin = count("maxIdleConnectionsPerOrigin", maxIdle, 0);
  const least = count("minIdleConnectionsPerOrigin", 0, 0);
  if (least > Math.min(maxIdlePerOrigin, maxIdle)) {
    throw new RangeError(
      `Cannot keep ${least} idle connections (minIdleConnectionsPerOrigin) as at most ${Math.min(maxIdlePerOrigin, maxIdle)} are allowed`,
    );
  }
  const keepAlive = options.keepAlive ?? true;
  const eyeballs = options.happyEyeballs && ownMembers(options.happyEyeballs);
  return {
    pool: {
      maxConnections: count("maxConnections", NEVER),
      maxConnectionsPerOrigin: count("maxConnectionsPerOrigin", NEVER),
      maxIdleConnections: maxIdle,
      maxIdleConnectionsPerOrigin: maxIdlePerOrigin,
      maxDialingPerOrigin: count("maxDialingPerOrigin", 64),
      maxWaiting: count("maxWaiting", NEVER, 0),
      queueTimeout: time("queueTimeout", NEVER),
      idleTimeout: time("idleTimeout", 55_000),
      maxConnectionAge: time("maxConnectionAge", NEVER),
      maxRequestsPerConnection: count("maxRequestsPerConnection", NEVER),
      keepAlive,
    },
    connectTimeout: limit("connectTimeout", 10_000),
    tlsTimeout: limit("tlsTimeout", 10_000),
    proxyTimeout: limit("proxyTimeout", 30_000),
    minIdleConnectionsPerOrigin: least,
    dns: dnsSettings(options.dns, options.lookup !== undefined),
    headersTimeout: limit("headersTimeout", 300_000),
    bodyTimeout: limit("bodyTimeout", 300_000),
    maxHeaderBytes: count("maxHeaderBytes", DEFAULT_MAX_HEAD_BYTES),
    keepAlive,
    safeRetry: options.safeRetry ?? true,
    http2: http2Settings(options.http2),
    happyEyeballs: eyeballs === false ? false : { delay: eyeballs?.delay ?? DEFAULT_HAPPY_EYEBALLS_DELAY },
    options,
  };
}

function number(
  options: TransportOptions,
  name: keyof TransportOptions,
  fallback: number,
  least: number,
  whole: boolean,
): number {
  const value = options[name];
  if (value === undefined) return fallback;
  if (
    typeof value !== "number" ||
    Number.isNaN(value) ||
    value < least ||
    (whole && value !== NEVER && !Number.isInteger(value))
  ) {
    const kind = whole ? "a whole number" : "a number of milliseconds";
    throw new RangeError(`Cannot use ${String(value)} for ${name} as it must be ${kind}, at least ${least}`);
  }
  return value;
}

// A record and not an array, so that an option of the interface that is missing here does not compile.
const OPTIONS: Record<keyof TransportOptions, true> = {
  maxConnections: true,
  maxConnectionsPerOrigin: true,
  maxIdleConnections: true,
  maxIdleConnectionsPerOrigin: true,
  minIdleConnectionsPerOrigin: true,
  maxDialingPerOrigin: true,
  maxWaiting: true,
  queueTimeout: true,
  idleTimeout: true,
  maxConnectionAge: true,
  maxRequestsPerConnection: true,
  connectTimeout: true,
  tlsTimeout: true,
  headersTimeout: true,
  bodyTimeout: true,
  maxHeaderBytes: true,
  keepAlive: true,
  safeRetry: true,
  http2: true,
  tls: true,
  tlsByOrigin: true,
  proxy: true,
  proxyAuth: true,
  proxyTimeout: true,
  proxyHeaders: true,
  onProxyConnect: true,
  proxyTls: true,
  happyEyeballs: true,
  lookup: true,
  dns: true,
  dial: true,
  localAddress: true,
  socketPath: true,
  allowAddress: true,
  recorder: true,
};
const OPTION_NAMES = new Set<string>(Object.keys(OPTIONS));
