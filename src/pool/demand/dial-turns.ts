import { TimerHeap } from "../../runtime/index.js";
import { mostDials } from "../capacity.js";
import type { PoolLimits } from "../contract.js";
import { type PoolRoute, RouteEntry } from "../entities/index.js";

/** The routes with a waiter that lacks a dial, by when the oldest such waiter came. */
export class DialTurns<O> {
  readonly #limits: PoolLimits;
  /** Filed by ticket instead of time: tickets of a route's oldest waiter also only grow. */
  readonly #heap = new TimerHeap<RouteEntry<O>>();

  constructor(limits: PoolLimits) {
    this.#limits = limits;
  }

  /** Whether it is nobody's turn for sure. */
  get none(): boolean {
    return this.#heap.size === 0;
  }

  /** Files the route if it lacks a dial. To be called whenever its own limits may have come to allow one. */
  add(route: PoolRoute<O>): void {
    const { head } = route.undialed;
    if (head === undefined) return;
    route.dialTurn ??= new RouteEntry(route);
    this.#heap.set(route.dialTurn, head.ticket);
  }

  /** The route whose turn it is to dial, as far as its own limits go: what all share is for the caller to see. */
  first(): PoolRoute<O> | undefined {
    while (this.#heap.size > 0) {
      const entry = this.#heap.popDue(this.#heap.nextAt);
      if (entry === undefined) continue;
      const { route, heapKey } = entry;
      const { head } = route.undialed;
      if (head === undefined || !this.#mayDial(route)) continue;
      this.#heap.set(entry, head.ticket);
      // Where the waiter it was filed for has gone, another route may come first now.
      if (head.ticket === heapKey) return route;
    }
    return undefined;
  }

  #mayDial(route: PoolRoute<O>): boolean {
    if (route.counts.dialing >= mostDials(route, this.#limits)) return false;
    // An idle connection that its waiters cannot take can make room for one that they can.
    return route.counts.open < this.#limits.maxConnectionsPerOrigin || route.idle.oldest !== undefined;
  }
}
