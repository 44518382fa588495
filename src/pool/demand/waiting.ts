import type { Member, PoolRoute, Waiter } from "../entities/index.js";

/**
 * Who waits, and which dial each waiter counts on. A dial has room for one waiter, or for several where its
 * connection may carry several exchanges at once; one that nobody counts on is spare. A route never has a dial with
 * room and a waiter without one at the same time. When a waiter leaves a dial, the oldest waiter that has none takes
 * its place.
 */
export class Waiting<O> {
  #tickets = 0;
  /** Waiters of all routes without a dial: those that `maxWaiting` and `queueTimeout` are about. */
  undialed = 0;

  add(waiter: Waiter<O>, route: PoolRoute<O>, now: number): void {
    this.#tickets += 1;
    waiter.ticket = this.#tickets;
    waiter.waitingSince = now;
    waiter.waitingIn = route;
    (waiter.mustDial === undefined ? route.queue : route.freshQueue).push(waiter);
    const dial = this.#dialWithRoom(route);
    if (dial === undefined) this.#addUndialed(waiter, route);
    else this.#join(waiter, dial);
  }

  /** Takes the waiter out of its queue. Its place on a dial passes on, and its own dial has no starter any more. */
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
      return;
    }
    waiter.dial = undefined;
    dial.awaiting.remove(waiter);
    if (dial.awaiting.size === 0) route.spare.push(dial);
    this.#fill(dial);
  }

  /** A dial starts: for the waiter, which had none, or for nobody. */
  start(member: Member<O>, waiter: Waiter<O> | undefined): void {
    const { route } = member;
    route.spare.push(member);
    if (member.room > 1) route.shared = member;
    if (waiter === undefined) return;
    this.#removeUndialed(waiter, route);
    this.#join(waiter, member);
    waiter.started = member;
    member.dialedFor = waiter;
    this.#fill(member);
  }

  /** A dial is over, one way or another: those who counted on it look for another one. */
  finish(member: Member<O>): void {
    const { route, awaiting } = member;
    if (member.dialedFor !== undefined) member.dialedFor.started = undefined;
    if (route.shared === member) route.shared = undefined;
    if (awaiting.size === 0) {
      route.spare.remove(member);
      return;
    }
    let dial = this.#dialWithRoom(route);
    for (let { head } = awaiting; head !== undefined && dial !== undefined; head = awaiting.head) {
      awaiting.remove(head);
      this.#join(head, dial);
      dial = this.#dialWithRoom(route);
    }
    // From the newest on, each finds its place at the front.
    for (let { tail } = awaiting; tail !== undefined; tail = awaiting.tail) {
      awaiting.remove(tail);
      tail.dial = undefined;
      this.#addUndialed(tail, route);
    }
  }

  /** The waiter that a connection fresh from its dial goes to: the oldest of all. */
  oldest(route: PoolRoute<O>): Waiter<O> | undefined {
    const any = route.queue.head;
    const fresh = route.freshQueue.head;
    if (any === undefined) return fresh;
    return fresh === undefined || any.ticket < fresh.ticket ? any : fresh;
  }

  #dialWithRoom({ spare, shared, single }: PoolRoute<O>): Member<O> | undefined {
    if (spare.oldest !== undefined) return spare.oldest;
    return shared !== undefined && !single && shared.awaiting.size < shared.room ? shared : undefined;
  }

  #join(waiter: Waiter<O>, dial: Member<O>): void {
    if (dial.awaiting.size === 0) dial.route.spare.remove(dial);
    dial.awaiting.insert(waiter);
    waiter.dial = dial;
  }

  /** Lets the oldest waiters without a dial count on this one, as far as it has room. */
  #fill(dial: Member<O>): void {
    const { route, awaiting } = dial;
    for (let { head } = route.undialed; head !== undefined; head = route.undialed.head) {
      if (awaiting.size >= dial.room) return;
      this.#removeUndialed(head, route);
      this.#join(head, dial);
    }
  }

  #addUndialed(waiter: Waiter<O>, route: PoolRoute<O>): void {
    route.undialed.insert(waiter);
    this.undialed += 1;
  }

  #removeUndialed(waiter: Waiter<O>, route: PoolRoute<O>): void {
    route.undialed.remove(waiter);
    this.undialed -= 1;
  }
}
