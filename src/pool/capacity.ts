import { ASSUMED_STREAMS, type PoolLimits } from "./contract.js";
import type { Member, PoolRoute } from "./entities/index.js";

/** So many connections in a row whose server allows no exchange at all are enough to stop dialing. */
const ENOUGH_BARREN = 2;

/** How many exchanges more the connection, which is open, could be given now. */
export function roomOf<O>(member: Member<O>, limits: PoolLimits): number {
  if (member.refusing || member.closeWhenReleased !== undefined) return 0;
  return Math.min(
    member.limit - member.active,
    limits.maxRequestsPerConnection - member.requests,
    member.serverRequestsLeft,
  );
}

/** How many waiters may count on a dial that starts now. */
export function roomOfDial<O>(route: PoolRoute<O>, limits: PoolLimits): number {
  if (route.single) return 1;
  // Nobody knows what it will speak: all wait to see.
  if (route.limit === undefined) return Number.POSITIVE_INFINITY;
  return Math.min(route.limit, limits.maxRequestsPerConnection);
}

/** How many dials of the route may be under way at once. */
export function mostDials<O>(route: PoolRoute<O>, limits: PoolLimits): number {
  if (route.single) return limits.maxDialingPerOrigin;
  const barren = route.barren >= ENOUGH_BARREN && route.counts.open > 0;
  return barren ? 0 : Math.min(1, limits.maxDialingPerOrigin);
}

/** Whether the servers of the route's last connections all allowed no stream: nothing ends the wait for certain. */
export function isBarren<O>(route: PoolRoute<O>): boolean {
  return !route.single && route.barren >= ENOUGH_BARREN;
}

/** The connection's dial is done: what it can carry, and what follows for the next ones. `limit`: undefined for one at a time. */
export function learnProtocol<O>(member: Member<O>, limit: number | undefined): void {
  const { route } = member;
  if (limit === undefined || route.alwaysSingle) {
    // Should the server have said that it takes nothing, that holds.
    member.limit = member.multiplexed ? Math.min(1, member.limit) : 1;
    member.multiplexed = false;
    route.single = true;
    route.barren = 0;
    return;
  }
  route.limit ??= ASSUMED_STREAMS;
  route.single = false;
  member.limit = Math.min(limit, member.multiplexed ? member.limit : route.limit);
  member.multiplexed = true;
  if (member.limit <= 0) route.barren += 1;
}

/** The server said how many exchanges the connection can carry at once, perhaps before the dial was over. */
export function learnLimit<O>(member: Member<O>, limit: number): void {
  const { route } = member;
  if (route.alwaysSingle) {
    member.limit = Math.min(1, limit);
    member.multiplexed ||= member.state === "dialing";
    return;
  }
  if (limit > 0) {
    route.limit = limit;
    route.barren = 0;
  } else if (member.limit > 0 && member.state !== "dialing") {
    route.barren += 1;
  }
  member.multiplexed = true;
  member.limit = limit;
}
