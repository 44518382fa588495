import type { CloseCause } from "../trace/index.js";
import type { Exchange } from "./exchange.js";

/**
 * Rule 6: only a connection that had been idle can have been dead before the request reached it, or hold bytes that
 * are no answer to it. Before any well-formed head of an answer the request then goes out again when nothing of it was
 * written, or when it can be repeated without harm.
 */
export function mayGoOutAgain(exchange: Exchange, cause: CloseCause): boolean {
  if (!exchange.reused || exchange.answered) return false;
  if (cause.by === "caller" || cause.by === "client") return false;
  if (isGarbage(cause)) return exchange.retriable;
  if (exchange.bytesRead > 0) return false;
  return exchange.retriable || (exchange.bytesWritten === 0 && exchange.outgoing.replayable);
}

/** Whether what came is no response: on a connection that was used before it may be the rest of an answer before. */
export function isGarbage(cause: CloseCause): boolean {
  return cause.reason === "protocol-error";
}
