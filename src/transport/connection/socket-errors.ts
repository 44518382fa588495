import type { CloseCause } from "../../trace/index.js";

/** What a socket's error means for its connection. */
export function causeOfSocketError(error: NodeJS.ErrnoException, busy: boolean, tls: boolean): CloseCause {
  const code = error.code ?? error.name;
  if (code === "ECONNRESET" || code === "ECONNABORTED") {
    return { reason: "reset", by: "server", evidence: `${code} ${busy ? "during a request" : "while the connection was idle"}` };
  }
  if (code === "ETIMEDOUT") {
    return { reason: "reset", by: "network", evidence: `${code}: the network gave no answer` };
  }
  if (code === "EPIPE") {
    return { reason: "write-error", by: "server", evidence: `${code}: the peer no longer accepts data` };
  }
  if (tls && /SSL|TLS/.test(code)) {
    return { reason: "tls-error", by: "server", evidence: `${code}: ${error.message}` };
  }
  return { reason: "write-error", by: "network", evidence: `${code}: ${error.message}` };
}
