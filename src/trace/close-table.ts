import type { SiteTopic } from "./origin-stats.js";
import type { CloseReason, DialReason } from "./reasons.js";

/** What follows from the reason of a close, for all who must decide something by it. Words are in `explain`. */
interface CloseTraits {
  /** Whose doing it is: this client's settings, the peer, the caller's code, or something that went wrong. */
  readonly group: "policy" | "peer" | "caller" | "fault";
  /** The reason of the dial that stands in for the connection. */
  readonly redial: DialReason;
  /**
   * What ends with the request, whatever the pool's settings: the connection; or the request's stream where the connection
   * carries several requests, and the connection where it carries one. Undefined where no request is the cause.
   */
  readonly withRequest: "connection" | "stream" | undefined;
  /**
   * Whether it shows how long the server keeps idle connections: for certain; perhaps, where the connection was idle
   * or was met on reuse, before any answer; only where it was met so.
   */
  readonly idleLimit: "certain" | "perhaps" | "on-reuse" | undefined;
  /** Where a line of the caller's code is to blame: what that line is listed under. */
  readonly site: SiteTopic | undefined;
  /** The code of the error of a request that it ends; undefined where that request has an error of its own. */
  readonly error: `ERR_TRUNKLINE_${LostCode}` | undefined;
}

/** What follows `ERR_TRUNKLINE_` in the error of a request whose connection ended under it. */
type LostCode =
  | "CONNECTION_LOST"
  | "CONNECTION_RESET"
  | "LIMIT"
  | "PROTOCOL"
  | "RESPONSE_CUT"
  | "SERVER_CLOSED"
  | "TLS"
  | "WRITE";

const LOST = "ERR_TRUNKLINE_CONNECTION_LOST";
const SERVER_CLOSED = "ERR_TRUNKLINE_SERVER_CLOSED";

/** What a request of the group ends, where its row says nothing else. */
const ENDS: Readonly<Record<CloseTraits["group"], CloseTraits["withRequest"]>> = {
  policy: undefined,
  peer: "connection",
  caller: "stream",
  fault: "connection",
};

/** A row: what is not said is as for most reasons of the group. */
function row(group: CloseTraits["group"], traits: Partial<CloseTraits> = {}): CloseTraits {
  return {
    group,
    redial: "previous-not-kept",
    withRequest: ENDS[group],
    idleLimit: undefined,
    site: undefined,
    error: group === "policy" || group === "caller" ? undefined : LOST,
    ...traits,
  };
}

/** One row for each reason: a reason without one does not compile. */
export const CLOSE_TABLE: Readonly<Record<CloseReason, CloseTraits>> = {
  "idle-timeout": row("policy", { redial: "idle-expired" }),
  "max-idle": row("policy", { redial: "evicted" }),
  "max-idle-per-origin": row("policy", { redial: "evicted" }),
  evicted: row("policy", { redial: "evicted" }),
  "max-age": row("policy", { redial: "aged-out" }),
  "max-requests": row("policy", { redial: "aged-out" }),
  "keep-alive-off": row("policy", { redial: "keep-alive-off", site: "keep-alive-off" }),
  "transport-closed": row("policy"),
  "idle-closed-by-caller": row("policy", { redial: "evicted" }),
  surplus: row("policy"),
  "address-gone": row("policy"),
  "tls-replaced": row("policy"),
  coalesced: row("policy"),

  "server-closed-idle": row("peer", {
    redial: "idle-expired",
    withRequest: undefined,
    idleLimit: "certain",
    error: SERVER_CLOSED,
  }),
  "server-idle-timeout": row("peer", {
    redial: "idle-expired",
    withRequest: undefined,
    idleLimit: "certain",
  }),
  "server-said-close": row("peer", { withRequest: "stream" }),
  "http-1.0": row("peer", { withRequest: "stream" }),
  "closed-by-eof-body": row("peer", { withRequest: "stream" }),
  "server-closed-mid-response": row("peer", { error: "ERR_TRUNKLINE_RESPONSE_CUT" }),
  "server-closed-unanswered": row("peer", { idleLimit: "on-reuse", error: SERVER_CLOSED }),
  // It comes at the server's idle limit, at its limit of requests, or when it shuts down.
  goaway: row("peer", { withRequest: undefined, error: SERVER_CLOSED }),
  reset: row("peer", { idleLimit: "perhaps", error: "ERR_TRUNKLINE_CONNECTION_RESET" }),

  "request-said-close": row("caller", { withRequest: "connection", site: "keep-alive-off" }),
  "body-unread": row("caller", { site: "body-unread" }),
  "body-abandoned": row("caller", { site: "body-abandoned" }),
  aborted: row("caller"),
  timeout: row("caller"),
  "upload-unfinished": row("caller"),
  upgraded: row("caller", { withRequest: "connection" }),
  "request-body-failed": row("caller"),

  "protocol-error": row("fault", { error: "ERR_TRUNKLINE_PROTOCOL" }),
  "unsolicited-data": row("fault", { error: "ERR_TRUNKLINE_PROTOCOL" }),
  "limit-exceeded": row("fault", { error: "ERR_TRUNKLINE_LIMIT" }),
  "dial-failed": row("fault", { withRequest: undefined }),
  "tls-error": row("fault", { error: "ERR_TRUNKLINE_TLS" }),
  "write-error": row("fault", { idleLimit: "on-reuse", error: "ERR_TRUNKLINE_WRITE" }),
  "ping-timeout": row("fault", { withRequest: undefined }),
};

/** Whether an end of this reason, of a connection that was idle, shows how long its server keeps those. */
export function endsIdleness(reason: CloseReason): boolean {
  const { idleLimit } = CLOSE_TABLE[reason];
  return idleLimit === "certain" || idleLimit === "perhaps";
}

/** Whether an end of this reason, met on reuse before any answer, is that of a connection its server had left before. */
export function isStale(reason: CloseReason): boolean {
  const { idleLimit } = CLOSE_TABLE[reason];
  return idleLimit === "perhaps" || idleLimit === "on-reuse";
}

/** The reason of the dial that stands in, as a watcher sees it: who asks for the end each time has keep-alive off, in effect. */
export function watchedRedial(reason: CloseReason): DialReason {
  const { redial, site } = CLOSE_TABLE[reason];
  return site === "keep-alive-off" ? site : redial;
}
