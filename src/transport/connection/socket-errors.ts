import type { CloseCause } from "../../trace/index.js";
import { tlsFailureText } from "../dial/index.js";
import type { Exchange } from "../exchange/index.js";

/** What a socket's error means for its connection. */
export function causeOfSocketError(error: NodeJS.ErrnoException, busy: boolean, tls: boolean): CloseCause {
  const code = error.code ?? error.name;
  if (code === "ECONNRESET" || code === "ECONNABORTED") {
    return {
      reason: "reset",
      by: "server",
      evidence: `${code} ${busy ? "during a request" : "while the connection was idle"}`,
    };
  }
  if (code === "ETIMEDOUT") {
    return { reason: "reset", by: "network", evidence: `${code}: no answer from the network` };
  }
  if (code === "EPIPE") {
    return { reason: "write-error", by: "server", evidence: `${code}: the peer no longer accepts data` };
  }
  if (tls && /SSL|TLS/.test(code)) {
    return { reason: "tls-error", by: "server", evidence: tlsFailureText(error) };
  }
  return { reason: "write-error", by: "network", evidence: `${code}: ${error.message}` };
}

/**
 * A write of this size to an idle connection, whose send buffer is empty, is taken by the kernel as a whole or not
 * at all: the smallest send buffer of the systems Node runs on is larger.
 */
const WHOLE_WRITE_BYTES = 16 * 1024;

/** Whether the error shows that the kernel took no byte of the request, so that the server cannot have seen it. */
export function tookNothing(error: NodeJS.ErrnoException, exchange: Exchange): boolean {
  return (
    error.syscall === "write" &&
    exchange.bytesWritten === exchange.headBytes &&
    exchange.bytesWritten <= WHOLE_WRITE_BYTES
  );
}
