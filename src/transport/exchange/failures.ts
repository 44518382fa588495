import {
  type ErrorCode,
  NetworkError,
  type NetworkErrorDetails,
  type Phase,
  ProtocolError,
  TimeoutError,
  type TimeoutKind,
} from "../../errors/index.js";
import type { PoolLimits, Rejection } from "../../pool/index.js";
import { CLOSE_TABLE, type CloseCause } from "../../trace/index.js";
import type { Exchange, Link } from "./exchange.js";
import { isOfStream, isTooLarge, maySendAgain } from "./retry.js";

/** The facts of an exchange that every error about it carries. */
function factsOf(exchange: Exchange): Omit<NetworkErrorDetails, "code" | "phase"> {
  return {
    url: exchange.url,
    connection: exchange.connectionId === 0 ? undefined : exchange.connectionId,
    reused: exchange.reused,
    bytesWritten: exchange.bytesWritten,
    responseStarted: exchange.headersAt > 0,
    retryable:
      exchange.headersAt === 0 &&
      (wasSpared(exchange) || neverLeft(exchange) ? exchange.outgoing.replayable : exchange.repeatable),
  };
}

/** It never had a connection: no server can have seen it. */
function neverLeft({ assignedAt }: Exchange): boolean {
  return assignedAt === 0;
}

/** It is certain that the server did nothing with it. */
function wasSpared({ reach }: Exchange): boolean {
  return reach !== "perhaps";
}

/** What `GET http://host:port` looks like in a sentence. */
function named(exchange: Exchange): string {
  return `${exchange.method} ${exchange.origin}`;
}

/** The connection ended under an exchange. */
export function connectionLost(
  exchange: Exchange,
  cause: CloseCause,
  error: unknown,
  phase: Phase,
): NetworkError {
  const code =
    error instanceof ProtocolError
      ? error.code
      : (CLOSE_TABLE[cause.reason].error ?? "ERR_TRUNKLINE_CONNECTION_LOST");
  // Between other requests on the connection it had not been idle, and what was spared did not fail for that.
  // Nor does a pause explain what came of an answer, or of a stream.
  const rested =
    exchange.reused &&
    (exchange.carried === undefined || exchange.idleFor > 0) &&
    exchange.headersAt === 0 &&
    !isOfStream(error);
  const idle =
    rested && !wasSpared(exchange)
      ? `; the connection had been idle for ${Math.round(exchange.idleFor)} ms`
      : "";
  const what =
    error instanceof ProtocolError
      ? `: ${whatEnded(error)}${asClause(error.message)}`
      : ` ${exchange.headersAt > 0 ? "part-way through the response" : "without a response"}: ${cause.evidence}`;
  return new NetworkError(`${named(exchange)} failed${what}${idle}${whyNotAgain(exchange, error)}`, {
    ...factsOf(exchange),
    ...(isTooLarge(error) ? { retryable: false } : {}),
    code,
    phase,
    cause: error,
  });
}

/** The response, or the connection and with it all that was on it. */
function whatEnded(error: ProtocolError): string {
  if (NO_RESPONSE.has(error.code)) return "";
  return error.scope === "connection" ? "the connection was closed: " : "the response was refused: ";
}

/** Errors that say what became of the request, and are not the fault of a response. */
const NO_RESPONSE: ReadonlySet<string> = new Set([
  "ERR_TRUNKLINE_STREAM_REFUSED",
  "ERR_TRUNKLINE_STREAM_RESET",
  "ERR_TRUNKLINE_GOAWAY",
  "ERR_TRUNKLINE_REQUEST_HEADERS_TOO_LARGE",
]);

/** Why the request did not go out once more, where that is not plain. */
function whyNotAgain(exchange: Exchange, error: unknown): string {
  if (exchange.headersAt > 0 || isTooLarge(error)) return "";
  if (!wasSpared(exchange)) {
    return exchange.repeatable
      ? ""
      : "; not retried: the server may already have processed it (set idempotent: true if sending it twice is safe)";
  }
  if (!maySendAgain(exchange)) return "; not retried: its body cannot be read twice";
  return exchange.attempt > 1 ? `; it was sent ${exchange.attempt} times` : "";
}

/** A sentence as a part of another one. */
function asClause(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}

/** One of the time limits was passed. */
export function timedOut(
  exchange: Exchange,
  timeout: TimeoutKind,
  milliseconds: number,
  phase: Phase,
  now: number,
  extra = "",
): TimeoutError {
  const spent = exchange.spent(now);
  const where = Object.entries(spent)
    .map(([name, value]) => `${name} ${Math.round(value)} ms`)
    .join(", ");
  return new TimeoutError(
    `${named(exchange)} timed out: ${phase === "write" && timeout === "bodyTimeout" ? UPLOAD_STANDS : TIMEOUT_MEANING[timeout]} ${timeout} of ${milliseconds} ms (${where})${extra === "" ? "" : `; ${extra}`}`,
    { ...factsOf(exchange), code: "ERR_TRUNKLINE_TIMEOUT", phase, timeout, milliseconds, spent },
  );
}

/** It is the request's body that does not move. */
const UPLOAD_STANDS = "the server took no byte of the request's body within the";

