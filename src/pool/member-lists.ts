import type { Member } from "./member.js";

/** Members of one route in the order they came, newest and oldest at hand. */
export class RouteList<O> {
  newest: Member<O> | undefined = undefined;
  oldest: Member<O> | undefined = undefined;

  push(member: Member<O>): void {
    const { newest } = this;
    member.older = newest;
    member.newer = undefined;
    if (newest === undefined) this.oldest = member;
    else newest.newer = member;
    this.newest = member;
  }

  /** Puts it at the old end. */
  unshift(member: Member<O>): void {
    const { oldest } = this;
    member.newer = oldest;
    member.older = undefined;
    if (oldest === undefined) this.newest = member;
    else oldest.older = member;
    this.oldest = member;
  }

  remove(member: Member<O>): void {
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
export class IdleOrder<O> {
  oldest: Member<O> | undefined = undefined;
  #newest: Member<O> | undefined = undefined;

  push(member: Member<O>): void {
    const newest = this.#newest;
    member.idleBefore = newest;
    member.idleAfter = undefined;
    if (newest === undefined) this.oldest = member;
    else newest.idleAfter = member;
    this.#newest = member;
  }

  remove(member: Member<O>): void {
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
export class MemberSet<O> {
  first: Member<O> | undefined = undefined;
  #last: Member<O> | undefined = undefined;

  add(member: Member<O>): void {
    member.routePrevious = this.#last;
    if (this.#last === undefined) this.first = member;
    else this.#last.routeNext = member;
    this.#last = member;
  }

  remove(member: Member<O>): void {
    const { routePrevious, routeNext } = member;
    if (routePrevious === undefined) this.first = routeNext;
    else routePrevious.routeNext = routeNext;
    if (routeNext === undefined) this.#last = routePrevious;
    else routeNext.routePrevious = routePrevious;
    member.routePrevious = undefined;
    member.routeNext = undefined;
  }
}
