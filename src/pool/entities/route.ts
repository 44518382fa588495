import type { Timed } from "../../runtime/index.js";
import { Counts } from "./counts.js";
import type { IdleLimit } from "./idle-limit.js";
import { MemberSet, RouteList, TicketList, WaitQueue } from "./lists.js";
import { LostConnections } from "./lost-connections.js";
import type { Member } from "./member.js";
import type { Roomy } from "./roomy.js";
import type { Waiter } from "./waiter.js";

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
 * What the pool knows of one route. To the pool's user only `key`, `origin` and `counts` are of interest.
 * The caps named "per origin" hold for each route of an origin, as Go's `MaxConnsPerHost` does: connections of different
 * routes cannot stand in for each other.
 */
export class PoolRoute<O> {
  // What each acquire and release touches comes first, so that it shares cache lines.
  /** Whether the pool's table holds it. */
  listed = false;
  readonly counts: Counts = new Counts();
  /** Idle connections, most recently used first to be taken. */
  readonly idle: RouteList<Member<O>> = new RouteList();
  /** Connections in use that have room for more; only where they carry several exchanges at once. */
  roomy: Roomy<Member<O>> | undefined = undefined;
  /** What was learned about its idle connections; most routes never have anything to learn. */
  idleLimit: IdleLimit | undefined = undefined;

  readonly key: string;
  readonly origin: string;

  readonly members: MemberSet<Member<O>> = new MemberSet();
  /** Whether its connections are never anything but one exchange after the other. */
  alwaysSingle: boolean;
  /** Whether its connections carry one exchange after the other, as far as is known; not so where nothing is. */
  single: boolean;
  /** How many exchanges its last multiplexed connection took at once; undefined where there was none. */
  limit: number | undefined = undefined;
  /** Connections in a row whose server allows no exchange. */
  barren = 0;
  /** Connections of other routes that its exchanges may go on too; see `Pool.share`. */
  hosts: Member<O>[] | undefined = undefined;
  /** The dial under way that several waiters may count on. */
  shared: Member<O> | undefined = undefined;

  /** Dials that no waiter counts on. */
  readonly spare: RouteList<Member<O>> = new RouteList();
  /** Waiters that take any connection. */
  readonly queue: WaitQueue<Waiter<O>> = new WaitQueue();
  /** Waiters that take only a newly dialed one. */
  readonly freshQueue: WaitQueue<Waiter<O>> = new WaitQueue();
  /** Those of both queues that no dial is under way for. */
  readonly undialed: TicketList<Waiter<O>> = new TicketList();
  readonly lost: LostConnections = new LostConnections();
  /** Its place among the routes that want to dial. */
  dialTurn: RouteEntry<O> | undefined = undefined;
  /** Its place among the routes whose waiters have a deadline. */
  deadline: RouteEntry<O> | undefined = undefined;
  /** Whether it has nothing in it, and its neighbours among such routes. */
  resting = false;
  restingBefore: PoolRoute<O> | undefined = undefined;
  restingAfter: PoolRoute<O> | undefined = undefined;

  constructor(key: string, origin: string, alwaysSingle: boolean = true) {
    this.key = key;
    this.origin = origin;
    this.alwaysSingle = alwaysSingle;
    this.single = alwaysSingle;
  }

  /** From here on its connections may, or may not, carry several exchanges at once. */
  setSingle(alwaysSingle: boolean): void {
    if (alwaysSingle === this.alwaysSingle) return;
    this.alwaysSingle = alwaysSingle;
    this.single = alwaysSingle;
    this.limit = undefined;
  }
}
