import { NetworkError, TimeoutError, type TimeoutKind } from "../../errors/index.js";
import type { BodyReader } from "../../message/index.js";

/** What programs written for Node's fetch look for in `error.cause.code` where the system has no code of its own. */
const CODES: Readonly<Record<string, string>> = {
  ERR_TRUNKLINE_SERVER_CLOSED: "UND_ERR_SOCKET",
  ERR_TRUNKLINE_CONNECTION_LOST: "UND_ERR_SOCKET",
  ERR_TRUNKLINE_RESPONSE_CUT: "UND_ERR_SOCKET",
  // Over HTTP/1.1, which those programs know, the server would have closed the connection.
  ERR_TRUNKLINE_GOAWAY: "UND_ERR_SOCKET",
  ERR_TRUNKLINE_STREAM_REFUSED: "UND_ERR_SOCKET",
  ERR_TRUNKLINE_STREAM_RESET: "UND_ERR_SOCKET",
};
const TIMEOUT_CODES: Partial<Record<TimeoutKind, string>> = {
  connectTimeout: "UND_ERR_CONNECT_TIMEOUT",
  tlsTimeout: "UND_ERR_CONNECT_TIMEOUT",
  headersTimeout: "UND_ERR_HEADERS_TIMEOUT",
  bodyTimeout: "UND_ERR_BODY_TIMEOUT",
};

/** What fetch rejects with: the standard has one error for everything that goes wrong on the way. */
export function fetchError(error: unknown): unknown {
  return error instanceof NetworkError ? new TypeError("fetch failed", { cause: causeOf(error) }) : error;
}

/** What reading a body rejects with that broke off. */
function terminated(error: unknown): unknown {
  return error instanceof NetworkError ? new TypeError("terminated", { cause: causeOf(error) }) : error;
}

/** The rejection of a request that the standard answers with a network error before anything is dialed. */
export function networkError(why: string): TypeError {
  const cause = new TypeError(why);
  return new TypeError("fetch failed", { cause });
}

/**
 * A copy of the `NetworkError` with the code that fetch's users match on (`ECONNREFUSED`, `UND_ERR_SOCKET`), where there
 * is one; `trunklineCode` has its own. It takes the place of the error, and does not lead to it: what prints an error with
 * its causes would print the same sentence twice.
 */
function causeOf(error: NetworkError): NetworkError {
  const details = {
    code: error.code,
    phase: error.phase,
    url: error.url,
    connection: error.connection,
    reused: error.reused,
    bytesWritten: error.bytesWritten,
    responseStarted: error.responseStarted,
    retryable: error.retryable,
    cause: error.cause,
  };
  const cause =
    error instanceof TimeoutError
      ? new TimeoutError(error.message, {
          ...details,
          timeout: error.timeout,
          milliseconds: error.milliseconds,
          spent: error.spent,
        })
      : new NetworkError(error.message, details);
  const system = error.cause as Readonly<Record<string, unknown>> | undefined;
  const added: Record<string, unknown> = { code: systemCode(error) ?? error.code, trunklineCode: error.code };
  // Those too are read by programs that ask why a connection could not be made.
  for (const name of ["errno", "syscall", "hostname", "address", "port"]) {
    if (system?.[name] !== undefined) added[name] = system[name];
  }
  for (const [name, value] of Object.entries(added)) {
    Object.defineProperty(cause, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return cause;
}

function systemCode(error: NetworkError): string | undefined {
  if (error instanceof TimeoutError) return TIMEOUT_CODES[error.timeout];
  const code: unknown = (error.cause as { readonly code?: unknown } | undefined)?.code;
  // The cause may be an error of our own, of the protocol.
  return typeof code === "string" && code !== error.code ? code : CODES[error.code];
}

/** Makes the body fail as fetch's bodies do, and end when the call is aborted. */
export function guardBody(body: BodyReader, signal: AbortSignal | undefined): void {
  if (signal !== undefined) body.signal = signal;
  if (!body.complete) body.describe = terminated;
}
