import { TimerHeap } from "../runtime/index.js";
import type { PoolEffects } from "./contract.js";
import type { Ledger } from "./ledger.js";
import { type PoolRoute, RouteEntry } from "./route.js";
import type { Waiter } from "./waiter.js";

/** `maxWaiting` and `queueTimeout`: both are only about waiters that no dial is under way for. */
export class WaitLimits<O, W extends Waiter<O>> {
  readonly #ledger: Ledger<O>;
  readonly #effects: PoolEffects<O, W>;
  /** By the deadline of a route's oldest waiter without a dial; the others' come later. */
  readonly #deadlines = new TimerHeap<RouteEntry<O>>();
  /** Waiters that came while dials were being handed out, to be judged when it is known who got one. */
  readonly #late: W[] = [];

  constructor(ledger: Ledger<O>, effects: PoolEffects<O, W>) {
    this.#ledger = ledger;
    this.#effects = effects;
  }

  /** The time before which nobody's `queueTimeout` passes. */
  get nextAt(): number {
    return this.#deadlines.nextAt;
  }

  /** Turns a new waiter away if it makes too many. */
  admit(waiter: W): void {
    const route = waiter.waitingIn;
    if (route === undefined || waiter.dial !== undefined) return;
    const waiting = this.#ledger.demand.undialed - 1;
    if (waiting < this.#ledger.limits.maxWaiting) return;
    this.#ledger.leave(waiter, route);
    this.#ledger.settle(route);
    this.#effects.reject(waiter, { kind: "max-waiting", waiting });
  }

  admitLater(waiter: W): void {
    this.#late.push(waiter);
  }

  /** Judges those put off, the newest first. */
  admitLate(): void {
    for (let waiter = this.#late.pop(); waiter !== undefined; waiter = this.#late.pop()) this.admit(waiter);
  }

  /** Files the deadline of the route's oldest waiter without a dial, and returns it; `Infinity` for none. */
  watch(route: PoolRoute<O>): number {
    const { queueTimeout } = this.#ledger.limits;
    const { head } = route.undialed;
    if (head === undefined || queueTimeout === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    route.deadline ??= new RouteEntry(route);
    this.#deadlines.set(route.deadline, head.waitingSince + queueTimeout);
    return route.deadline.at;
  }

  /** Turns away the waiters of one route whose `queueTimeout` has passed, and returns the route. */
  timeOut(now: number): PoolRoute<O> | undefined {
    const route = this.#deadlines.popDue(now)?.route;
    if (route === undefined) return undefined;
    const { queueTimeout } = this.#ledger.limits;
    for (let head = route.undialed.head; head !== undefined; head = route.undialed.head) {
      if (now < head.waitingSince + queueTimeout) break;
      this.#ledger.leave(head, route);
      this.#effects.reject(head as W, { kind: "queue-timeout", waited: now - head.waitingSince });
    }
    return route;
  }
}
