import { http2CodeName } from "../../errors/index.js";
import { ENHANCE_YOUR_CALM, type StreamFailure } from "../../http2/index.js";
import type { CloseCause } from "../../trace/index.js";
import { brokenBy } from "./causes.js";

// The ends of an HTTP/2 connection and of its streams, in words.

/** The server takes no more requests. */
export function goneAway(lastStream: number, code: number, debug: string): CloseCause {
  const words = debug === "" ? "" : ` and the message ${JSON.stringify(debug)}`;
  return {
    reason: "goaway",
    by: "server",
    evidence: `the server sent GOAWAY with ${http2CodeName(code)}, last stream ${lastStream}${words}`,
  };
}

/** Whether the server ended the connection over PINGs, as servers of gRPC do. */
export function complainsOfPings(code: number, debug: string): boolean {
  return code === ENHANCE_YOUR_CALM && debug.includes("too_many_pings");
}

/**
 * The end that follows the last GOAWAY, which is the one to believe: a graceful server's first says only that another
 * will come. `spared`: the requests on the connection that it did not process; `ended`: the server also ended the
 * connection, with requests on it that it had taken.
 */
export function goneFrom(gone: CloseCause, spared: number, ended: boolean): CloseCause {
  const requests = spared === 1 ? "1 later request" : `${spared} later requests`;
  const left = spared === 0 ? "" : ` (${requests} not processed)`;
  return { ...gone, evidence: `${gone.evidence}${left}${ended ? ", and then ended the connection" : ""}` };
}

export function unansweredPing(waited: number): CloseCause {
  return {
    reason: "ping-timeout",
    by: "network",
    evidence: `the server sent nothing for ${Math.round(waited)} ms after a PING`,
  };
}

/** Many streams were reset: servers end connections over that, so this one takes no more. */
export const TOO_MANY_RESETS: CloseCause = {
  reason: "aborted",
  by: "caller",
  evidence: "so many of its requests were cancelled that the server might take it for an attack",
};

export function noSettings(milliseconds: number): CloseCause {
  return {
    reason: "timeout",
    by: "client",
    evidence: `the server sent no SETTINGS within ${milliseconds} ms of the handshake`,
  };
}

/** What ended one stream, in the form that ends of connections have: it decides what becomes of its exchange. */
export function streamCause({ error, by }: StreamFailure): CloseCause {
  if (by === "client") return brokenBy(error);
  return { reason: "reset", by: "server", evidence: error.message };
}
