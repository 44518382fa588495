import { spellingHint } from "../runtime/index.js";

/** HTTP/2 settings. Times are milliseconds, sizes are bytes. */
export interface Http2Options {
  /**
   * Whether to speak HTTP/2 to `http:` origins without asking first (RFC 9113 §3.3), as gRPC servers without TLS expect;
   * default false.
   */
  priorKnowledge?: boolean;
  /** The most requests on one connection at a time, if the server allows more; default: the server's limit. */
  maxStreams?: number;
  /** The largest receive window of one response; default 16 MiB. A window starts at 256 KiB, or at this if it is less. */
  maxWindow?: number;
  /** The receive window of a whole connection; default 64 MiB. */
  maxConnectionWindow?: number;
  /**
   * Sends a PING on every connection this often, idle ones included; default: only when there is cause to doubt that the
   * connection is alive.
   */
  pingInterval?: number;
  /** Closes a connection (`ping-timeout`) that has not answered a PING for this long; default 15,000. */
  pingTimeout?: number;
  /**
   * Whether origins with the same address, port and certificate share a connection, as in browsers (RFC 9113 §9.1.1);
   * default false. If the server answers such a request with 421, that origin gets its own connections from then on.
   */
  coalesce?: boolean;
}

/** Options with every default filled in. */
export interface Http2Settings extends Readonly<Required<Http2Options>> {
  /** How much further apart PINGs are than they would be, for a server that complained of them. */
  readonly pingFactor: number;
}

const MAX_WINDOW = 2 ** 31 - 1;
/** What a connection has before anything is said (RFC 9113 section 6.9.2): it cannot be made smaller. */
const INITIAL_WINDOW = 65_535;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * The settings of HTTP/2; undefined where it is off.
 *
 * @throws TypeError for what is no such option; RangeError for a value out of range.
 */
export function http2Settings(given: boolean | Http2Options | undefined): Http2Settings | undefined {
  if (given === false) return undefined;
  const options: Http2Options = given === undefined || given === true ? {} : checked(given);
  const maxWindow = number(options, "maxWindow", 16 * 1024 * 1024, 1024, MAX_WINDOW);
  return {
    priorKnowledge: flag(options, "priorKnowledge"),
    maxStreams: number(options, "maxStreams", NEVER, 1, NEVER),
    maxWindow,
    maxConnectionWindow: number(options, "maxConnectionWindow", 64 * 1024 * 1024, INITIAL_WINDOW, MAX_WINDOW),
    pingInterval: number(options, "pingInterval", NEVER, 1, NEVER),
    pingTimeout: number(options, "pingTimeout", 15_000, 1, NEVER),
    coalesce: flag(options, "coalesce"),
    pingFactor: 1,
  };
}

// A record and not an array, so that a member of the interface that is missing here does not compile.
const MEMBERS: Record<keyof Http2Options, true> = {
  priorKnowledge: true,
  maxStreams: true,
  maxWindow: true,
  maxConnectionWindow: true,
  pingInterval: true,
  pingTimeout: true,
  coalesce: true,
};

function checked(given: Http2Options): Http2Options {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`Cannot use http2: it must be true, false or an object, not ${typeof given}`);
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(MEMBERS, name)) continue;
    const names = Object.keys(MEMBERS);
    const hint = spellingHint(name, names) || `; it accepts ${names.join(", ")}`;
    throw new TypeError(`Cannot use http2: it has no member ${JSON.stringify(name)}${hint}`);
  }
  return given;
}

function own(options: Http2Options, name: keyof Http2Options): unknown {
  return Object.hasOwn(options, name) ? options[name] : undefined;
}

function flag(options: Http2Options, name: keyof Http2Options): boolean {
  const value = own(options, name);
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw new TypeError(`Cannot use http2.${name}: it must be true or false, not ${typeof value}`);
}

function number(
  options: Http2Options,
  name: keyof Http2Options,
  fallback: number,
  least: number,
  most: number,
): number {
  const value = own(options, name);
  if (value === undefined) return fallback;
  const isTime = name === "pingInterval" || name === "pingTimeout";
  const whole = isTime || value === NEVER || Number.isInteger(value);
  if (typeof value === "number" && value >= least && value <= most && whole) return value;
  const range = most === NEVER ? `at least ${least}` : `from ${least} to ${most}`;
  throw new RangeError(
    `Cannot use ${String(value)} for http2.${name}: it must be ${isTime ? "a number of milliseconds" : "a whole number"}, ${range}`,
  );
}
