import type { CloseReason, DialReason } from "../trace/index.js";
import { CLOSE_REASONS } from "./names-close.js";
import { DIAL_REASONS } from "./names-dial.js";
import { FINDING_KINDS } from "./names-finding.js";
import type { FindingKind } from "./report.js";

/** What a name means, in sentences; the one source of the docs, the reports and the command line. */
export interface Explanation {
  readonly meaning: string;
  /** The usual cause. */
  readonly cause: string;
  readonly remedy: string;
}

/** A name with its explanation, and what it names. */
export interface NamedExplanation extends Explanation {
  readonly name: string;
  readonly of: "dial" | "close" | "finding";
  /** How sure a finding is. */
  readonly certainty?: string;
}

/** What a name means: of a reason to dial, a reason to close (some names are both), or a finding. Empty for no such name. */
export function explainName(name: string): NamedExplanation[] {
  return allNames().filter((one) => one.name === name);
}

/** Every name there is, in the order of the docs. */
export function allNames(): NamedExplanation[] {
  return [
    ...Object.entries(DIAL_REASONS).map(([name, words]) => ({ name, of: "dial" as const, ...words })),
    ...Object.entries(CLOSE_REASONS).map(([name, words]) => ({ name, of: "close" as const, ...words })),
    ...Object.entries(FINDING_KINDS).map(([name, words]) => ({ name, of: "finding" as const, ...words })),
  ];
}

/** One sentence, without its end, to stand in a list. */
export function inShort(of: "dial" | "close", name: string): string {
  return (of === "dial" ? DIAL_SHORT[name as DialReason] : CLOSE_SHORT[name as CloseReason]) ?? name;
}

/** One sentence on a kind of finding. */
export function meaningOf(kind: FindingKind): string {
  return FINDING_KINDS[kind].meaning;
}

const DIAL_SHORT: Readonly<Record<DialReason, string>> = {
  "first-use": "there was none yet",
  "all-busy": "all others were in use",
  "previous-not-kept": "the previous one could not be kept",
  "idle-expired": "the previous one was idle for too long",
  evicted: "the previous one was closed to keep within a limit",
  "aged-out": "the previous one had reached its age or number of requests",
  "too-long-idle": "the idle one was not safe for a request that cannot be sent twice",
  retry: "the request had met dead connections before",
  preconnect: "it was asked for ahead of need",
  "keep-alive-off": "keep-alive is off",
  "streams-full": "all others carried as many streams as the server allows",
};

const CLOSE_SHORT: Readonly<Record<CloseReason, string>> = {
  "idle-timeout": "idle for as long as this client keeps them",
  "max-idle": "more idle ones than maxIdleConnections",
  "max-idle-per-origin": "more idle ones than maxIdleConnectionsPerOrigin",
  evicted: "made room for another origin",
  "max-age": "as old as maxConnectionAge allows",
  "address-gone": "DNS no longer gives its address",
  "tls-replaced": "made with TLS options that were replaced",
  "max-requests": "carried as many requests as it may",
  "keep-alive-off": "keep-alive is off",
  "transport-closed": "the transport was closed",
  "idle-closed-by-caller": "closeIdle() was called",
  surplus: "nobody needed it when it was ready",
  "server-closed-idle": "the server ended it while it was idle",
  "server-idle-timeout": "the server sent 408 while it was idle",
  "server-said-close": "the response said Connection: close",
  "http-1.0": "the server speaks HTTP/1.0",
  "closed-by-eof-body": "the response had no length, so it ended with the connection",
  "server-closed-mid-response": "the server ended it in the middle of a response",
  "server-closed-unanswered": "the server ended it without an answer",
  goaway: "the server said GOAWAY",
  reset: "it was reset",
  "request-said-close": "the request said Connection: close",
  "body-unread": "the response's body was not read",
  "body-abandoned": "the response's body was given up part-way",
  aborted: "the caller aborted the request",
  timeout: "a time limit passed",
  "upload-unfinished": "the answer came before the request's body was sent",
  upgraded: "it was handed over for another protocol",
  "request-body-failed": "the request's body failed",
  "protocol-error": "the response was not valid HTTP",
  "unsolicited-data": "bytes came that belong to no response",
  "limit-exceeded": "the response passed a limit",
  "dial-failed": "it could not be made",
  "tls-error": "TLS failed",
  "write-error": "writing the request failed",
  "ping-timeout": "the peer did not answer a PING",
};
