import { NetworkError, type ProxyCode, TimeoutError } from "../../errors/index.js";
import type { ProxyServer } from "../route/index.js";
import { nameOf } from "./connect-errors.js";
import type { DialRequest, DialTimings } from "./contract.js";
import { messageOf } from "./outcome.js";

/** How much of the proxy's own words goes into an error. */
const EXCERPT_CHARACTERS = 200;

/** The proxy itself could not be reached. */
export function proxyUnreachable(proxy: ProxyServer, error: NetworkError): NetworkError {
  const message = `could not reach the proxy ${proxy.name}: ${error.message}`;
  const details = { code: error.code, phase: "proxy" as const, retryable: error.retryable, cause: error };
  if (!(error instanceof TimeoutError)) return new NetworkError(message, details);
  const { timeout, milliseconds, spent } = error;
  return new TimeoutError(message, { ...details, timeout, milliseconds, spent });
}

/** The proxy answered CONNECT with something else than success. */
export function connectRefused(
  target: DialRequest,
  proxy: ProxyServer,
  reply: { readonly status: number; readonly statusText: string; readonly body: string },
): NetworkError {
  const { status } = reply;
  const phrase = reply.statusText === "" ? "" : ` ${reply.statusText}`;
  const excerpt = excerptOf(reply.body);
  const said = excerpt === "" ? "" : `, and said ${JSON.stringify(excerpt)}`;
  let advice = "; check that the proxy allows this host and port and can reach them";
  if (status === 407) {
    advice =
      proxy.username === undefined
        ? "; it requires credentials: put them in the proxy's URL, as http://user:password@host:port"
        : "; check the user name and password in the proxy's URL, and that the proxy offers Basic or Digest";
  }
  return new NetworkError(
    `the proxy ${proxy.name} answered CONNECT ${nameOf(target)} with ${status}${phrase}${said}${advice}`,
    {
      code: status === 407 ? "ERR_TRUNKLINE_PROXY_AUTH" : "ERR_TRUNKLINE_PROXY_STATUS",
      phase: "proxy",
      retryable: status >= 500,
    },
  );
}

/** What the proxy sent is not an answer, or it sent none. */
export function connectBroken(target: DialRequest, proxy: ProxyServer, cause: unknown): NetworkError {
  return new NetworkError(
    `the proxy ${proxy.name} did not answer CONNECT ${nameOf(target)} in HTTP (${messageOf(cause)}): check the proxy's address and scheme`,
    { code: "ERR_TRUNKLINE_PROXY_PROTOCOL", phase: "proxy", cause },
  );
}

export function connectClosed(target: DialRequest, proxy: ProxyServer, cause: unknown): NetworkError {
  const how = cause === undefined ? "closed the connection" : `broke the connection (${messageOf(cause)})`;
  return new NetworkError(
    `the proxy ${proxy.name} ${how} before it answered for ${nameOf(target)}: check the proxy's address, scheme and log`,
    { code: "ERR_TRUNKLINE_PROXY_CLOSED", phase: "proxy", retryable: true, cause },
  );
}

/** One of the caller's own functions failed. */
export function hookFailed(proxy: ProxyServer, option: string, cause: unknown): NetworkError {
  return new NetworkError(`the option ${option} threw for the proxy ${proxy.name}: ${messageOf(cause)}`, {
    code: "ERR_TRUNKLINE_PROXY_OPTION",
    phase: "proxy",
    cause,
  });
}

export function proxyTimedOut(
  target: DialRequest,
  proxy: ProxyServer,
  limit: number,
  timings: DialTimings,
): TimeoutError {
  return new TimeoutError(
    `the proxy ${proxy.name} did not open a tunnel to ${nameOf(target)} within proxyTimeout (${limit} ms): check that the proxy can reach it, or raise proxyTimeout`,
    {
      code: "ERR_TRUNKLINE_PROXY_TIMEOUT",
      phase: "proxy",
      timeout: "proxyTimeout",
      milliseconds: limit,
      spent: { ...timings },
      retryable: true,
    },
  );
}

// What a SOCKS proxy can say (RFC 1928 section 6, RFC 1929), as its client library words it.
const socksWords: readonly (readonly [RegExp, code: ProxyCode, what: string])[] = [
  [/authentication failed/i, "AUTH", "refused the user name or password: check them in the proxy's URL"],
  [
    /no accepted authentication/i,
    "AUTH",
    "accepts none of the offered authentication methods: put a user name and password in the proxy's URL, or remove them",
  ],
  [/NotAllowed/i, "STATUS", "does not allow the connection (its rules forbid it)"],
  [/NetworkUnreachable/i, "STATUS", "cannot reach that network"],
  [/HostUnreachable/i, "STATUS", "cannot reach or resolve that host"],
  [/ConnectionRefused/i, "STATUS", "was refused by that host: check that the server is running"],
  [/TTLExpired/i, "STATUS", "says the host is too many hops away"],
  [/CommandNotSupported/i, "STATUS", "does not support CONNECT"],
  [
    /AddressNotSupported/i,
    "STATUS",
    "does not support this kind of address: try socks5 instead of socks5h, or the reverse",
  ],
  [/Failure/i, "STATUS", "could not connect and gave no reason"],
  [/invalid socks/i, "PROTOCOL", "does not speak SOCKS5: check the proxy's address and scheme"],
];

export function socksFailed(target: DialRequest, proxy: ProxyServer, cause: unknown): NetworkError {
  const said = messageOf(cause);
  const known = socksWords.find(([pattern]) => pattern.test(said));
  if (known === undefined)
    return connectClosed(target, proxy, /socket closed/i.test(said) ? undefined : cause);
  const [, code, what] = known;
  return new NetworkError(`the proxy ${proxy.name}, asked for ${nameOf(target)}, ${what}`, {
    code: `ERR_TRUNKLINE_PROXY_${code}`,
    phase: "proxy",
    retryable: code === "STATUS",
    cause,
  });
}

/** The words of an error page, without its markup. */
function excerptOf(body: string): string {
  const text = body
    .replace(/<(style|script|head)\b[\s\S]*?(?:<\/\1>|$)/gi, " ")
    .replace(/<[^>]*(?:>|$)/g, " ")
    .replace(/[\p{Cc}\s]+/gu, " ") // a terminal must not obey a proxy
    .trim();
  return text.length > EXCERPT_CHARACTERS ? `${text.slice(0, EXCERPT_CHARACTERS)}…` : text;
}
