import { plural } from "../errors/index.js";
import type { CloseCause } from "../trace/index.js";
import { roomOf } from "./capacity.js";
import type { PoolEffects, PoolLimits } from "./contract.js";
import { endOfAge, endOfEvicted, TRANSPORT_CLOSED } from "./ending.js";
import type { Member, PoolRoute, Waiter } from "./entities/index.js";
import { learnFromEnd, toleratedIdleAge } from "./idle/index.js";
import type { Slots } from "./slots.js";
import type { Turnover } from "./turnover.js";

/**
 * Where `maxConnections` binds, a route that keeps its connections busy would starve the others: a waiter
 * elsewhere that came so much earlier (milliseconds) than the route's own next one gets the slot instead.
 */
const PATIENCE = 1000;

/** Which connection serves whom. */
export class Serving<O, W extends Waiter<O>> {
  readonly #slots: Slots<O>;
  readonly #effects: PoolEffects<O, W>;
  readonly #turnover: Turnover<O, W>;

  constructor(slots: Slots<O>, effects: PoolEffects<O, W>, turnover: Turnover<O, W>) {
    this.#slots = slots;
    this.#effects = effects;
    this.#turnover = turnover;
  }

  /** The connection for a new waiter: the idle one used last, else the oldest one in use that has room. */
  find(waiter: W, route: PoolRoute<O>, now: number): Member<O> | undefined {
    const idle = this.#findIdle(waiter, route, now);
    if (idle !== undefined || route.roomy === undefined) return idle;
    for (let { oldest } = route.roomy; oldest !== undefined; oldest = route.roomy.oldest) {
      if (now < oldest.expiresAt) return oldest;
      this.#slots.drain(oldest, endOfAge(oldest, this.#slots.limits, now));
    }
    return undefined;
  }

  /** A connection of another route that the route may use, where one has room. */
  findShared(waiter: W, hosts: readonly Member<O>[], now: number): Member<O> | undefined {
    // Those that turn out to be over leave the list meanwhile.
    for (const host of [...hosts]) {
      if (!this.#hasRoom(host)) continue;
      if (host.state === "idle") {
        if (this.#slots.idle.expired(host, now)) this.#turnover.expire(host, now);
        else if (this.isFit(host, waiter, now)) return host;
      } else if (now < host.expiresAt) return host;
      else this.#slots.drain(host, endOfAge(host, this.#slots.limits, now));
    }
    return undefined;
  }

  /** Gives the waiter, which waits nowhere, the connection, which has room. */
  give(waiter: W, member: Member<O>, idleFor: number, now: number): void {
    if (member.state === "idle") this.#slots.take(member, waiter, idleFor);
    else this.#slots.begin(member, waiter, idleFor);
    this.#effects.assign(waiter, member);
    if (!member.multiplexed || member.state !== "active") return;
    // One that has carried all it may is replaced at once, not when the last of its exchanges is over.
    const { limits } = this.#slots;
    const end =
      member.requests < limits.maxRequestsPerConnection ? undefined : endAfterExchange(member, limits, now);
    if (end !== undefined) this.#slots.drain(member, end);
  }

  /** Whether the connection, which has no exchange, can take the waiter; where it cannot, it has ended. */
  isFit(member: Member<O>, waiter: W, now: number): boolean {
    const end = this.#effects.check(member, waiter, now);
    // The check may have found and reported the end itself.
    if (end === undefined || member.state === "closed") return member.state !== "closed";
    if (member.state === "idle") learnFromEnd(member, end.reason, now);
    this.#turnover.end(member, end, now);
    return false;
  }

  /** A connection fresh from its dial goes to the oldest waiters of all, as far as it has room. */
  giveFresh(member: Member<O>, now: number): void {
    const { route } = member;
    const { waiting } = this.#slots;
    do {
      const next = waiting.oldest(route);
      if (next === undefined) return;
      this.#slots.leave(next, route);
      this.give(next as W, member, 0, now);
    } while (this.#hasRoom(member));
  }

  /** A connection that has room goes to the oldest waiters that take any. */
  giveOn(member: Member<O>, now: number): void {
    const { route } = member;
    for (let { head } = route.queue; head !== undefined; head = route.queue.head) {
      this.#slots.leave(head, route);
      this.give(head as W, member, 0, now);
      if (!this.#hasRoom(member)) return;
    }
  }

  /** Why a connection is not kept although it could be: closing, or others that have waited too long for its slot. */
  endForOthers(
    member: Member<O>,
    next: Waiter<O> | undefined,
    shutDown: boolean,
    now: number,
  ): CloseCause | undefined {
    if (next === undefined && shutDown) return TRANSPORT_CLOSED;
    const { turns } = this.#turnover;
    // An idle one is evicted where that helps; of those in use, one is enough to leave.
    if (member.active === 0 ? next === undefined : this.#slots.counts.draining > 0) return undefined;
    const oldest = turns.first()?.undialed.head;
    if (oldest?.waitingIn === undefined) return undefined;
    if ((next?.waitingSince ?? now) - oldest.waitingSince <= PATIENCE) return undefined;
    return endOfEvicted(oldest.waitingIn, this.#slots.limits, false, now);
  }

  #hasRoom(member: Member<O>): boolean {
    // One at a time: whatever came of the exchange has been seen to already.
    if (!member.multiplexed || (member.state !== "active" && member.state !== "idle")) return false;
    return roomOf(member, this.#slots.limits) > 0;
  }

  #findIdle(waiter: W, route: PoolRoute<O>, now: number): Member<O> | undefined {
    for (let member = route.idle.newest; member !== undefined; member = route.idle.newest) {
      if (this.#slots.idle.expired(member, now)) {
        this.#turnover.expire(member, now);
        continue;
      }
      // Those that can be given nothing stand last.
      if (member.limit <= 0) return undefined;
      const idleFor = now - member.idleSince;
      // A multiplexed one can be asked whether it is alive.
      if (!waiter.repeatable && !member.multiplexed && idleFor > toleratedIdleAge(member)) {
        // It is the newest, so the others have been idle for longer still.
        route.idleLimit?.seenOpen(idleFor);
        waiter.skipped = member;
        return undefined;
      }
      if (this.isFit(member, waiter, now)) return member;
    }
    return undefined;
  }
}

/** Why a connection whose exchange is over cannot be kept, if it cannot. */
export function endAfterExchange<O>(
  member: Member<O>,
  limits: PoolLimits,
  now: number,
): CloseCause | undefined {
  if (member.closeWhenReleased !== undefined) return member.closeWhenReleased;
  if (!limits.keepAlive) {
    return { reason: "keep-alive-off", by: "client", evidence: "keepAlive is false" };
  }
  if (member.requests >= limits.maxRequestsPerConnection) {
    return {
      reason: "max-requests",
      by: "client",
      evidence: `it carried ${plural(member.requests, "request")}; maxRequestsPerConnection is ${limits.maxRequestsPerConnection}`,
    };
  }
  if (member.serverRequestsLeft <= 0) {
    return {
      reason: "max-requests",
      by: "server",
      evidence: `it carried ${plural(member.requests, "request")}, as many as the server's Keep-Alive header allows`,
    };
  }
  if (now >= member.expiresAt) return endOfAge(member, limits, now);
  return undefined;
}
