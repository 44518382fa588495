import { seconds } from "../errors/index.js";
import type { CloseCause } from "../trace/index.js";
import type { PoolLimits } from "./contract.js";
import type { Member, PoolRoute } from "./entities/index.js";

/** The end of what a closed transport has no use for. */
export const TRANSPORT_CLOSED: CloseCause = {
  reason: "transport-closed",
  by: "caller",
  evidence: "the transport was closed",
};

/** The end of a connection that has reached `maxConnectionAge`. */
export function endOfAge<O>(member: Member<O>, limits: PoolLimits, now: number): CloseCause {
  const age = seconds(now - member.openedAt);
  const evidence = `it was ${age} old; maxConnectionAge is ${seconds(limits.maxConnectionAge)}, plus or minus 10 %`;
  return { reason: "max-age", by: "client", evidence };
}

/** The end of a connection that has been idle for as long as it may. */
export function endOfIdleness<O>(member: Member<O>, limit: number, limitIs: string, now: number): CloseCause {
  const evidence = `it was idle for ${seconds(now - member.idleSince)}; the limit is ${seconds(limit)}, ${limitIs}`;
  return { reason: "idle-timeout", by: "client", evidence };
}

/** Why a new connection that nobody needs any more cannot be kept for later, if it cannot. */
export function endOfUnneeded(limits: PoolLimits, shutDown: boolean): CloseCause | undefined {
  const evidence = "it was no longer needed when its dial was done";
  if (shutDown) return { reason: "transport-closed", by: "caller", evidence };
  return limits.keepAlive
    ? undefined
    : { reason: "surplus", by: "client", evidence: `${evidence}, and keepAlive is false` };
}

/** The end of an idle connection that makes room for a waiter of `route`, which cannot use it. */
export function endOfEvicted<O>(
  route: PoolRoute<O>,
  limits: PoolLimits,
  full: boolean,
  now: number,
): CloseCause {
  const limit = full
    ? `maxConnectionsPerOrigin (${limits.maxConnectionsPerOrigin})`
    : `maxConnections (${limits.maxConnections})`;
  const waited = seconds(now - (route.undialed.head?.waitingSince ?? now));
  const evidence = `a request to ${route.origin} that could not use it had waited ${waited} because of ${limit}`;
  return { reason: "evicted", by: "client", evidence };
}
