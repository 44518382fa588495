import type { CloseCause } from "../../trace/index.js";
import type { PoolLimits } from "../contract.js";
import type { Counts, Member, PoolRoute } from "../entities/index.js";
import type { IdleSet } from "./idle-set.js";

/** The idle connection that goes because an idle cap is exceeded, with the cause: always the oldest there is. */
export interface Surplus<O> {
  readonly member: Member<O>;
  readonly end: CloseCause;
}

/** Which connection has to go now that one more of the route is idle, if one has to. */
export function findSurplus<O>(
  route: PoolRoute<O>,
  all: { readonly counts: Counts; readonly idle: IdleSet<O>; readonly limits: PoolLimits },
): Surplus<O> | undefined {
  const { maxIdleConnections: max, maxIdleConnectionsPerOrigin: maxPerOrigin } = all.limits;
  const oldestHere = route.idle.oldest;
  if (route.counts.idle > maxPerOrigin && oldestHere !== undefined) {
    const evidence = `${route.counts.idle} of this origin were idle; maxIdleConnectionsPerOrigin is ${maxPerOrigin}.`;
    return { member: oldestHere, end: { reason: "max-idle-per-origin", by: "client", evidence } };
  }
  const { oldest } = all.idle;
  if (all.counts.idle <= max || oldest === undefined) return undefined;
  const evidence = `${all.counts.idle} were idle; maxIdleConnections is ${max}.`;
  return { member: oldest, end: { reason: "max-idle", by: "client", evidence } };
}
