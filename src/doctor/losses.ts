import { type CloseReason, isStale } from "../trace/index.js";
import type { Tally } from "./tally.js";
import type { Watched } from "./watched.js";

/**
 * A connection idle for less (milliseconds) was in use a moment before: no server has so short an idle limit, so one
 * that ends it does so because of the request.
 */
const MOMENT = 50;
/** What comes first after so long (milliseconds) comes after a pause. */
const PAUSE = 200;

/** Who keeps the account of the process. */
interface Book {
  now(): number;
  stoodStillSince(time: number): boolean;
  requestFailed(tally: Tally, code: string): void;
  closedRather(connection: Watched, was: CloseReason, reason: CloseReason): void;
}

/** Why requests are lost with their connections: said beside the close reason, because one reason has several causes. */
export function noteLoss(book: Book, connection: Watched, reason: CloseReason): void {
  const { tally } = connection.pool;
  if (connection.active === 0 || connection.response !== undefined) {
    if (connection.active > 0 && reason === "timeout") noteTimeLimit(book, connection);
    return;
  }
  const reused = connection.requests > 1;
  if (reason === "timeout") {
    noteTimeLimit(book, connection);
    return;
  }
  if (!isStale(reason)) return;
  if (reused && book.stoodStillSince(connection.idleSince)) {
    tally.count("lostStandingStill");
    return;
  }
  if (reused && connection.idleBefore >= MOMENT) {
    tally.count("staleFailures");
    tally.least("failedAfter", Math.round(connection.idleBefore));
    tally.idleEnded(connection.idleBefore, book.now());
    return;
  }
  tally.count("hangUps");
  tally.count("hangUpMs", book.now() - connection.sentAt);
  if (!reused) tally.count("hangUpsOnNew");
}

function noteTimeLimit(book: Book, connection: Watched): void {
  const { tally } = connection.pool;
  tally.count("timeLimits");
  tally.count("timeLimitMs", book.now() - connection.sentAt);
  if (!isAfterPause(connection)) return;
  tally.count("timeLimitsAfterPause");
  tally.least("failedAfter", Math.round(connection.idleBefore));
}

/** The response's head is larger than the client takes. */
const OVERFLOW: RegExp = /HEADERS?_OVERFLOW/;

/** Whether the request under way is the first on its connection after a pause. */
function isAfterPause({ requests, idleBefore, response }: Watched): boolean {
  return requests > 1 && idleBefore >= PAUSE && response === undefined;
}

/** A request has failed, with its connection where it had one. */
export function noteFailure(book: Book, connection: Watched, code: string): void {
  const { tally } = connection.pool;
  book.requestFailed(tally, code);
  if (connection.closed && OVERFLOW.test(code)) {
    tally.count("headsTooLarge");
    book.closedRather(connection, "protocol-error", "limit-exceeded");
  }
  if (!isAfterPause(connection)) return;
  tally.count("failedAfterPause");
  tally.least("failedAfter", Math.round(connection.idleBefore));
}
