import { TimerHeap } from "../runtime/index.js";
import { isBarren } from "./capacity.js";
import type { PoolEffects } from "./contract.js";
import { type PoolRoute, RouteEntry, type Waiter } from "./entities/index.js";
import type { Slots } from "./slots.js";

/** `maxWaiting`, `queueTimeout` and the patience with a server that takes nothing: all are only about waiters that no dial is under way for. */
export class WaitLimits<O, W extends Waiter<O>> {
  readonly #slots: Slots<O>;
  readonly #effects: PoolEffects<O, W>;
  /** How long a waiter may wait for a server that allows no exchange at all. */
  readonly #barrenTimeout: number;
  /** By the deadline of a route's oldest waiter without a dial; the others' come later. */
  readonly #deadlines = new TimerHeap<RouteEntry<O>>();
  /** Waiters that came while dials were being handed out, to be judged when it is known who got one. */
  readonly #late: W[] = [];

  constructor(slots: Slots<O>, effects: PoolEffects<O, W>, barrenTimeout: number) {
    this.#barrenTimeout = barrenTimeout;
    this.#slots = slots;
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
    const waiting = this.#slots.waiting.undialed - 1;
    if (waiting < this.#slots.limits.maxWaiting) return;
    this.#slots.leave(waiter, route);
    this.#slots.settle(route);
    this.#effects.reject(waiter, { kind: "max-waiting", waiting });
  }

  /** A dial that many counted on left some of the route's waiters without: the newest go where they make too many. */
  admitLeft(route: PoolRoute<O>): void {
    for (let { tail } = route.undialed; tail !== undefined; tail = route.undialed.tail) {
      this.admit(tail as W);
      if (route.undialed.tail === tail) return;
    }
  }

  admitLater(waiter: W): void {
    this.#late.push(waiter);
  }

  /** Judges those put off, the newest first. */
  admitLate(): void {
    for (let waiter = this.#late.pop(); waiter !== undefined; waiter = this.#late.pop()) this.admit(waiter);
  }

  /** Files the deadline of the route's oldest waiter without a dial, `head`, and returns it; `Infinity` for none. */
  watch(route: PoolRoute<O>, head: Waiter<O>): number {
    const patience = this.#patience(route);
    if (patience === Number.POSITIVE_INFINITY) return patience;
    route.deadline ??= new RouteEntry(route);
    this.#deadlines.set(route.deadline, head.waitingSince + patience);
    return route.deadline.at;
  }

  /** Turns away the waiters of one route whose `queueTimeout` has passed, and returns the route. */
  timeOut(now: number): PoolRoute<O> | undefined {
    const route = this.#deadlines.popDue(now)?.route;
    if (route === undefined) return undefined;
    const { queueTimeout } = this.#slots.limits;
    for (let head = route.undialed.head; head !== undefined; head = route.undialed.head) {
      if (now < head.waitingSince + this.#patience(route)) break;
      const waited = now - head.waitingSince;
      this.#slots.leave(head, route);
      const kind = now < head.waitingSince + queueTimeout ? "no-streams" : "queue-timeout";
      this.#effects.reject(head as W, { kind, waited });
    }
    return route;
  }

  /** How long a waiter without a dial may wait. */
  #patience(route: PoolRoute<O>): number {
    const { queueTimeout } = this.#slots.limits;
    return isBarren(route) ? Math.min(queueTimeout, this.#barrenTimeout) : queueTimeout;
  }
}
