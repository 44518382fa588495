import type { CloseReason } from "../trace/index.js";
import type { Member } from "./member.js";

/**
 * Learns from the end of a connection how long its server keeps idle ones. An end seen while it was idle tells
 * the age; one met on reuse, before any answer, tells that the server had ended it by then. What was never
 * used tells nothing: servers give a first request another time limit than the next one.
 */
export function learnFromEnd<O>(member: Member<O>, reason: CloseReason, now: number): void {
  if (member.requests === 0) return;
  const { idleLimit } = member.route;
  if (member.state === "idle") {
    if (reason === "server-closed-idle" || reason === "server-idle-timeout" || reason === "reset") {
      idleLimit.ended(now - member.idleSince, true, now);
    }
    return;
  }
  if (member.lastIdleFor === 0) return;
  if (
    reason === "server-closed-unanswered" ||
    reason === "server-idle-timeout" ||
    reason === "reset" ||
    reason === "write-error"
  ) {
    idleLimit.ended(member.lastIdleFor, false, now);
  }
}
