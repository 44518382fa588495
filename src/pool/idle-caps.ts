import type { CloseCause } from "../trace/index.js";
import type { Ledger } from "./ledger.js";
import type { Member } from "./member.js";
import type { PoolRoute } from "./route.js";

/** The idle connection that goes because an idle cap is exceeded, with the cause: always the oldest there is. */
export interface Surplus<O> {
  readonly member: Member<O>;
  readonly end: CloseCause;
}

/** Which connection has to go now that one more of the route is idle, if one has to. */
export function findSurplus<O>(ledger: Ledger<O>, route: PoolRoute<O>): Surplus<O> | undefined {
  const { maxIdleConnections: max, maxIdleConnectionsPerOrigin: maxPerOrigin } = ledger.limits;
  const oldestHere = route.idle.oldest;
  if (route.counts.idle > maxPerOrigin && oldestHere !== undefined) {
    const evidence = `${route.counts.idle} of this origin were idle; maxIdleConnectionsPerOrigin is ${maxPerOrigin}.`;
    return { member: oldestHere, end: { reason: "max-idle-per-origin", by: "client", evidence } };
  }
  const { oldest } = ledger.idle;
  if (ledger.counts.idle <= max || oldest === undefined) return undefined;
  const evidence = `${ledger.counts.idle} were idle; maxIdleConnections is ${max}.`;
  return { member: oldest, end: { reason: "max-idle", by: "client", evidence } };
}
