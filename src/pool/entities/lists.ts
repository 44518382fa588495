// Lists whose links are in what they hold, so that joining and leaving allocate nothing and cost the same for any length.

/** Neighbours in a list of its route. */
interface Listed<T> {
  older: T | undefined;
  newer: T | undefined;
}

/** Neighbours among all that are idle. */
interface Idle<T> {
  idleBefore: T | undefined;
  idleAfter: T | undefined;
}

/** Neighbours among all of its route. */
interface OfRoute<T> {
  routePrevious: T | undefined;
  routeNext: T | undefined;
}

/** Neighbours in a queue. */
interface Queued<T> {
  queuePrevious: T | undefined;
  queueNext: T | undefined;
}

/** Neighbours among those that count on the same dial, or on none. */
interface Ticketed<T> {
  readonly ticket: number;
  olderBeside: T | undefined;
  newerBeside: T | undefined;
}

/** Members of one route in the order they came, newest and oldest at hand. */
export class RouteList<T extends Listed<T>> {
  newest: T | undefined = undefined;
  oldest: T | undefined = undefined;

  push(member: T): void {
    const { newest } = this;
    member.older = newest;
    if (newest === undefined) this.oldest = member;
    else newest.newer = member;
    this.newest = member;
  }

  /** Puts it at the old end. */
  unshift(member: T): void {
    const { oldest } = this;
    member.newer = oldest;
    if (oldest === undefined) this.newest = member;
    else oldest.older = member;
    this.oldest = member;
  }

  remove(member: T): void {
    const { older, newer } = member;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    member.older = undefined;
    member.newer = undefined;
  }
}

/** The idle members of all routes, the one idle for longest first. */
export class IdleOrder<T extends Idle<T>> {
  oldest: T | undefined = undefined;
  #newest: T | undefined = undefined;

  push(member: T): void {
    const newest = this.#newest;
    member.idleBefore = newest;
    if (newest === undefined) this.oldest = member;
    else newest.idleAfter = member;
    this.#newest = member;
  }

  remove(member: T): void {
    const { idleBefore, idleAfter } = member;
    if (idleBefore === undefined) this.oldest = idleAfter;
    else idleBefore.idleAfter = idleAfter;
    if (idleAfter === undefined) this.#newest = idleBefore;
    else idleAfter.idleBefore = idleBefore;
    member.idleBefore = undefined;
    member.idleAfter = undefined;
  }
}

/** All members of one route that are not closed, in the order they were dialed. */
export class MemberSet<T extends OfRoute<T>> {
  first: T | undefined = undefined;
  #last: T | undefined = undefined;

  add(member: T): void {
    member.routePrevious = this.#last;
    if (this.#last === undefined) this.first = member;
    else this.#last.routeNext = member;
    this.#last = member;
  }

  remove(member: T): void {
    const { routePrevious, routeNext } = member;
    if (routePrevious === undefined) this.first = routeNext;
    else routePrevious.routeNext = routeNext;
    if (routeNext === undefined) this.#last = routePrevious;
    else routeNext.routePrevious = routePrevious;
    member.routePrevious = undefined;
    member.routeNext = undefined;
  }
}

/** Waiters in order of arrival; a waiter is in at most one of these. */
export class WaitQueue<T extends Queued<T>> {
  head: T | undefined = undefined;
  #tail: T | undefined = undefined;

  push(waiter: T): void {
    waiter.queuePrevious = this.#tail;
    if (this.#tail === undefined) this.head = waiter;
    else this.#tail.queueNext = waiter;
    this.#tail = waiter;
  }

  remove(waiter: T): void {
    const { queuePrevious, queueNext } = waiter;
    if (queuePrevious === undefined) this.head = queueNext;
    else queuePrevious.queueNext = queueNext;
    if (queueNext === undefined) this.#tail = queuePrevious;
    else queueNext.queuePrevious = queuePrevious;
    waiter.queuePrevious = undefined;
    waiter.queueNext = undefined;
  }
}

/** The waiters that count on one dial, or those that no dial is under way for, in order of arrival. */
export class TicketList<T extends Ticketed<T>> {
  head: T | undefined = undefined;
  tail: T | undefined = undefined;
  size = 0;

  /**
   * Puts a waiter in its place: the end for a new one. One that lost its dial is older than nearly all others
   * here, so its place is looked for from the front, past those that lost theirs just before.
   */
  insert(waiter: T): void {
    this.size += 1;
    let previous = this.tail;
    let next: T | undefined;
    if (previous !== undefined && previous.ticket > waiter.ticket) {
      next = this.head;
      while (next !== undefined && next.ticket < waiter.ticket) next = next.newerBeside;
      previous = next?.olderBeside;
    }
    waiter.olderBeside = previous;
    waiter.newerBeside = next;
    if (previous === undefined) this.head = waiter;
    else previous.newerBeside = waiter;
    if (next === undefined) this.tail = waiter;
    else next.olderBeside = waiter;
  }

  remove(waiter: T): void {
    this.size -= 1;
    const { olderBeside, newerBeside } = waiter;
    if (olderBeside === undefined) this.head = newerBeside;
    else olderBeside.newerBeside = newerBeside;
    if (newerBeside === undefined) this.tail = olderBeside;
    else newerBeside.olderBeside = olderBeside;
    waiter.olderBeside = undefined;
    waiter.newerBeside = undefined;
  }
}
