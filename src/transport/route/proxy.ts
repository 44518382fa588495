import { quotedURL } from "../../errors/index.js";
import { ownMembers } from "../../runtime/index.js";

/** What follows from a proxy's scheme; how it is asked for a tunnel is in `dial/tunnel-way.ts`. */
interface SchemeTraits {
  /** The usual port. */
  readonly port: number;
  /** Whether the connection to the proxy itself is TLS. */
  readonly secure: boolean;
  /** Whether it takes plain requests whole, without a tunnel. */
  readonly forwards: boolean;
  /** What is wrong with these credentials, if anything. */
  refusal(username: string, password: string): string | undefined;
}

const HTTP: SchemeTraits = { port: 80, secure: false, forwards: true, refusal: refusedByHttp };
const SOCKS: SchemeTraits = { port: 1080, secure: false, forwards: false, refusal: refusedBySocks };

/** `socks5` resolves the target's name here, `socks5h` at the proxy. */
type ProxyScheme = "http" | "https" | "socks5" | "socks5h";

const SCHEMES: Readonly<Record<ProxyScheme, SchemeTraits>> = {
  http: HTTP,
  https: { ...HTTP, port: 443, secure: true },
  socks5: SOCKS,
  socks5h: SOCKS,
};

/** A proxy, parsed. */
export interface ProxyServer {
  readonly scheme: ProxyScheme;
  /** Whether the connection to the proxy itself is TLS. */
  readonly secure: boolean;
  /** Whether it takes plain requests whole, without a tunnel. */
  readonly forwards: boolean;
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** `scheme://host:port`, for people and records: no credentials. */
  readonly name: string;
  readonly username?: string;
  readonly password?: string;
  /** Equal for the same proxy with the same credentials; not to be shown. */
  readonly key: string;
}

// A control character could end the header field that it is put in.
const CONTROL = /\p{Cc}/u;
/** RFC 1929 has one byte for each length. */
const MAX_SOCKS_BYTES = 255;

/**
 * Parses a proxy's URL; a scheme that is missing is `http`, as in Go. `setting` names where it was given.
 *
 * @throws TypeError when it is not a proxy that can be used.
 */
export function parseProxy(value: string | URL, setting: string): ProxyServer {
  const text = String(value).trim();
  const url = parseURL(text);
  if (url === undefined || url.hostname === "") {
    throw new TypeError(
      `Cannot use ${quotedURL(text)} as ${setting}: it is not a URL; write it as http://host:port`,
    );
  }
  const scheme = url.protocol.slice(0, -1);
  if (!isScheme(scheme)) {
    const all = Object.keys(SCHEMES);
    const last = all.pop();
    throw new TypeError(
      `Cannot use ${quotedURL(text)} as ${setting}: its scheme is ${scheme}; ${all.join(", ")} and ${last} are supported`,
    );
  }
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  const traits = SCHEMES[scheme];
  const port = url.port === "" ? traits.port : Number(url.port);
  const username = decode(url.username);
  const password = decode(url.password);
  const name = `${scheme}://${url.hostname}:${port}`;
  const authenticated = username !== "" || password !== "";
  if (authenticated) checkCredentials(traits, username, password, name);
  return ownMembers<ProxyServer>({
    scheme,
    secure: traits.secure,
    forwards: traits.forwards,
    host,
    port,
    name,
    ...(authenticated ? { username, password } : {}),
    key: authenticated ? `${name} ${encodeURIComponent(username)}:${encodeURIComponent(password)}` : name,
  });
}

function parseURL(text: string): URL | undefined {
  // `proxy.corp:3128` parses as a URL whose scheme is "proxy.corp", and `10.0.0.1:3128` does not parse.
  const full = text.includes("://") ? text : `http://${text}`;
  try {
    return new URL(full);
  } catch {
    return undefined;
  }
}

function isScheme(scheme: string): scheme is ProxyScheme {
  return Object.hasOwn(SCHEMES, scheme);
}

function checkCredentials(traits: SchemeTraits, username: string, password: string, name: string): void {
  const refusal =
    CONTROL.test(username) || CONTROL.test(password)
      ? "they contain a control character"
      : traits.refusal(username, password);
  if (refusal !== undefined)
    throw new TypeError(`Cannot use the credentials for the proxy ${name}: ${refusal}`);
}

function refusedByHttp(username: string): string | undefined {
  return username.includes(":") ? "the user name contains a colon (RFC 7617 section 2)" : undefined;
}

function refusedBySocks(username: string, password: string): string | undefined {
  const fits =
    username !== "" &&
    Buffer.byteLength(username) <= MAX_SOCKS_BYTES &&
    Buffer.byteLength(password) <= MAX_SOCKS_BYTES;
  return fits
    ? undefined
    : "SOCKS requires a user name, and at most 255 bytes each for user name and password (RFC 1929)";
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone "%" is a legal, if odd, password
  }
}
