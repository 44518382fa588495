import { ProtocolError } from "../../errors/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { Exchange } from "./exchange.js";

/** How often an exchange that servers turn away goes out again: a storm of refusals must settle. */
const MOST_ATTEMPTS = 3;
/** How often one that never left its connection does; that costs no server anything. */
const MOST_UNSENT = 10;

/**
 * Rule 6. What the peer did not process goes out again whatever it is. Else only a connection that is known to have
 * worked can have been dead before the request reached it, or hold bytes that do not answer it: before any
 * well-formed head of an answer the request then goes out again when nothing of it was written, or when it can be
 * repeated without harm.
 */
export function mayGoOutAgain(exchange: Exchange, cause: CloseCause, error?: unknown): boolean {
  if (exchange.answered || isTooLarge(error)) return false;
  const { reach } = exchange;
  // Each connection that spares some has taken others, so they all get their turn, however few a connection takes.
  if (reach === "spared") return maySendAgain(exchange);
  const attempt = countedAttempts(exchange);
  if (reach === "unsent") {
    // It waited for SETTINGS that never came: another connection would make it wait as long.
    if (cause.reason === "timeout") return false;
    // A server that breaks its connections before anything is sent would have it dial on and on.
    const most = isGarbage(cause) ? MOST_ATTEMPTS : MOST_UNSENT;
    return attempt < most && maySendAgain(exchange) && cause.by !== "caller";
  }
  if (reach === "refused" || wantsHttp1(error)) return attempt < MOST_ATTEMPTS && maySendAgain(exchange);
  if (!exchange.proven) return false;
  if (cause.by === "caller" || cause.by === "client") return false;
  // What comes on a stream is an answer to its request, and to no other.
  if (isGarbage(cause)) return exchange.repeatable && !isOfStream(error);
  if (exchange.bytesRead > 0) return false;
  if (exchange.repeatable) return true;
  // A stream whose head has left is known to the server, whatever of its body has; what has not left is "unsent".
  return exchange.carried === undefined && exchange.bytesWritten === 0 && exchange.outgoing.replayable;
}

/** Whether it goes out again only after a pause: a server that refused it twice needs time more than haste. */
export function pausesFirst(exchange: Exchange, error: unknown): boolean {
  return exchange.reach === "refused" && countedAttempts(exchange) > 1 && !wantsHttp1(error);
}

/** Whether it goes out again on a new connection alone. */
export function mustDialAgain(exchange: Exchange, cause: CloseCause, error: unknown): boolean {
  if (isGarbage(cause)) return true;
  const { reach } = exchange;
  return reach !== "unsent" && reach !== "spared" && countedAttempts(exchange) > 1 && !wantsHttp1(error);
}

/** How often it went out, but for what servers spared. */
function countedAttempts({ attempt, spared }: Exchange): number {
  return attempt - spared;
}

/** Whether its body can be sent once more: it is in memory, or nobody has begun to read it. */
export function maySendAgain({ outgoing, bodyOpened }: Exchange): boolean {
  return outgoing.replayable || !bodyOpened;
}

/** Whether the server asks for the request over HTTP/1.1, or speaks nothing else whatever it agreed to. */
export function wantsHttp1(error: unknown): boolean {
  return error instanceof ProtocolError && error.wantsHttp1;
}

/** Whether what came is not a response: on a connection that was used before it may be the rest of an answer before. */
function isGarbage(cause: CloseCause): boolean {
  return cause.reason === "protocol-error";
}

/** Whether the server broke a rule of HTTP/2 on the stream of this request alone. */
export function isOfStream(error: unknown): boolean {
  return error instanceof ProtocolError && error.scope === "stream";
}

/** Whether the request is larger than the server takes, on this connection or another. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof ProtocolError && error.code === "ERR_TRUNKLINE_REQUEST_HEADERS_TOO_LARGE";
}
