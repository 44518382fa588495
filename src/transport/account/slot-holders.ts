import type { Pool, PoolRoute } from "../../pool/index.js";
import type { Exchange, Link } from "../exchange/index.js";

/** Who holds the connections that the exchange waits for, for the errors about waiting. */
export function describeHolders(pool: Pool<Link, Exchange>, route: PoolRoute<Link>, now: number): string {
  const holders = pool.holders(route);
  let oldest: Exchange | undefined;
  for (const { owner } of holders) {
    const busy = owner?.busyWith;
    if (busy !== undefined && (oldest === undefined || busy.assignedAt < oldest.assignedAt)) oldest = busy;
  }
  const { active, dialing } = pool.counts;
  if (holders.length === 0) return `${elsewhere(pool)} (${active} active and ${dialing} dialing in all)`;
  const held =
    oldest === undefined
      ? ""
      : `, the longest by ${oldest.method} ${oldest.target.path.split("?")[0]} for ${Math.round(now - oldest.assignedAt)} ms`;
  const count = `${holders.length} ${holders.length === 1 ? "connection" : "connections"}`;
  return `${count} to ${route.origin} ${holders.length === 1 ? "is" : "are"} held${held} (${active} active and ${dialing} dialing in all)`;
}

/** Where `maxConnections` is what the exchange waits for: other origins have them all. */
function elsewhere(pool: Pool<Link, Exchange>): string {
  let most = { origin: "", held: 0 };
  for (const { origin, active, dialing } of pool.snapshot().origins) {
    if (active + dialing > most.held) most = { origin, held: active + dialing };
  }
  return `other origins hold the connections; ${most.origin} holds the most, ${most.held}`;
}
