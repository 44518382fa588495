import type { Http2Stream } from "./stream.js";

/** So long may what is owed be less than half the window: a server must not take a slow reader for a dead one. */
export const LONGEST_OWED = 5_000;

/** How the windows of responses grow; the same for all streams of a connection. */
export interface ReceiveLimits {
  /** Of a new stream, octets. */
  readonly initialWindow: number;
  /** How far it may grow. */
  readonly maxWindow: number;
}

/**
 * How much to add to the server's window of a stream now; 0 for nothing yet. A window has the size `receiveTarget`:
 * what the server may still send and what nobody has taken yet are parts of it, and the rest is owed. It doubles while
 * the reader takes half a window in a round trip, since then the window is what holds the server up.
 *
 * `roundTrip` is in milliseconds, 0 while it is not known. Under `pressure` (readers hold too much memory already)
 * windows go back to their first size, and a stream whose reader is behind gets nothing.
 */
export function takeCredit<Owner>(
  stream: Http2Stream<Owner>,
  limits: ReceiveLimits,
  now: number,
  roundTrip: number,
  pressure: boolean,
): number {
  if (pressure) stream.receiveTarget = Math.min(stream.receiveTarget, limits.initialWindow);
  let owed = stream.receiveTarget - stream.receiveLeft - stream.unread;
  // What is still to come may fit: the server can do without then, and no update is needed for a small body. An octet
  // must be left over: a server of nghttp2's (node:http2 is one) sends no END_STREAM, which needs no credit, at 0.
  const fits = stream.bodyLeft >= 0 && stream.bodyLeft < stream.receiveLeft;
  if (owed <= 0 || fits || stream.remoteEnded || stream.over) {
    stream.owedSince = -1;
    return 0;
  }
  if (stream.owedSince < 0) stream.owedSince = now;
  const aged = now - stream.owedSince >= LONGEST_OWED;
  if (owed * 2 < stream.receiveTarget && !aged) return 0;
  if (pressure && stream.unread > 0) return 0;
  const elapsed = now - stream.creditedAt;
  if (
    !pressure &&
    roundTrip > 0 &&
    stream.receiveTarget < limits.maxWindow &&
    stream.taken * roundTrip >= stream.receiveTarget * elapsed * 0.5
  ) {
    const target = Math.min(limits.maxWindow, stream.receiveTarget * 2);
    owed += target - stream.receiveTarget;
    stream.receiveTarget = target;
  }
  stream.receiveLeft += owed;
  stream.taken = 0;
  stream.creditedAt = now;
  stream.owedSince = -1;
  return owed;
}
