import type { CloseCause } from "../trace/index.js";
import type { Exchange } from "./exchange.js";

/**
 * Rule 6: only a connection that had been idle can have been dead before the request reached it; then it goes
 * out again when nothing of it was written, or it can be repeated without harm.
 */
export function mayGoOutAgain(exchange: Exchange, cause: CloseCause): boolean {
  if (!exchange.reused || exchange.bytesRead > 0) return false;
  if (cause.by === "caller" || cause.by === "client") return false;
  // The server did answer, with something that is no response.
  if (cause.reason === "protocol-error") return false;
  return exchange.retriable || (exchange.bytesWritten === 0 && exchange.replayable);
}
