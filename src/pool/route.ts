import type { Timed } from "../runtime/index.js";
import { Counts } from "./counts.js";
import { IdleLimit } from "./idle-limit.js";
import { Losses } from "./losses.js";
import { MemberSet, RouteList } from "./member-lists.js";
import { UndialedList, WaitQueue } from "./wait-queue.js";

/** A route's entry in a heap that orders routes. */
export class RouteEntry<O> implements Timed {
  readonly route: PoolRoute<O>;
  at: number = Number.POSITIVE_INFINITY;
  heapKey: number = Number.POSITIVE_INFINITY;
  heapIndex = -1;

  constructor(route: PoolRoute<O>) {
    this.route = route;
  }
}

/**
 * What the pool knows of one route. To the pool's user only `key`, `origin` and `owner` are of interest.
 * The caps named "per origin" hold for each route of an origin, as Go's `MaxConnsPerHost` does: connections of different
 * routes cannot stand in for each other.
 */
export class PoolRoute<O> {
  readonly key: string;
  readonly origin: string;
  /** Whatever the pool's user keeps for it. */
  owner: O | undefined = undefined;

  readonly counts: Counts = new Counts();
  readonly members: MemberSet<O> = new MemberSet();
  /** Idle connections, most recently used first to be taken. */
  readonly idle: RouteList<O> = new RouteList();
  /** Dials that no waiter counts on. */
  readonly spare: RouteList<O> = new RouteList();
  /** Waiters that take any connection. */
  readonly queue: WaitQueue<O> = new WaitQueue();
  /** Waiters that take only a newly dialed one. */
  readonly freshQueue: WaitQueue<O> = new WaitQueue();
  /** Those of both queues that no dial is under way for. */
  readonly undialed: UndialedList<O> = new UndialedList();
  readonly losses: Losses = new Losses();
  readonly idleLimit: IdleLimit = new IdleLimit();
  /** Whether any connection of it was ever open. */
  everOpen = false;
  /** Its place among the routes that want to dial. */
  hunger: RouteEntry<O> | undefined = undefined;
  /** Its place among the routes whose waiters have a deadline. */
  deadline: RouteEntry<O> | undefined = undefined;
  /** Whether the pool's table holds it, and its neighbours among those that have nothing in them. */
  listed = false;
  resting = false;
  restingBefore: PoolRoute<O> | undefined = undefined;
  restingAfter: PoolRoute<O> | undefined = undefined;

  constructor(key: string, origin: string) {
    this.key = key;
    this.origin = origin;
  }
}
