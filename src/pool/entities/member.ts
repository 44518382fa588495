import type { CloseCause, DialReason } from "../../trace/index.js";
import { TicketList } from "./lists.js";
import type { LostConnection } from "./lost-connections.js";
import type { RoomEntry } from "./roomy.js";
import type { PoolRoute } from "./route.js";
import type { Waiter } from "./waiter.js";

/** The states of a connection. `draining`: finishes what it has and takes nothing more. */
type MemberState = "dialing" | "idle" | "active" | "draining" | "closed";

/** A connection as the pool sees it. `owner` is whatever the pool's user keeps for it. */
export class Member<O> {
  // What each acquire and release touches comes first, so that it shares cache lines.
  readonly route: PoolRoute<O>;
  state: MemberState = "dialing";
  /** Neighbours in its route's list of idle ones, or of dials that nobody awaits. */
  older: Member<O> | undefined = undefined;
  newer: Member<O> | undefined = undefined;
  /** Neighbours in the list of all idle ones. */
  idleBefore: Member<O> | undefined = undefined;
  idleAfter: Member<O> | undefined = undefined;
  /** Its place among the idle deadlines; see `Timed`. */
  at: number = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  /** When it became idle; meaningful while idle. */
  idleSince = 0;
  /** Exchanges on it now. */
  active = 0;
  /** Exchanges assigned so far. */
  requests = 0;
  /** How long it had been idle when it was last assigned; 0 for a fresh one and for one in use. */
  lastIdleFor = 0;
  /** How long it had been idle before its present use; 0 once an exchange of that use went well. */
  restedFor = 0;
  /** Whether it can carry several exchanges at once, which is known when its dial is done. */
  multiplexed = false;
  /** So many exchanges it can carry at once. */
  limit = 1;
  /** The peer turned an exchange away: nothing more until another one ends or the limit is said anew. */
  refusing = false;
  /**
   * From the server's `Keep-Alive: max`: exchanges it will still take; `Infinity` when it said nothing. The
   * pool takes one off with each exchange, so a server that says it only once is understood too.
   */
  serverRequestsLeft: number = Number.POSITIVE_INFINITY;
  /** From the server's `Keep-Alive: timeout`, margin already taken off; `Infinity` when it said nothing. */
  serverIdleLimit: number = Number.POSITIVE_INFINITY;
  /** When `maxConnectionAge` (with its jitter) is reached. */
  expiresAt: number = Number.POSITIVE_INFINITY;
  heapKey: number = Number.POSITIVE_INFINITY;
  /** Set when a reason to close came up while it was in use or being dialed: what it closes with as soon as it is free. */
  closeWhenReleased: CloseCause | undefined = undefined;
  owner: O | undefined = undefined;

  /** Never reused within the process. */
  readonly id: number;
  readonly openedFor: DialReason;
  /** The connection that could not be kept, where that is why this one was dialed. */
  readonly previous: number | undefined;
  /** When the dial began. */
  readonly dialStartedAt: number;
  /** When it was open; 0 before. */
  openedAt = 0;
  /**
   * The waiter whose demand started the dial; undefined for preconnect, and once that waiter is gone. Still
   * set while `effects.assign` hands out the finished dial.
   */
  dialedFor: Waiter<O> | undefined = undefined;
  /** While dialing: the waiters that count on this dial now. */
  readonly awaiting: TicketList<Waiter<O>> = new TicketList();
  /** While dialing: so many waiters may count on it. */
  readonly room: number;
  /** Other routes whose exchanges it may carry. */
  guests: PoolRoute<O>[] | undefined = undefined;
  /** Its place among the connections of its route in use that have room; only of multiplexed ones. */
  opening: RoomEntry<Member<O>> | undefined = undefined;
  /** While dialing: the lost connection it stands in for, given back to the route should the dial fail. */
  replaces: LostConnection | undefined = undefined;
  /** Neighbours among all connections of its route. */
  routePrevious: Member<O> | undefined = undefined;
  routeNext: Member<O> | undefined = undefined;

  constructor(
    id: number,
    route: PoolRoute<O>,
    openedFor: DialReason,
    previous: number | undefined,
    room: number,
    now: number,
  ) {
    this.id = id;
    this.route = route;
    this.openedFor = openedFor;
    this.previous = previous;
    this.room = room;
    this.dialStartedAt = now;
  }
}
