import type { PoolRoute } from "../../pool/index.js";
import type { CloseReason } from "../../trace/index.js";
import type { Link } from "../exchange/index.js";
import type { Clock, Expiring } from "./clock.js";

/** Between two refills of a route, in milliseconds: a server that ends each new connection must not keep us dialing. */
const PAUSE_MS = 1000;
/** And at most, while dials keep failing. */
const LONGEST_PAUSE_MS = 60_000;
/** An origin that had no request for so long, in milliseconds, is left to run empty. */
const KEPT_FOR_MS = 300_000;

/** The state of one route. */
class Floor implements Expiring {
  readonly route: PoolRoute<Link>;
  lastUsedAt = 0;
  filledAt = Number.NEGATIVE_INFINITY;
  pause = PAUSE_MS;
  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;
  readonly #fill: (floor: Floor, now: number) => void;

  constructor(route: PoolRoute<Link>, fill: (floor: Floor, now: number) => void) {
    this.route = route;
    this.#fill = fill;
  }

  expired(now: number): void {
    this.#fill(this, now);
  }
}

/** Keeps `minIdleConnectionsPerOrigin` connections ready, beyond those in use, for the origins that are in use. */
export class IdleFloor {
  readonly #least: number;
  readonly #clock: Clock;
  readonly #preconnect: (route: PoolRoute<Link>, count: number, now: number) => void;
  readonly #floors = new WeakMap<PoolRoute<Link>, Floor>();
  readonly #fill = (floor: Floor, now: number): void => {
    if (now - floor.lastUsedAt > KEPT_FOR_MS || floor.route.counts.idle >= this.#least) return;
    if (now - floor.filledAt < floor.pause) {
      this.#clock.set(floor, floor.filledAt + floor.pause);
      return;
    }
    floor.filledAt = now;
    this.#preconnect(floor.route, this.#least, now);
  };

  constructor(
    least: number,
    clock: Clock,
    preconnect: (route: PoolRoute<Link>, count: number, now: number) => void,
  ) {
    this.#least = least;
    this.#clock = clock;
    this.#preconnect = preconnect;
  }

  /** A request takes this route. */
  used(route: PoolRoute<Link>, now: number): void {
    let floor = this.#floors.get(route);
    if (floor === undefined) {
      floor = new Floor(route, this.#fill);
      this.#floors.set(route, floor);
    }
    floor.lastUsedAt = now;
    this.#fill(floor, now);
  }

  /** A connection of this route has ended. */
  lost(route: PoolRoute<Link>, reason: CloseReason, now: number): void {
    const floor = this.#floors.get(route);
    if (floor === undefined) return;
    floor.pause = reason === "dial-failed" ? Math.min(floor.pause * 2, LONGEST_PAUSE_MS) : PAUSE_MS;
    // In a turn of its own: the pool may be in the middle of what ended the connection.
    this.#clock.set(floor, Math.max(now, floor.filledAt + floor.pause));
  }
}
