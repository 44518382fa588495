import type { CloseCause } from "../trace/index.js";
import type { PoolEffects, PoolOptions } from "./contract.js";
import { DialTurns } from "./demand/index.js";
import { endOfAge, endOfEvicted, endOfIdleness } from "./ending.js";
import type { Member, PoolRoute, Waiter } from "./entities/index.js";
import { findSurplus } from "./idle/index.js";
import type { Slots } from "./slots.js";
import { WaitLimits } from "./wait-limits.js";

/** How connections come and go: each end may allow a dial that somebody waits for, and each dial may need an end. */
export class Turnover<O, W extends Waiter<O>> {
  readonly turns: DialTurns<O>;
  readonly waitLimits: WaitLimits<O, W>;
  readonly #slots: Slots<O>;
  readonly #effects: PoolEffects<O, W>;
  readonly #nextId: () => number;
  #wakeAt = Number.POSITIVE_INFINITY;
  #feeding = false;

  constructor(slots: Slots<O>, effects: PoolEffects<O, W>, { nextId, barrenTimeout }: PoolOptions) {
    this.#slots = slots;
    this.#effects = effects;
    this.#nextId = nextId;
    this.turns = new DialTurns(slots.limits);
    this.waitLimits = new WaitLimits(slots, effects, barrenTimeout ?? Number.POSITIVE_INFINITY);
  }

  dial(route: PoolRoute<O>, waiter: Waiter<O> | undefined, now: number): Member<O> {
    const member = this.#slots.dial(this.#nextId(), route, waiter, now);
    this.#effects.dial(member);
    return member;
  }

  /** Ends the connection, in whatever state. */
  end(member: Member<O>, cause: CloseCause, now: number): void {
    this.#slots.close(member, cause.reason);
    this.#effects.close(member, cause);
    this.want(member.route, now);
  }

  endAllIdle(cause: CloseCause, now: number): void {
    for (let { oldest } = this.#slots.idle; oldest !== undefined; oldest = this.#slots.idle.oldest) {
      this.end(oldest, cause, now);
    }
  }

  /** Ends an idle connection that is too old. */
  expire(member: Member<O>, now: number): void {
    const { idle, limits } = this.#slots;
    if (now >= member.expiresAt) {
      this.end(member, endOfAge(member, limits, now), now);
      return;
    }
    const limit = idle.limitOf(member, now);
    member.route.idleLimit?.seenOpen(now - member.idleSince);
    this.end(member, endOfIdleness(member, limit, idle.limitInWords(member, limit), now), now);
  }

  /** What follows when a connection has become idle: the caps, and waiters that its slot can serve. */
  keepIdle(member: Member<O>, now: number): void {
    const { route } = member;
    this.wakeBy(member.at);
    const surplus = findSurplus(route, this.#slots);
    if (surplus !== undefined) this.end(surplus.member, surplus.end, now);
    // Nobody waits after most requests, and each comes by here.
    if (this.#slots.counts.waiting > 0) this.want(route, now);
  }

  /** A new waiter, for which nothing more could be done, is judged by `maxWaiting`. */
  admit(waiter: W): void {
    if (this.#feeding) this.waitLimits.admitLater(waiter);
    else this.waitLimits.admit(waiter);
  }

  /** Something changed for the route: its waiters may dial, have a deadline, or there is nothing left in it. */
  want(route: PoolRoute<O>, now: number): void {
    this.turns.add(route);
    if (!this.turns.none) this.#feed(now);
    const { head } = route.undialed;
    if (head === undefined) this.#slots.settle(route);
    else this.wakeBy(this.waitLimits.watch(route, head));
  }

  /** Does what takes several steps: what the effects of one allow is done when all are over. */
  inOneGo(act: () => void, now: number): void {
    if (this.#feeding) {
      act();
      return;
    }
    this.#feeding = true;
    try {
      act();
    } finally {
      this.#feeding = false;
    }
    this.#feed(now);
  }

  /** All that was due has happened; the next time is asked for anew. */
  sleep(): void {
    this.#wakeAt = Math.min(this.#slots.idle.nextAt, this.waitLimits.nextAt);
    this.#effects.wake(this.#wakeAt);
  }

  wakeBy(at: number): void {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    this.#effects.wake(at);
  }

  /** Starts the dials that waiters lack and the limits allow, the oldest waiter of all routes first. */
  #feed(now: number): void {
    // An effect that calls back is served by the loop that is running already, however deep it comes from.
    if (this.#feeding) return;
    this.#feeding = true;
    try {
      for (let route = this.turns.first(); route !== undefined; route = this.turns.first()) {
        if (!this.#feedOne(route, now)) break;
      }
    } finally {
      this.#feeding = false;
    }
    this.waitLimits.admitLate();
  }

  /** Starts one dial for the route, or ends an idle connection to make room for it. Whether either was possible. */
  #feedOne(route: PoolRoute<O>, now: number): boolean {
    const { limits, idle } = this.#slots;
    if (this.#slots.mayDial(route)) {
      this.dial(route, route.undialed.head, now);
      return true;
    }
    const full = route.counts.open >= limits.maxConnectionsPerOrigin;
    const victim = full ? route.idle.oldest : idle.oldest;
    if (victim === undefined) return false;
    this.end(victim, endOfEvicted(route, limits, full, now), now);
    return true;
  }
}