const TIMEOUT_MEANING: Readonly<Record<TimeoutKind, string>> = {
  timeout: "the call took longer than its",
  attemptTimeout: "the attempt got no response within its",
  queueTimeout: "no connection was free within the",
  connectTimeout: "no connection was made within the",
  tlsTimeout: "the TLS handshake took longer than the",
  headersTimeout: "no response came within the",
  bodyTimeout: "no byte of the body came within the",
  proxyTimeout: "the proxy did not answer within the",
};

/** A dial failed; the dialer's error gains the exchange's URL. */
export function dialFailed(exchange: Exchange, error: unknown): unknown {
  if (!(error instanceof NetworkError)) return error;
  const facts = factsOf(exchange);
  const details = {
    ...facts,
    code: error.code,
    phase: error.phase,
    // A certificate or a name that is wrong stays wrong.
    retryable: facts.retryable === true && error.retryable,
    cause: error.cause ?? error,
  };
  const message = `${named(exchange)} failed: ${error.message}`;
  const copy =
    error instanceof TimeoutError
      ? new TimeoutError(message, {
          ...details,
          timeout: error.timeout,
          milliseconds: error.milliseconds,
          spent: error.spent,
        })
      : new NetworkError(message, details);
  return copy;
}

/** The pool turned the exchange away. */
function turnedAway(exchange: Exchange, code: ErrorCode, message: string): NetworkError {
  return new NetworkError(`${named(exchange)} failed: ${message}`, {
    ...factsOf(exchange),
    code,
    phase: "queue",
  });
}

/** A limit of the pool's, or of the server's, was in the way. `holders`: what has the connections, in words. */
export function overLimit(
  exchange: Exchange,
  why: Exclude<Rejection<Link>, { kind: "dial-failed" | "closed" }>,
  { queueTimeout, maxWaiting }: PoolLimits,
  holders: string,
  now: number,
): NetworkError {
  if (why.kind === "queue-timeout")
    return timedOut(exchange, "queueTimeout", queueTimeout, "queue", now, holders);
  if (why.kind === "no-streams") {
    const allows = `its server allows no requests on any of its connections, and did not change that within ${Math.round(why.waited)} ms`;
    return turnedAway(exchange, "ERR_TRUNKLINE_NO_STREAMS", `${allows}; ${holders}`);
  }
  const waiting = why.waiting === 1 ? "1 request waits" : `${why.waiting} requests wait`;
  const many = `${waiting} for a connection already (maxWaiting is ${maxWaiting}); ${holders}`;
  return turnedAway(exchange, "ERR_TRUNKLINE_TOO_MANY_WAITING", many);
}

/** The transport was closed, and nobody read the response's body for so many milliseconds after that. */
export function unreadAtClose(exchange: Exchange, milliseconds: number): NetworkError {
  const message = `the transport was closed and the response's body was not read for ${milliseconds / 1000} s; read or close it`;
  return new NetworkError(`${named(exchange)} failed: ${message}`, {
    ...factsOf(exchange),
    code: "ERR_TRUNKLINE_CLOSED",
    phase: "body",
  });
}

/** The request's own body could not be sent. */
export function bodyFailed(
  exchange: Exchange,
  message: string,
  cause: unknown,
  code: ErrorCode = "ERR_TRUNKLINE_REQUEST_BODY",
): NetworkError {
  return new NetworkError(`${named(exchange)} failed: ${message}`, {
    ...factsOf(exchange),
    code,
    phase: "write",
    cause,
  });
}

/** The transport takes no more requests. */
export function closedError(): NetworkError {
  return new NetworkError(
    "The transport is closed; make a new one, or keep this one open while you make requests",
    {
      code: "ERR_TRUNKLINE_CLOSED",
      phase: "queue",
    },
  );
}

/** How far the exchange has come. */
export function phaseOf(exchange: Exchange): Phase {
  if (exchange.headersAt > 0) return "body";
  if (exchange.sentAt > 0) return "headers";
  if (exchange.assignedAt > 0) return "write";
  return exchange.dial === undefined ? "queue" : "connect";
}

/** Who a failed dial is put down to: silence to the network, an address that was not allowed to this client's settings. */
export function blameForDial(error: NetworkError): CloseCause["by"] {
  if (error.code === "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED") return "client";
  return error.phase === "dns" || error instanceof TimeoutError ? "network" : "server";
}

/** Whether `error` is the caller's as it is: the caller's own abort, a time limit, the transport's end. */
export function isFinal(cause: CloseCause, error: unknown): boolean {
  return CLOSE_TABLE[cause.reason].error === undefined && error !== undefined;
}

/** The caller's error when a connection died before the head of the response was in. */
export function failureOf(exchange: Exchange, cause: CloseCause, error: unknown): unknown {
  if (isFinal(cause, error) && !(error instanceof ProtocolError)) return error;
  return connectionLost(exchange, cause, error, cause.reason === "write-error" ? "write" : "headers");
}

/** What the connection of an exchange that is cancelled ends with, where it ends: the caller gets `error`. */
export function causeOfCancel(exchange: Exchange, error: unknown, timedOut: boolean): CloseCause {
  if (!timedOut) {
    return { reason: "aborted", by: "caller", evidence: "the caller's signal aborted the request" };
  }
  const evidence =
    error instanceof TimeoutError && error.timeout === "attemptTimeout"
      ? `the attempt got no response within its limit of ${error.milliseconds} ms`
      : `the call took longer than its timeout of ${exchange.callTimeout} ms`;
  return { reason: "timeout", by: "client", evidence };
}
