import { codeOrName } from "../errors/index.js";
import type { CloseReason } from "../trace/index.js";
import { isByTimer, isTimeout } from "./sockets.js";
import { hasUserCode } from "./stack.js";
import { field, inside, type UndiciRequest } from "./undici-inside.js";
import type { Watched } from "./watched.js";

/** The head of a response, as it was when its connection got it. */
export interface UndiciResponse {
  readonly statusCode: number;
  readonly headers: unknown;
}

/** Why a connection of undici closes: its errors say most of it, the last exchange the rest. */
export function undiciEnding(
  connection: Watched,
  error: unknown,
  sites: readonly NodeJS.CallSite[],
): CloseReason {
  const message =
    typeof error === "object" && error !== null ? String((error as { message?: unknown }).message ?? "") : "";
  const code = codeOrName(error);
  const request = connection.request as UndiciRequest | undefined;
  const response = connection.response as UndiciResponse | undefined;
  const busy = connection.active > 0;
  if (
    code === "UND_ERR_HEADERS_OVERFLOW" ||
    code === "HPE_HEADER_OVERFLOW" ||
    code === "UND_ERR_RES_EXCEEDED_MAX_SIZE"
  )
    return "limit-exceeded";
  if (request?.upgrade !== undefined && request.upgrade !== null && request.upgrade !== false)
    return "upgraded";
  if (message === "socket idle timeout") return "idle-timeout";
  if (message === "reset")
    return busy && response === undefined ? "aborted" : notKept(connection, request, response);
  if (busy && response !== undefined && isUploading(connection)) return "upload-unfinished";
  if (message === "servername changed") return "surplus";
  if (code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED") return "transport-closed";
  if (isTimeout(error)) return "timeout";
  if (code === "UND_ERR_SOCKET") {
    if (message === "bad response") return busy ? "protocol-error" : "unsolicited-data";
    return ended(connection, busy, response);
  }
  if (code === "ECONNRESET" || code === "EPIPE") {
    if (!busy) return "reset";
    return response === undefined
      ? code === "EPIPE"
        ? "write-error"
        : "reset"
      : isPaused(connection)
        ? "body-unread"
        : "server-closed-mid-response";
  }
  if (code?.startsWith("HPE_") === true) return "protocol-error";
  // What is left is the end of a request by who made it: an abort, a cancelled or a dropped body.
  if (busy && isByTimer(sites)) return "timeout";
  if (response === undefined)
    return busy ? "aborted" : connection.requests > 0 ? "idle-closed-by-caller" : "surplus";
  if (code === "AbortError" || code === "ABORT_ERR") return "aborted";
  // The garbage collector drops a body that nobody holds: then there is no caller.
  return isPaused(connection) && !hasUserCode(sites) ? "body-unread" : "body-abandoned";
}

/** Whether the response under way waits for somebody to read it. */
export function isPaused(connection: Watched): boolean {
  return (inside(connection.socket, "parser") as { paused?: unknown } | undefined)?.paused === true;
}

function ended(connection: Watched, busy: boolean, response: UndiciResponse | undefined): CloseReason {
  if (!busy) return "server-closed-idle";
  if (response === undefined) return "server-closed-unanswered";
  return isPaused(connection) ? "body-unread" : "server-closed-mid-response";
}

/** Why a connection is not kept after an exchange that was complete. */
function notKept(
  connection: Watched,
  request: UndiciRequest | undefined,
  response: UndiciResponse | undefined,
): CloseReason {
  const client = inside(connection.socket, "client");
  if (inside(client, "pipelining") === 0) return "keep-alive-off";
  // Said by the caller with `reset` or a field; by undici itself for HEAD and CONNECT.
  if (request?.method === "HEAD") connection.pool.tally.count("closedAfterHead");
  if (request?.reset === true || request?.method === "HEAD" || request?.method === "CONNECT")
    return "request-said-close";
  const said = field(response?.headers, "connection");
  if (said !== undefined && /\bclose\b/i.test(said)) return "server-said-close";
  const most = inside(client, "maxRequestsPerClient");
  if (typeof most === "number" && most > 0 && connection.requests >= most) return "max-requests";
  if (field(response?.headers, "content-length") !== undefined && said === undefined) return "http-1.0";
  if (field(response?.headers, "transfer-encoding") === undefined) return "closed-by-eof-body";
  return "server-said-close";
}

/** Whether the request's body is still being written. */
function isUploading(connection: Watched): boolean {
  return inside(connection.socket, "writing") === true;
}
