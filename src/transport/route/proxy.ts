import { quotedURL } from "../../errors/index.js";
import { ownMembers } from "../../runtime/index.js";

/** How proxies are spoken to, each with its usual port. `socks5` resolves the target's name here, `socks5h` at the proxy. */
const SCHEMES = { http: 80, https: 443, socks5: 1080, socks5h: 1080 } as const;
type ProxyScheme = keyof typeof SCHEMES;

/** A proxy, parsed. */
export interface ProxyServer {
  readonly scheme: ProxyScheme;
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
 * @throws TypeError when it is no proxy that can be used.
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
  const port = url.port === "" ? SCHEMES[scheme] : Number(url.port);
  const username = decode(url.username);
  const password = decode(url.password);
  const name = `${scheme}://${url.hostname}:${port}`;
  const authenticated = username !== "" || password !== "";
  if (authenticated) checkCredentials(scheme, username, password, name);
  return ownMembers<ProxyServer>({
    scheme,
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

function checkCredentials(scheme: ProxyScheme, username: string, password: string, name: string): void {
  const refuse = (what: string): never => {
    throw new TypeError(`Cannot use the credentials for the proxy ${name}: ${what}`);
  };
  if (CONTROL.test(username) || CONTROL.test(password)) refuse("they contain a control character");
  if (scheme === "http" || scheme === "https") {
    if (username.includes(":")) refuse("the user name contains a colon (RFC 7617 section 2)");
  } else if (
    username === "" ||
    Buffer.byteLength(username) > MAX_SOCKS_BYTES ||
    Buffer.byteLength(password) > MAX_SOCKS_BYTES
  ) {
    refuse("SOCKS requires a user name, and at most 255 bytes each for user name and password (RFC 1929)");
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone "%" is a legal, if odd, password
  }
}
