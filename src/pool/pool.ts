import type { CloseCause } from "../trace/index.js";
import type { PoolEffects, PoolLimits, PoolOptions } from "./contract.js";
import type { Counts } from "./counts.js";
import {
  endAfterExchange,
  endOfAge,
  endOfEvicted,
  endOfIdleness,
  endOfUnneeded,
  TRANSPORT_CLOSED,
} from "./ending.js";
import { Hungry } from "./hungry.js";
import { findSurplus } from "./idle-caps.js";
import { learnFromEnd, learnFromSuccess, toleratedIdleAge } from "./learning.js";
import { Ledger } from "./ledger.js";
import type { Member } from "./member.js";
import type { PoolRoute } from "./route.js";
import { type PoolSnapshot, takeSnapshot } from "./snapshot.js";
import { WaitLimits } from "./wait-limits.js";
import type { Waiter } from "./waiter.js";

/**
 * Where `maxConnections` binds, a route that keeps its connections busy would starve the others: a waiter
 * elsewhere that came so much earlier (milliseconds) than the route's own next one gets the slot instead.
 */
const PATIENCE = 1000;

/**
 * The connections of a transport as a deterministic state machine. Every input takes the time (milliseconds,
 * never going back), acts through the effects before it returns, and costs O(1) or O(log n). An effect may
 * call back into the pool.
 */
export class Pool<O, W extends Waiter<O>> {
  readonly limits: PoolLimits;
  /** Totals over all routes; live, not to be written. */
  readonly counts: Counts;
  /** The state itself, for the invariant checker. */
  readonly ledger: Ledger<O>;
  readonly #effects: PoolEffects<O, W>;
  readonly #options: PoolOptions;
  readonly #hungry: Hungry<O>;
  readonly #waitLimits: WaitLimits<O, W>;
  #wakeAt = Number.POSITIVE_INFINITY;
  #feeding = false;
  #shutDown = false;

  constructor(limits: PoolLimits, effects: PoolEffects<O, W>, options: PoolOptions) {
    this.limits = limits;
    this.#effects = effects;
    this.#options = options;
    this.#hungry = new Hungry(limits);
    this.ledger = new Ledger(limits);
    this.counts = this.ledger.counts;
    this.#waitLimits = new WaitLimits(this.ledger, effects);
  }

  /**
   * The route of this key, made when there is none. The pool forgets a route that has had nothing in it for
   * a while; holding on to the object is fine, it is taken up again when used.
   */
  route(key: string, origin: string): PoolRoute<O> {
    return this.ledger.table.get(key, origin);
  }

  /** Whether something is under way that somebody waits for, so that the process must stay alive. */
  get hasWork(): boolean {
    return this.counts.waiting + this.counts.active + this.counts.draining > 0;
  }

