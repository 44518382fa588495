/** Why a connection was dialed. Names are stable API. */
export type DialReason =
  | "first-use"
  | "all-busy"
  | "previous-not-kept"
  | "idle-expired"
  | "evicted"
  | "aged-out"
  | "too-long-idle"
  | "retry"
  | "preconnect"
  | "keep-alive-off"
  | "streams-full";

/** Why a connection was closed. Names are stable API. */
export type CloseReason =
  // policy of this client
  | "idle-timeout"
  | "max-idle"
  | "max-idle-per-origin"
  | "evicted"
  | "max-age"
  | "max-requests"
  | "keep-alive-off"
  | "transport-closed"
  | "idle-closed-by-caller"
  | "surplus"
  | "address-gone"
  | "tls-replaced"
  | "coalesced"
  // the peer
  | "server-closed-idle"
  | "server-idle-timeout"
  | "server-said-close"
  | "http-1.0"
  | "closed-by-eof-body"
  | "server-closed-mid-response"
  | "server-closed-unanswered"
  | "goaway"
  | "reset"
  // what the caller did
  | "request-said-close"
  | "body-unread"
  | "body-abandoned"
  | "aborted"
  | "timeout"
  | "upload-unfinished"
  | "upgraded"
  | "request-body-failed"
  // what went wrong
  | "protocol-error"
  | "unsolicited-data"
  | "limit-exceeded"
  | "dial-failed"
  | "tls-error"
  | "write-error"
  | "ping-timeout";

/** Who closed a connection. `caller`: your program, by what it did with a request or response; `client`: Trunkline. */
export type ClosedBy = "client" | "server" | "network" | "caller";

/** The end of a connection: all three parts are required, so that a close without a reason does not compile. */
export interface CloseCause {
  readonly reason: CloseReason;
  readonly by: ClosedBy;
  /** One sentence of facts: times, bytes, headers. No secrets. */
  readonly evidence: string;
}
