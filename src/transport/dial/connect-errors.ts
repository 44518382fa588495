import { codeOf, type ErrorCode, NetworkError, TimeoutError } from "../../errors/index.js";
import { addressRefused } from "../route/index.js";
import type { FailedAttempt } from "./connect-race.js";
import type { DialAttempt, DialRequest, DialTimings } from "./contract.js";
import { messageOf } from "./outcome.js";

/** The target as people write it: `host:port`, or the socket path. */
export function nameOf(target: DialRequest): string {
  if (target.socketPath !== undefined) return `the socket ${target.socketPath}`;
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return `${host}:${target.port}`;
}

/** Addresses named in an error. */
const LISTED = 8;

/** The first few of a list, and how many there are beside them. */
function listed(items: readonly string[]): string {
  const more = items.length - LISTED;
  return more > 0 ? `${items.slice(0, LISTED).join(", ")} and ${more} more` : items.join(", ");
}

export function dnsError(host: string, cause: unknown): NetworkError {
  const code = codeOf(cause);
  let message = `could not resolve ${host}: ${messageOf(cause)}; check the name and this machine's DNS settings`;
  if (code === "ENOTFOUND") {
    message = `no address was found for ${host}: check the spelling, or the DNS record if the name should exist`;
  } else if (code === "ESERVFAIL" || code === "EREFUSED") {
    message = `the DNS server could not tell whether ${host} exists (${code.slice(1)}): check the servers in dns.servers or this machine's DNS settings, then try again`;
  } else if (code === "EAI_AGAIN") {
    message = `the DNS server did not answer for ${host}: check this machine's network and DNS settings, then try again`;
  }
  return new NetworkError(message, {
    code: "ERR_TRUNKLINE_DNS",
    phase: "dns",
    retryable: code !== "ENOTFOUND",
    cause,
  });
}

export function noAddressError(host: string): NetworkError {
  const message = `the lookup of ${host} returned no usable IP address: check the option lookup or the DNS record`;
  return new NetworkError(message, { code: "ERR_TRUNKLINE_DNS", phase: "dns" });
}

export function notAllowedError(
  target: DialRequest,
  attempts: readonly DialAttempt[],
  cause?: unknown,
): NetworkError {
  const addresses = listed(attempts.map((attempt) => attempt.address));
  const isLiteral = attempts.length === 1 && attempts[0]?.address === target.host;
  const what = isLiteral ? `the address ${target.host}` : `${target.host} (${addresses})`;
  return addressRefused(what, cause, "connect");
}

const codes: Readonly<Record<string, ErrorCode>> = {
  refused: "ERR_TRUNKLINE_CONNECTION_REFUSED",
  reset: "ERR_TRUNKLINE_CONNECTION_RESET",
  unreachable: "ERR_TRUNKLINE_UNREACHABLE",
  "timed-out": "ERR_TRUNKLINE_CONNECT_TIMEOUT",
};

const remedies: Readonly<Record<string, string>> = {
  refused: "check that the server is running and listens on that port",
  reset: "check the server, and any firewall or proxy in between",
  unreachable: "check this machine's network and routes",
  "timed-out": "check the address, and any firewall that drops packets",
  EADDRNOTAVAIL: "check the option localAddress; too many connections may be open to this server",
  EADDRINUSE: "check the option localAddress; too many connections may be open to this server",
  EINVAL: "check the option localAddress: it must have the server's address family",
  ERR_INVALID_IP_ADDRESS: "the option localAddress must be an IP address",
  EACCES: "this process does not have permission",
  EPERM: "permission was denied to this process, or by a firewall on this machine",
  ENOENT: "check the path, and that the server is running",
  ENOTSOCK: "the path is not a socket",
  EMFILE: "too many files and sockets are open in this process: raise the limit or use fewer connections",
  ENFILE: "too many files and sockets are open on this machine",
};

const words: Readonly<Record<string, string>> = {
  refused: "refused",
  reset: "reset",
  unreachable: "unreachable",
  "timed-out": "timed out",
};

/** Every address that was tried has failed. */
export function connectError(target: DialRequest, failures: readonly FailedAttempt[]): NetworkError {
  const [first] = failures;
  const outcome = first?.outcome ?? "failed";
  const said = (attempt: FailedAttempt): string => words[attempt.outcome] ?? messageOf(attempt.error);
  const one = failures.length === 1;
  const what =
    one && (target.socketPath !== undefined || first?.address === target.host)
      ? first === undefined
        ? outcome
        : said(first)
      : listed(failures.map((attempt) => `${attempt.address} ${said(attempt)}`));
  const remedy = remedies[outcome];
  const message = `could not connect to ${nameOf(target)}: ${what}${remedy === undefined ? "" : `; ${remedy}`}`;
  return new NetworkError(message, {
    code: codes[outcome] ?? "ERR_TRUNKLINE_CONNECT_FAILED",
    phase: "connect",
    retryable: outcome in codes,
    cause: one
      ? first?.error
      : new AggregateError(
          failures.map((attempt) => attempt.error),
          message,
        ),
  });
}

/** `connectTimeout` has passed. */
export function connectTimeoutError(
  target: DialRequest,
  limit: number,
  attempts: readonly DialAttempt[],
  timings: DialTimings,
): TimeoutError {
  const resolving = timings.connect === undefined && timings.dns !== undefined;
  const tried = listed(
    attempts
      .filter((attempt) => attempt.outcome !== "not-allowed")
      .map(
        ({ address, outcome, milliseconds }) =>
          `${address} ${words[outcome] ?? outcome} after ${Math.round(milliseconds)} ms`,
      ),
  );
  const where = resolving
    ? "the name was still being resolved; check this machine's DNS settings"
    : `${tried === "" ? "no answer" : tried}; check the address, and any firewall that drops packets`;
  return new TimeoutError(
    `could not connect to ${nameOf(target)} within connectTimeout (${limit} ms): ${where}`,
    {
      code: "ERR_TRUNKLINE_CONNECT_TIMEOUT",
      phase: resolving ? "dns" : "connect",
      timeout: "connectTimeout",
      milliseconds: limit,
      spent: { ...timings },
      retryable: true,
    },
  );
}

/** A custom `dial` threw, or gave something that is not a stream. */
export function customDialError(target: DialRequest, problem: string, cause?: unknown): NetworkError {
  return new NetworkError(`the option dial could not connect to ${nameOf(target)}: ${problem}`, {
    code: "ERR_TRUNKLINE_DIAL_FAILED",
    phase: "connect",
    retryable: cause !== undefined,
    cause,
  });
}
