import { ProtocolError, plural } from "../../errors/index.js";
import { BODY_LENGTH, type BodyDecoder } from "../../http1/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { Exchange } from "../exchange/index.js";

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

export const REQUEST_SAID_CLOSE: CloseCause = {
  reason: "request-said-close",
  by: "caller",
  evidence: "the request had Connection: close",
};

/** Bytes arrived for which there is no request. */
export function unsolicited(buffer: Buffer, start: number, end: number, idleFor: number): CloseCause {
  return (
    idleTimeout(buffer, start, end, idleFor) ??
    unasked(`${plural(end - start, "byte")} arrived on an idle connection after ${inWords(idleFor)}`)
  );
}

/** Such bytes, or the first of them, were found when the connection was about to be used again. */
export function unsolicitedBeforeUse(buffer: Buffer, bytes: number, idleFor: number): CloseCause {
  return (
    idleTimeout(buffer, 0, bytes, idleFor) ??
    unasked(`unsolicited bytes had arrived, found before the next request, after ${inWords(idleFor)} idle`)
  );
}

/** Bytes came right behind an answer, before the next request was written, and reached us after that. */
export const ARRIVED_BEFORE_REQUEST: CloseCause = unasked(
  "unsolicited bytes came with the end of the previous response",
);

function unasked(evidence: string): CloseCause {
  return { reason: "unsolicited-data", by: "server", evidence };
}

function idleTimeout(buffer: Buffer, start: number, end: number, idleFor: number): CloseCause | undefined {
  const text = buffer.toString("latin1", start, Math.min(end, start + 12));
  if (!/^HTTP\/1\.[01] 408/.test(text)) return undefined;
  const evidence = `the server sent 408 after ${inWords(idleFor)} idle`;
  return { reason: "server-idle-timeout", by: "server", evidence };
}

function inWords(milliseconds: number): string {
  return `${Math.round(milliseconds)} ms`;
}

export function closedIdle(idleFor: number): CloseCause {
  return {
    reason: "server-closed-idle",
    by: "server",
    evidence: `the server ended the connection after ${inWords(idleFor)} idle`,
  };
}

/** The same, found when the connection was about to be used again. */
export function closedBeforeUse(idleFor: number): CloseCause {
  const { evidence, ...cause } = closedIdle(idleFor);
  return { ...cause, evidence: `${evidence}, found before the next request` };
}

export const CLOSED_BY_EOF_BODY: CloseCause = {
  reason: "closed-by-eof-body",
  by: "server",
  evidence: "the response had no length, so it ended with the connection",
};

/** What of a body had not come when its connection ended. */
export function missingOf({ kind, remaining }: BodyDecoder): string {
  return kind === BODY_LENGTH
    ? `the connection ended with ${plural(remaining, "byte")} of the body still to come`
    : "the connection ended before the last chunk of the body";
}

/** The peer ended the connection while an answer was due. `missing`: what of the body, undefined before it. */
export function endedEarly(exchange: Exchange, missing: string | undefined, now: number): CloseCause {
  if (missing !== undefined) return { reason: "server-closed-mid-response", by: "server", evidence: missing };
  if (exchange.bytesRead > 0) {
    return {
      reason: "server-closed-mid-response",
      by: "server",
      evidence: `the connection ended after ${plural(exchange.bytesRead, "byte")} of the response's head`,
    };
  }
  return {
    reason: "server-closed-unanswered",
    by: "server",
    evidence: `the server closed the connection without answering, ${Math.round(now - exchange.assignedAt)} ms after the request began`,
  };
}

/** The caller's signal aborted a response. */
export const abortedInBody: CloseCause = {
  reason: "aborted",
  by: "caller",
  evidence: "the signal aborted while the body was arriving",
};

/** The reader of the body wanted no more of it, and what was left was not worth reading. */
export function givenUp(exchange: Exchange, why: string): CloseCause {
  const read = exchange.body?.delivered === true;
  return {
    reason: read ? "body-abandoned" : "body-unread",
    by: "caller",
    evidence: `the response body was ${read ? "abandoned part-way" : "closed unread"}: ${why} (${exchange.method} status ${exchange.status})`,
  };
}

/** One of the transport's time limits was passed. */
export function tooSlow(evidence: string): CloseCause {
  return { reason: "timeout", by: "client", evidence };
}
