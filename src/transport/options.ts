import { DEFAULT_MAX_HEAD_BYTES } from "../http1/index.js";
import { DEFAULT_LIMITS, type PoolLimits } from "../pool/index.js";
import { ownMembers } from "../runtime/index.js";
import { type DnsSettings, dnsSettings } from "./dial/index.js";
import { type Http2Settings, http2Settings } from "./http2-options.js";
import { transportHint } from "./option-hints.js";
import { checkKinds } from "./option-kinds.js";
import type { TransportOptions } from "./transport-options.js";

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
 * @throws TypeError for a name that is not an option; RangeError for a value out of range.
 */
export function normaliseOptions(options: TransportOptions): Settings {
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name))
      throw new TypeError(
        `Cannot make a Transport: there is no option ${JSON.stringify(name)}${transportHint(name, OPTION_NAMES)}`,
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
      `Cannot use ${value} for ${name}: it must be a number of milliseconds, more than 0; use Infinity for no limit`,
    );
  };
  checkKinds(options);
  checkProxyOptions(options);
  const limits = DEFAULT_LIMITS;
  const maxIdle = count("maxIdleConnections", limits.maxIdleConnections, 0);
  const maxIdlePerOrigin = count("maxIdleConnectionsPerOrigin", maxIdle, 0);
  const least = count("minIdleConnectionsPerOrigin", 0, 0);
  if (least > Math.min(maxIdlePerOrigin, maxIdle)) {
    throw new RangeError(
      `Cannot keep ${least} idle connections (minIdleConnectionsPerOrigin): at most ${Math.min(maxIdlePerOrigin, maxIdle)} are allowed`,
    );
  }
  const keepAlive = options.keepAlive ?? limits.keepAlive;
  const eyeballs = options.happyEyeballs && ownMembers(options.happyEyeballs);
  return {
    pool: {
      maxConnections: count("maxConnections", limits.maxConnections),
      maxConnectionsPerOrigin: count("maxConnectionsPerOrigin", limits.maxConnectionsPerOrigin),
      maxIdleConnections: maxIdle,
      maxIdleConnectionsPerOrigin: maxIdlePerOrigin,
      maxDialingPerOrigin: count("maxDialingPerOrigin", limits.maxDialingPerOrigin),
      maxWaiting: count("maxWaiting", limits.maxWaiting, 0),
      queueTimeout: time("queueTimeout", limits.queueTimeout),
      idleTimeout: time("idleTimeout", limits.idleTimeout),
      maxConnectionAge: time("maxConnectionAge", limits.maxConnectionAge),
      maxRequestsPerConnection: count("maxRequestsPerConnection", limits.maxRequestsPerConnection),
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
    throw new RangeError(`Cannot use ${String(value)} for ${name}: it must be ${kind}, at least ${least}`);
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

/** Checks the options about proxies that nobody else checks. @throws TypeError for one that cannot be used. */
function checkProxyOptions(options: TransportOptions): void {
  const { proxy, proxyAuth, proxyHeaders, onProxyConnect, socketPath } = options;
  if (proxy !== undefined && proxy !== false && socketPath !== undefined) {
    throw new TypeError(
      "Cannot use proxy together with socketPath, which already leads to one server; use one of the two",
    );
  }
  if (proxyAuth !== undefined && proxyAuth !== "basic" && proxyAuth !== "digest") {
    // It is not shown: who takes it for the place of the password has a password in it.
    throw new TypeError(
      "Cannot use this for proxyAuth: it must be basic or digest; put the user name and password in the proxy's URL",
    );
  }
  if (proxyHeaders === null || !["undefined", "object", "function"].includes(typeof proxyHeaders)) {
    throw new TypeError("Cannot use proxyHeaders: it must be headers, or a function that returns them");
  }
  if (onProxyConnect !== undefined && typeof onProxyConnect !== "function") {
    throw new TypeError("Cannot use onProxyConnect: it must be a function");
  }
}
