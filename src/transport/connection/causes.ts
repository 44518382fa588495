import { ProtocolError } from "../../errors/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { Exchange } from "../exchange.js";

// The ends of a connection, in words.

/** The peer broke the protocol, or crossed one of our limits. */
export function brokenBy(error: unknown): CloseCause {
  const limit = error instanceof ProtocolError && error.limit;
  return {
    reason: limit ? "limit-exceeded" : "protocol-error",
    by: limit ? "client" : "server",
    evidence: error instanceof Error ? error.message : String(error),
  };
}

/** Bytes arrived for which there is no request. */
export function unsolicited(buffer: Buffer, start: number, end: number, idleFor: number): CloseCause {
  const idle = `${Math.round(idleFor)} ms`;
  const text = buffer.toString("latin1", start, Math.min(end, start + 12));
  return /^HTTP\/1\.[01] 408/.test(text)
    ? { reason: "server-idle-timeout", by: "server", evidence: `the server sent 408 after ${idle} idle` }
    : {
        reason: "unsolicited-data",
        by: "server",
        evidence: `${end - start} bytes arrived on an idle connection after ${idle}`,
      };
}

export function closedIdle(idleFor: number): CloseCause {
  return {
    reason: "server-closed-idle",
    by: "server",
    evidence: `the server ended the connection after ${Math.round(idleFor)} ms idle`,
  };
}

export const CLOSED_BY_EOF_BODY: CloseCause = {
  reason: "closed-by-eof-body",
  by: "server",
  evidence: "the response had no length, so the end of the connection was its end",
};

/** The peer ended the connection while an answer was due. `missing`: what of the body, undefined before it. */
export function endedEarly(exchange: Exchange, missing: string | undefined, now: number): CloseCause {
  if (missing !== undefined) return { reason: "server-closed-mid-response", by: "server", evidence: missing };
  if (exchange.bytesRead > 0) {
    return {
      reason: "server-closed-mid-response",
      by: "server",
      evidence: `the connection ended after ${exchange.bytesRead} bytes of the response's head`,
    };
  }
  return {
    reason: "server-closed-unanswered",
    by: "server",
    evidence: `the server ended the connection without an answer, ${Math.round(now - exchange.assignedAt)} ms after the request began`,
  };
}

/** The reader of the body wanted no more of it, and what was left was not worth reading. */
export function givenUp(exchange: Exchange, why: string): CloseCause {
  const read = exchange.body?.delivered === true;
  return {
    reason: read ? "body-abandoned" : "body-unread",
    by: "caller",
    evidence: `the response body was ${read ? "given up part-way" : "closed unread"}: ${why} (${exchange.method} status ${exchange.status})`,
  };
}

/** One of the transport's time limits was passed. */
export function tooSlow(evidence: string): CloseCause {
  return { reason: "timeout", by: "client", evidence };
}
