import { CLOSE_TABLE, type CloseReason, endsIdleness } from "../../trace/index.js";
import { DEFAULT_TOLERATED, IdleLimit, type Member } from "../entities/index.js";

/**
 * Learns from the end of a connection how long its server keeps idle ones. An end seen while it was idle tells
 * the age; one met on reuse, before any answer, tells that the server had ended it by then. What was never
 * used tells nothing: servers give a first request another time limit than the next one.
 */
export function learnFromEnd<O>(member: Member<O>, reason: CloseReason, now: number): void {
  if (member.requests === 0) return;
  const { route } = member;
  if (member.state === "idle") {
    if (endsIdleness(reason)) {
      route.idleLimit ??= new IdleLimit();
      route.idleLimit.ended(now - member.idleSince, true, now);
    }
    return;
  }
  if (member.restedFor === 0 || CLOSE_TABLE[reason].idleLimit === undefined) return;
  route.idleLimit ??= new IdleLimit();
  route.idleLimit.ended(member.restedFor, false, now);
}

/** Learns from the first exchange that succeeded how long its connection could be idle before. */
export function learnFromSuccess<O>(member: Member<O>): void {
  const { route, restedFor } = member;
  member.restedFor = 0;
  if (route.idleLimit === undefined) {
    if (restedFor <= DEFAULT_TOLERATED) return;
    route.idleLimit = new IdleLimit();
  }
  route.idleLimit.survived(restedFor);
}

/** The idle age up to which a request that cannot be sent twice may take this connection. */
export function toleratedIdleAge<O>({ route, serverIdleLimit }: Member<O>): number {
  if (route.idleLimit !== undefined) return route.idleLimit.tolerated(serverIdleLimit);
  return serverIdleLimit === Number.POSITIVE_INFINITY ? DEFAULT_TOLERATED : serverIdleLimit;
}