  /**
   * An exchange wants a connection. It gets one at once (`effects.assign`) when an idle one fits; else it
   * waits and a dial may start, or it is turned away (`effects.reject`).
   */
  acquire(waiter: W, wanted: PoolRoute<O>, now: number): void {
    waiter.member = undefined;
    if (this.#shutDown) {
      this.#effects.reject(waiter, { kind: "closed" });
      return;
    }
    const route = this.ledger.table.current(wanted);
    if (waiter.mustDial === undefined) {
      const member = this.#findIdle(waiter, route, now);
      if (member !== undefined) {
        this.ledger.take(member, waiter, now - member.idleSince);
        this.#effects.assign(waiter, member);
        return;
      }
    }
    this.ledger.enter(waiter, route, now);
    this.#want(route, now);
    if (this.#feeding) this.#waitLimits.admitLater(waiter);
    else this.#waitLimits.admit(waiter);
  }

  /** A waiter gives up. A dial under way for it goes on, for the others or to be idle. */
  cancel(waiter: W, now: number): void {
    const route = waiter.waitingIn;
    if (route === undefined) return;
    this.ledger.leave(waiter, route);
    if (this.#shutDown) this.#endSpareDials(route, now);
    this.ledger.settle(route);
  }

  /** A dial succeeded: the connection goes to the oldest waiter, or becomes idle. */
  dialed(member: Member<O>, now: number): void {
    if (member.state !== "dialing") return;
    const { route } = member;
    const { maxConnectionAge } = this.limits;
    if (maxConnectionAge !== Number.POSITIVE_INFINITY) {
      member.expiresAt = now + maxConnectionAge * (0.9 + 0.2 * this.#options.random());
    }
    this.ledger.opened(member, now);
    const next = this.ledger.demand.oldest(route);
    if (next !== undefined) {
      this.ledger.leave(next, route);
      this.ledger.take(member, next, 0);
      this.#effects.assign(next as W, member);
    } else {
      const end = endOfUnneeded(member, this.limits, this.#shutDown);
      if (end === undefined) this.#keepIdle(member, now);
      else this.#end(member, end, now);
    }
    member.dialedFor = undefined;
    this.#want(route, now);
  }

  /** A dial failed. Its error goes to the waiter that started it if that one still waits, else to nobody. */
  dialFailed(member: Member<O>, error: unknown, now: number): void {
    if (member.state !== "dialing") return;
    const { route, dialedFor } = member;
    this.ledger.close(member, "dial-failed");
    if (dialedFor !== undefined) {
      this.ledger.leave(dialedFor, route);
      this.#effects.reject(dialedFor as W, { kind: "dial-failed", member, error });
    }
    this.#want(route, now);
  }

  /** An exchange is over and its connection could be used again: it goes to the oldest waiter, is idle, or closes. */
  released(member: Member<O>, now: number): void {
    if (member.state !== "active" && member.state !== "draining") return;
    const { route } = member;
    if (member.lastIdleFor > 0) learnFromSuccess(member);
    const next = route.counts.waiting === 0 ? undefined : route.queue.head;
    const end = endAfterExchange(member, this.limits, now) ?? this.#endForOthers(next, now);
    if (end !== undefined) {
      this.#end(member, end, now);
    } else if (next === undefined) {
      this.ledger.release(member, now);
      this.#keepIdle(member, now);
    } else {
      if (!this.#isFit(member, next as W, now)) return;
      this.ledger.leave(next, route);
      this.ledger.assign(member, next, 0);
      this.#effects.assign(next as W, member);
    }
  }

  /**
   * The connection has ended, or its user has ended it, in whatever state. For one that ended already it does
   * nothing. A waiter that counted on it as a dial gets another.
   */
  closed(member: Member<O>, { reason }: CloseCause, now: number): void {
    if (member.state === "closed") return;
    learnFromEnd(member, reason, now);
    this.ledger.close(member, reason);
    this.#want(member.route, now);
  }

  /**
   * Dials until `count` connections of the route are idle or on their way for nobody, as far as the limits
   * allow; nothing is closed for it. Returns those on their way. Without keep-alive it does nothing.
   */
  preconnect(wanted: PoolRoute<O>, count: number, now: number): Member<O>[] {
    if (this.#shutDown || !this.limits.keepAlive) return [];
    const route = this.ledger.table.current(wanted);
    const onTheWay: Member<O>[] = [];
    for (let member = route.spare.oldest; member !== undefined; member = member.newer) onTheWay.push(member);
    let missing = count - route.counts.idle - onTheWay.length;
    while (missing > 0 && route.undialed.head === undefined && this.ledger.hasRoom(route)) {
      onTheWay.push(this.#dial(route, undefined, now));
      missing -= 1;
    }
    return onTheWay;
  }

  /** Closes all idle connections. */
  closeIdle(now: number): void {
    this.#endAllIdle(
      { reason: "idle-closed-by-caller", by: "caller", evidence: "closeIdle() was called." },
      now,
    );
  }

  /** The connection takes nothing more: an idle one closes, a busy one drains, one being dialed serves once at most. */
  retire(member: Member<O>, cause: CloseCause, now: number): void {
    if (member.state === "idle") {
      this.#end(member, cause, now);
    } else if (member.state === "active" || member.state === "dialing") {
      member.closeWhenReleased ??= cause;
      if (member.state === "active") this.ledger.drain(member);
    }
  }

  /**
   * Closes gracefully: idle connections and dials nobody awaits end, exchanges and waiters are served to
   * their end, new ones are turned away. It is over when no connection is left.
   */
  shutdown(now: number): void {
    this.#shutDown = true;
    this.#endAllIdle(TRANSPORT_CLOSED, now);
    for (const route of this.ledger.table.values()) {
      this.#endSpareDials(route, now);
      // While waiters are left, the connections stay to serve them.
      if (route.queue.head !== undefined) continue;
      for (let member = route.members.first; member !== undefined; member = member.routeNext) {
        if (member.state === "active") this.retire(member, TRANSPORT_CLOSED, now);
      }
    }
  }

  /** Closes at once: every waiter is turned away, every connection ends. */
  destroy(now: number): void {
    this.#shutDown = true;
    const { demand, table } = this.ledger;
    for (const route of table.values()) {
      for (let next = demand.oldest(route); next !== undefined; next = demand.oldest(route)) {
        this.ledger.leave(next, route);
        this.#effects.reject(next as W, { kind: "closed" });
      }
      this.ledger.settle(route);
    }
    // Only with no waiter left anywhere, or the slots that come free would be dialed for them.
    for (const route of table.values()) {
      for (let first = route.members.first; first !== undefined; first = route.members.first) {
        this.#end(first, TRANSPORT_CLOSED, now);
      }
    }
  }

  /** Lets happen what is due: idle connections that are too old end, waiters that waited too long are turned away. */
  tick(now: number): void {
    const { idle } = this.ledger;
    for (let member = idle.nextExpired(now); member !== undefined; member = idle.nextExpired(now)) {
      this.#expire(member, now);
    }
    const limits = this.#waitLimits;
    for (let route = limits.timeOut(now); route !== undefined; route = limits.timeOut(now)) {
      this.#want(route, now);
    }
    this.#wakeAt = Math.min(idle.nextAt, limits.nextAt);
    this.#effects.wake(this.#wakeAt);
  }

  /** The figures, in total and of each route that has had any connection or waiter. */
  snapshot(): PoolSnapshot {
    return takeSnapshot(this.counts, this.ledger.table.values());
  }

  /** The connections of the route, the oldest first; at most 64, or fewer. */
  holders(route: PoolRoute<O>, most = 64): readonly Member<O>[] {
    const holders: Member<O>[] = [];
    for (let member = route.members.first; member !== undefined; member = member.routeNext) {
      if (holders.push(member) >= most) break;
    }
    return holders;
  }

  /** The idle age, in milliseconds, at which the route's server has been found to end connections. */
  learnedIdleLimit(route: PoolRoute<O>): number | undefined {
    return route.idleLimit?.learned;
  }

  #findIdle(waiter: W, route: PoolRoute<O>, now: number): Member<O> | undefined {
    for (let member = route.idle.newest; member !== undefined; member = route.idle.newest) {
      if (this.ledger.idle.expired(member, now)) {
        this.#expire(member, now);
        continue;
      }
      const idleFor = now - member.idleSince;
      if (!waiter.retriable && idleFor > toleratedIdleAge(member)) {
        // It is the newest, so the others have been idle for longer still.
        route.idleLimit?.seenOpen(idleFor);
        waiter.skipped = member;
        return undefined;
      }
      if (this.#isFit(member, waiter, now)) return member;
    }
    return undefined;
  }

  /** Whether the connection can take the waiter; where it cannot, it has ended. */
  #isFit(member: Member<O>, waiter: W, now: number): boolean {
    const end = this.#effects.check(member, waiter, now);
    // The check may have found and reported the end itself.
    if (end === undefined || member.state === "closed") return member.state !== "closed";
    if (member.state === "idle") learnFromEnd(member, end.reason, now);
    this.#end(member, end, now);
    return false;
  }

  /** What follows when a connection has become idle: the caps, and waiters that its slot can serve. */
  #keepIdle(member: Member<O>, now: number): void {
    const { route } = member;
    this.#wakeBy(member.at);
    const surplus = findSurplus(this.ledger, route);
    if (surplus !== undefined) this.#end(surplus.member, surplus.end, now);
    if (route.counts.waiting > 0) this.#want(route, now);
    else if (!this.#hungry.none) this.#feed(now);
  }

  /** Why a connection is not kept although it could be: closing, or others that have waited too long for its slot. */
  #endForOthers(next: Waiter<O> | undefined, now: number): CloseCause | undefined {
    if (next === undefined) return this.#shutDown ? TRANSPORT_CLOSED : undefined;
    if (this.#hungry.none) return undefined;
    const route = this.#hungry.first();
    const oldest = route?.undialed.head;
    if (route === undefined || oldest === undefined) return undefined;
    if (next.waitingSince - oldest.waitingSince <= PATIENCE) return undefined;
    return endOfEvicted(route, this.limits, false, now);
  }

  #end(member: Member<O>, cause: CloseCause, now: number): void {
    this.ledger.close(member, cause.reason);
    this.#effects.close(member, cause);
    this.#want(member.route, now);
  }

  #endAllIdle(end: CloseCause, now: number): void {
    for (let { oldest } = this.ledger.idle; oldest !== undefined; oldest = this.ledger.idle.oldest) {
      this.#end(oldest, end, now);
    }
  }

  #endSpareDials(route: PoolRoute<O>, now: number): void {
    for (let dial = route.spare.oldest; dial !== undefined; dial = route.spare.oldest) {
      this.#end(dial, TRANSPORT_CLOSED, now);
    }
  }

  #expire(member: Member<O>, now: number): void {
    const { idle } = this.ledger;
    if (now >= member.expiresAt) {
      this.#end(member, endOfAge(member, this.limits, now), now);
      return;
    }
    const limit = idle.limitOf(member, now);
    member.route.idleLimit?.seenOpen(now - member.idleSince);
    this.#end(member, endOfIdleness(member, limit, idle.limitInWords(member, limit), now), now);
  }

  #dial(route: PoolRoute<O>, waiter: Waiter<O> | undefined, now: number): Member<O> {
    const member = this.ledger.dial(this.#options.nextId(), route, waiter, now);
    this.#effects.dial(member);
    return member;
  }

  /** Something changed for the route: its waiters may dial, have a deadline, or there is nothing left in it. */
  #want(route: PoolRoute<O>, now: number): void {
    this.#hungry.add(route);
    if (!this.#hungry.none) this.#feed(now);
    if (route.undialed.head === undefined) this.ledger.settle(route);
    else this.#wakeBy(this.#waitLimits.watch(route));
  }

  /** Starts the dials that waiters lack and the limits allow, the oldest waiter of all routes first. */
  #feed(now: number): void {
    // An effect that calls back is served by the loop that is running already, however deep it comes from.
    if (this.#feeding) return;
    this.#feeding = true;
    try {
      for (let route = this.#hungry.first(); route !== undefined; route = this.#hungry.first()) {
        if (!this.#feedOne(route, now)) break;
      }
    } finally {
      this.#feeding = false;
    }
    this.#waitLimits.admitLate();
  }

  /** Starts one dial for the route, or ends an idle connection to make room for it. Whether either was possible. */
  #feedOne(route: PoolRoute<O>, now: number): boolean {
    if (this.ledger.hasRoom(route)) {
      this.#dial(route, route.undialed.head, now);
      return true;
    }
    const full = route.counts.open >= this.limits.maxConnectionsPerOrigin;
    const victim = full ? route.idle.oldest : this.ledger.idle.oldest;
    if (victim === undefined) return false;
    this.#end(victim, endOfEvicted(route, this.limits, full, now), now);
    return true;
  }

  #wakeBy(at: number): void {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    this.#effects.wake(at);
  }
}
