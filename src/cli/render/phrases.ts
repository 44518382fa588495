import type { CloseReason, DialReason } from "../../index.js";

/** What follows "opened because" or "N because". */
export const openedBecause: Readonly<Record<DialReason, string>> = {
  "first-use": "nothing was open to this origin yet",
  "all-busy": "every other connection was busy",
  "previous-not-kept": "the one before could not be kept",
  "idle-expired": "the idle ones had reached their limit",
  evicted: "idle ones had been closed to keep within a cap",
  "aged-out": "the one before had reached its age",
  "too-long-idle": "the idle ones had been idle too long for a request that cannot be repeated",
  retry: "a request was sent again",
  preconnect: "it was asked for ahead of time",
  "keep-alive-off": "keep-alive is off",
  "streams-full": "every connection had all the streams its server allows",
};

/** What follows "closed:" or "N closed:". */
export const closedBecause: Readonly<Record<CloseReason, string>> = {
  "idle-timeout": "idle for as long as this client keeps one",
  "max-idle": "the cap on all idle connections",
  "max-idle-per-origin": "the cap on idle connections per origin",
  evicted: "to make room for another origin",
  "max-age": "it reached its age",
  "address-gone": "DNS no longer gives its address",
  "tls-replaced": "the TLS options were replaced",
  "max-requests": "it had served its number of requests",
  "keep-alive-off": "keep-alive is off",
  "transport-closed": "its transport was closed",
  "idle-closed-by-caller": "closeIdle() was called",
  surplus: "nobody needed it any more",
  "server-closed-idle": "the server closed it while idle",
  "server-idle-timeout": "the server answered 408 to an idle connection",
  "server-said-close": "the server asked for it",
  "http-1.0": "the server speaks HTTP/1.0 without keep-alive",
  "closed-by-eof-body": "its end marked the end of a body",
  "server-closed-mid-response": "the server cut a response off",
  "server-closed-unanswered": "the server closed it instead of answering",
  goaway: "the server said it takes no more requests on it",
  reset: "the peer reset it",
  "request-said-close": "the request asked for it",
  "body-unread": "a response body was dropped unread",
  "body-abandoned": "a response body was dropped half read",
  aborted: "a request was aborted",
  timeout: "a time limit passed",
  "upload-unfinished": "the answer came before the upload was done",
  upgraded: "it changed to another protocol",
  "request-body-failed": "a request body failed",
  "protocol-error": "the server broke the protocol",
  "unsolicited-data": "the server sent what nobody had asked for",
  "limit-exceeded": "a response crossed a limit",
  "dial-failed": "it could not be made",
  "tls-error": "TLS failed",
  "write-error": "writing to it failed",
  "ping-timeout": "a ping was not answered",
};

/** Counts by reason, the greatest first. */
export function ranked<Reason extends string>(counts: Partial<Record<Reason, number>>): [Reason, number][] {
  const entries = Object.entries(counts) as [Reason, number][];
  return entries.filter(([, count]) => count > 0).sort(([, left], [, right]) => right - left);
}
