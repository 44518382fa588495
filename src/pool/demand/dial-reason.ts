import { CLOSE_TABLE, type DialReason } from "../../trace/index.js";
import type { LostConnection, PoolRoute, Waiter } from "../entities/index.js";

/** Why a dial is made, and what it stands in for. */
interface DialPlan {
  readonly reason: DialReason;
  /** The connection that would have made the dial unnecessary. */
  readonly previous: number | undefined;
  readonly replaces: LostConnection | undefined;
}

/**
 * Why a dial is made. The first of these that holds:
 *
 * 1. `keep-alive-off`: the pool keeps no connections.
 * 2. `preconnect`: nobody waits for it, it was asked for in advance.
 * 3. The waiter's own reason (`retry`): it insists on a new connection.
 * 4. `too-long-idle`: there was an idle connection when the waiter came, but it had been idle for longer than the
 *    server is known to tolerate and the request could not be sent twice. `previous` is that connection.
 * 5. The route has lost a connection that no dial has replaced: `idle-expired`, `evicted`, `aged-out` or
 *    `previous-not-kept`, by the reason of the newest such loss, which is `previous`.
 * 6. `streams-full`: the route has no connection of its own, and those that it shares with others are full.
 * 7. `first-use`: the route has no connection, is making none, and never had one.
 * 8. `streams-full`: its connections carry several exchanges at once, and each has as many as it can.
 * 9. `all-busy`: all connections of the route are in use, or still being made.
 *
 * Each dial replaces one loss, whatever its reason, save one whose `previous` is still there (4).
 * A dial that fails gives the loss back.
 */
export function planDial<O>(
  route: PoolRoute<O>,
  waiter: Waiter<O> | undefined,
  keepAlive: boolean,
): DialPlan {
  const skipped = waiter?.skipped;
  const stillThere = skipped !== undefined && skipped.state !== "closed";
  const loss = stillThere ? undefined : route.lost.pop();
  const plan = (reason: DialReason, previous?: number): DialPlan => ({ reason, previous, replaces: loss });
  if (!keepAlive) return plan("keep-alive-off");
  if (waiter === undefined) return plan("preconnect");
  if (waiter.mustDial !== undefined) return plan(waiter.mustDial, loss?.id);
  if (skipped !== undefined) return plan("too-long-idle", skipped.id);
  if (loss !== undefined) return plan(CLOSE_TABLE[loss.reason].redial, loss.id);
  // Had it ever had one that is missed, that would be a loss.
  if (route.counts.open === 0) return plan(route.hosts === undefined ? "first-use" : "streams-full");
  return plan(route.single ? "all-busy" : "streams-full");
}
