import type { CloseCause } from "../trace/index.js";
import { learnLimit, roomOf } from "./capacity.js";
import type { PoolEffects, PoolLimits, PoolOptions } from "./contract.js";
import { endOfUnneeded, TRANSPORT_CLOSED } from "./ending.js";
import type { Counts, Member, PoolRoute, Waiter } from "./entities/index.js";
import { learnFromEnd, learnFromSuccess } from "./idle/index.js";
import { endAfterExchange, Serving } from "./serving.js";
import { Slots } from "./slots.js";
import { type PoolSnapshot, takeSnapshot } from "./snapshot.js";
import { Turnover } from "./turnover.js";

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
  readonly slots: Slots<O>;
  readonly #effects: PoolEffects<O, W>;
  readonly #random: () => number;
  readonly #turnover: Turnover<O, W>;
  readonly #serving: Serving<O, W>;
  #shutDown = false;

  constructor(limits: PoolLimits, effects: PoolEffects<O, W>, options: PoolOptions) {
    this.limits = limits;
    this.#effects = effects;
    this.#random = options.random;
    this.slots = new Slots(limits);
    this.counts = this.slots.counts;
    this.#turnover = new Turnover(this.slots, effects, options);
    this.#serving = new Serving(this.slots, effects, this.#turnover);
  }

  /**
   * The route of this key, made when there is none. The pool forgets a route that has had nothing in it for
   * a while; holding on to the object is fine, it is taken up again when used.
   *
   * @param multiplexed whether its connections may turn out to carry several exchanges at once. What they do is
   *   remembered; a change of this begins anew.
   */
  route(key: string, origin: string, multiplexed: boolean = false): PoolRoute<O> {
    const { keepAlive, maxRequestsPerConnection } = this.limits;
    // With one request a connection there is nothing to share.
    const alwaysSingle = !multiplexed || !keepAlive || maxRequestsPerConnection <= 1;
    return this.slots.table.get(key, origin, alwaysSingle);
  }

  /**
   * An exchange wants a connection. It gets one at once (`effects.assign`) when one fits that is idle or has room;
   * else it waits and a dial may start, or it is turned away (`effects.reject`).
   */
  acquire(waiter: W, wanted: PoolRoute<O>, now: number): void {
    waiter.member = undefined;
    if (this.#shutDown) {
      this.#effects.reject(waiter, { kind: "closed" });
      return;
    }
    const route = wanted.listed ? wanted : this.slots.table.current(wanted);
    if (waiter.mustDial === undefined) {
      const own = this.#serving.find(waiter, route, now);
      const { hosts } = route;
      const member = own ?? (hosts === undefined ? undefined : this.#serving.findShared(waiter, hosts, now));
      if (member !== undefined) {
        waiter.skipped = undefined;
        this.#serving.give(waiter, member, member.state === "idle" ? now - member.idleSince : 0, now);
        return;
      }
    }
    this.slots.enter(waiter, route, now);
    this.#turnover.want(route, now);
    this.#turnover.admit(waiter);
  }

  /**
   * Exchanges of the route may go on this connection of another route too, for as long as it takes any: they do where
   * none of their own has room. It must be able to carry several at once.
   */
  share(wanted: PoolRoute<O>, member: Member<O>): void {
    const usable = member.state === "active" || member.state === "idle";
    if (usable && member.multiplexed) this.slots.share(member, this.slots.table.current(wanted));
  }

  /** Exchanges of the route go only on connections of its own from here on. */
  unshare(wanted: PoolRoute<O>): void {
    this.slots.unhost(this.slots.table.current(wanted));
  }

  /** A waiter gives up. A dial under way for it goes on, for the others or to be idle. */
  cancel(waiter: W, now: number): void {
    const route = waiter.waitingIn;
    if (route === undefined) return;
    this.slots.leave(waiter, route);
    if (this.#shutDown) this.#endSpareDials(route, now);
    this.slots.settle(route);
  }

  /**
   * A dial succeeded: the connection goes to the oldest waiter, or to as many as it has room for, or becomes idle.
   *
   * @param limit given where the connection can carry several exchanges at once: how many at most, `Infinity` where
   *   nothing but the server limits it. Until the server has said its own (`capacity`, which may come before this),
   *   what the route's last connection was allowed holds, or 100.
   */
  dialed(member: Member<O>, now: number, limit?: number): void {
    if (member.state !== "dialing") return;
    const { route } = member;
    const { maxConnectionAge } = this.limits;
    if (maxConnectionAge !== Number.POSITIVE_INFINITY) {
      member.expiresAt = now + maxConnectionAge * (0.9 + 0.2 * this.#random());
    }
    const retired = member.closeWhenReleased;
    // Those who waited for it are served even so.
    member.closeWhenReleased = undefined;
    this.slots.opened(member, limit, now);
    if (member.limit > 0 && this.slots.waiting.oldest(route) !== undefined) {
      this.#serving.giveFresh(member, now);
      if (retired !== undefined) this.retire(member, retired, now);
    } else {
      const end = retired ?? endOfUnneeded(this.limits, this.#shutDown);
      if (end === undefined) this.#turnover.keepIdle(member, now);
      else this.#turnover.end(member, end, now);
    }
    member.dialedFor = undefined;
    this.#turnover.want(route, now);
    if (member.room > 1) this.#turnover.waitLimits.admitLeft(route);
  }

  /**
   * A dial failed. Its error goes to the waiter that started it if that one still waits, else to nobody. Where the
   * waiters shared the dial and the route has no other connection, it goes to all that counted on it: one by one they
   * would only find the same.
   */
  dialFailed(member: Member<O>, error: unknown, now: number): void {
    if (member.state !== "dialing") return;
    const { route, dialedFor } = member;
    const failed: { waiter: Waiter<O>; ticket: number }[] = [];
    if (member.room > 1 && route.counts.open === 1) {
      for (let waiter = member.awaiting.head; waiter !== undefined; waiter = waiter.newerBeside)
        failed.push({ waiter, ticket: waiter.ticket });
    } else if (dialedFor !== undefined) {
      failed.push({ waiter: dialedFor, ticket: dialedFor.ticket });
    }
    this.slots.close(member, "dial-failed");
    this.#turnover.inOneGo(() => {
      for (const { waiter, ticket } of failed) {
        // What one of them does about it may be to give up another.
        if (waiter.waitingIn !== route || waiter.ticket !== ticket) continue;
        this.slots.leave(waiter, route);
        this.#effects.reject(waiter as W, { kind: "dial-failed", member, error });
      }
    }, now);
    this.#turnover.want(route, now);
    if (member.room > 1) this.#turnover.waitLimits.admitLeft(route);
  }

  /**
   * The waiter's exchange is over and its connection could be used again: it goes to the oldest waiter, is idle, or
   * closes. For a waiter that is on no connection, or on another, it does nothing.
   */
  released(member: Member<O>, waiter: W, now: number): void {
    if (waiter.member !== member || member.state === "closed") return;
    learnFromSuccess(member);
    member.refusing = false;
    this.#free(member, waiter, now);
  }

  /**
   * The peer turned the waiter's exchange away without a look at it. The connection takes nothing more until another
   * of its exchanges is over, or the server says its limit; where there is no other, it can be used again at once.
   */
  refused(member: Member<O>, waiter: W, now: number): void {
    if (waiter.member !== member || member.state === "closed") return;
    member.refusing = member.active > 1;
    this.#free(member, waiter, now);
  }

  /** The server said how many exchanges the connection carries at once: 0 and less than it has are fine. */
  capacity(member: Member<O>, limit: number, now: number): void {
    const { state } = member;
    if (state === "closed") return;
    learnLimit(member, limit);
    member.refusing = false;
    if (state === "dialing" || state === "draining") return;
    if (state === "idle") this.slots.idle.placeAnew(member);
    else this.slots.fileRoom(member);
    if (roomOf(member, this.limits) > 0) this.#serving.giveOn(member, now);
    this.#turnover.want(member.route, now);
  }

  /**
   * The connection has ended, or its user has ended it, in whatever state, and with it all exchanges on it. For one
   * that ended already it does nothing. A waiter that counted on it as a dial gets another.
   */
  closed(member: Member<O>, { reason }: CloseCause, now: number): void {
    if (member.state === "closed") return;
    learnFromEnd(member, reason, now);
    this.slots.close(member, reason);
    this.#turnover.want(member.route, now);
  }

  /**
   * Dials until `count` connections of the route are idle or on their way for nobody, as far as the limits
   * allow; nothing is closed for it. Where its connections carry several exchanges at once, or may, one with room is
   * enough. Returns those on their way. Without keep-alive it does nothing.
   */
  preconnect(wanted: PoolRoute<O>, count: number, now: number): Member<O>[] {
    if (this.#shutDown || !this.limits.keepAlive) return [];
    const route = this.slots.table.current(wanted);
    const onTheWay: Member<O>[] = [];
    for (let member = route.spare.oldest; member !== undefined; member = member.newer) onTheWay.push(member);
    const { shared } = route;
    if (shared !== undefined && shared.awaiting.size > 0) onTheWay.push(shared);
    const roomy = route.roomy === undefined ? 0 : route.roomy.size;
    let missing = (route.single ? count : Math.min(1, count)) - route.counts.idle - roomy - onTheWay.length;
    while (missing > 0 && route.undialed.head === undefined && this.slots.mayDial(route)) {
      onTheWay.push(this.#turnover.dial(route, undefined, now));
      missing -= 1;
    }
    return onTheWay;
  }

  /** Closes all idle connections. */
  closeIdle(now: number): void {
    this.#turnover.endAllIdle(
      { reason: "idle-closed-by-caller", by: "caller", evidence: "closeIdle() was called" },
      now,
    );
  }

  /**
   * The connection takes nothing more: an idle one closes, a busy one drains, one being dialed serves those who wait
   * for it. It closes for `cause` when it is free; of several causes the first counts.
   */
  retire(member: Member<O>, cause: CloseCause, now: number): void {
    if (member.state === "idle") this.#turnover.end(member, cause, now);
    else if (member.state === "active") this.slots.drain(member, cause);
    else if (member.state === "dialing") member.closeWhenReleased ??= cause;
  }

  /**
   * Closes gracefully: idle connections and dials nobody awaits end, exchanges and waiters are served to
   * their end, new ones are turned away. It is over when no connection is left.
   */
  shutdown(now: number): void {
    this.#shutDown = true;
    this.#turnover.endAllIdle(TRANSPORT_CLOSED, now);
    for (const route of this.slots.table.values()) {
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
    const { waiting, table } = this.slots;
    for (const route of table.values()) {
      for (let next = waiting.oldest(route); next !== undefined; next = waiting.oldest(route)) {
        this.slots.leave(next, route);
        this.#effects.reject(next as W, { kind: "closed" });
      }
      this.slots.settle(route);
    }
    // Only with no waiter left anywhere, or the slots that come free would be dialed for them.
    for (const route of table.values()) {
      for (let first = route.members.first; first !== undefined; first = route.members.first) {
        this.#turnover.end(first, TRANSPORT_CLOSED, now);
      }
    }
  }

  /** Lets happen what is due: idle connections that are too old end, waiters that waited too long are turned away. */
  tick(now: number): void {
    const { idle } = this.slots;
    const { waitLimits } = this.#turnover;
    for (let member = idle.nextExpired(now); member !== undefined; member = idle.nextExpired(now)) {
      this.#turnover.expire(member, now);
    }
    for (let route = waitLimits.timeOut(now); route !== undefined; route = waitLimits.timeOut(now)) {
      this.#turnover.want(route, now);
    }
    this.#turnover.sleep();
  }

  /** The figures, in total and of each route that has had any connection or waiter. */
  snapshot(): PoolSnapshot {
    return takeSnapshot(this.counts, this.slots.table.values());
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

  /** The waiter's exchange leaves the connection: what becomes of its place, and of the connection. */
  #free(member: Member<O>, waiter: W, now: number): void {
    const { route } = member;
    this.slots.finish(member, waiter);
    if (member.state === "draining") {
      if (member.active === 0) this.#turnover.end(member, member.closeWhenReleased ?? TRANSPORT_CLOSED, now);
      return;
    }
    const next = route.counts.waiting === 0 ? undefined : route.queue.head;
    const end =
      endAfterExchange(member, this.limits, now) ??
      this.#serving.endForOthers(member, next, this.#shutDown, now);
    if (end !== undefined) {
      if (member.active === 0) this.#turnover.end(member, end, now);
      else this.slots.drain(member, end);
    } else if (next !== undefined && roomOf(member, this.limits) > 0) {
      const fit = member.active > 0 || this.#serving.isFit(member, next as W, now);
      if (fit) this.#serving.giveOn(member, now);
    } else if (member.active === 0) {
      this.slots.release(member, now);
      this.#turnover.keepIdle(member, now);
    }
  }

  #endSpareDials(route: PoolRoute<O>, now: number): void {
    for (let dial = route.spare.oldest; dial !== undefined; dial = route.spare.oldest) {
      this.#turnover.end(dial, TRANSPORT_CLOSED, now);
    }
  }
}
