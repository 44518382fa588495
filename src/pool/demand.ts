import type { Member } from "./member.js";
import type { PoolRoute } from "./route.js";
import type { Waiter } from "./waiter.js";

/**
 * Who waits, and which dial each waiter counts on. Every dial under way is linked to one waiter or is spare, and
 * a route never has a spare dial and a waiter without one at the same time. When a dial's waiter goes, the dial passes on to
 * the oldest waiter that has none.
 */
export class Demand<O> {
  #tickets = 0;
  /** Waiters of all routes without a dial: those that `maxWaiting` and `queueTimeout` are about. */
  undialed = 0;

  add(waiter: Waiter<O>, route: PoolRoute<O>, now: number): void {
    this.#tickets += 1;
    waiter.ticket = this.#tickets;
    waiter.waitingSince = now;
    waiter.waitingIn = route;
    (waiter.mustDial === undefined ? route.queue : route.freshQueue).push(waiter);
    this.#findDial(waiter, route);
  }

  /** Takes the waiter out of its queue. Its dial passes on, and its own dial has no starter any more. */
  remove(waiter: Waiter<O>, route: PoolRoute<O>): void {
    (waiter.mustDial === undefined ? route.queue : route.freshQueue).remove(waiter);
    waiter.waitingIn = undefined;
    waiter.skipped = undefined;
    if (waiter.started !== undefined) {
      waiter.started.dialedFor = undefined;
      waiter.started = undefined;
    }
    const { dial } = waiter;
    if (dial === undefined) {
      this.#removeUndialed(waiter, route);
    } else {
      waiter.dial = undefined;
      this.#passOn(dial, route);
    }
  }

  /** A dial starts: for the waiter, which had none, or for nobody. */
  start(member: Member<O>, waiter: Waiter<O> | undefined): void {
    const { route } = member;
    if (waiter === undefined) {
      route.spare.push(member);
      return;
    }
    this.#removeUndialed(waiter, route);
    waiter.dial = member;
    waiter.started = member;
    member.awaitedBy = waiter;
    member.dialedFor = waiter;
  }

  /** A dial is over, one way or another: who counted on it looks for another one. */
  finish(member: Member<O>): void {
    const { route, awaitedBy } = member;
    if (member.dialedFor !== undefined) member.dialedFor.started = undefined;
    if (awaitedBy === undefined) {
      route.spare.remove(member);
      return;
    }
    member.awaitedBy = undefined;
    awaitedBy.dial = undefined;
    this.#findDial(awaitedBy, route);
  }

  /** The waiter that a connection fresh from its dial goes to: the oldest of all. */
  oldest(route: PoolRoute<O>): Waiter<O> | undefined {
    const any = route.queue.head;
    const fresh = route.freshQueue.head;
    if (any === undefined) return fresh;
    return fresh === undefined || any.ticket < fresh.ticket ? any : fresh;
  }

  #findDial(waiter: Waiter<O>, route: PoolRoute<O>): void {
    const spare = route.spare.oldest;
    if (spare !== undefined) {
      route.spare.remove(spare);
      spare.awaitedBy = waiter;
      waiter.dial = spare;
      return;
    }
    route.undialed.insert(waiter);
    this.undialed += 1;
  }

  #passOn(dial: Member<O>, route: PoolRoute<O>): void {
    const heir = route.undialed.head;
    dial.awaitedBy = heir;
    if (heir === undefined) {
      route.spare.push(dial);
      return;
    }
    this.#removeUndialed(heir, route);
    heir.dial = dial;
  }

  #removeUndialed(waiter: Waiter<O>, route: PoolRoute<O>): void {
    route.undialed.remove(waiter);
    this.undialed -= 1;
  }
}
