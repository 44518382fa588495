import type { Clock, Expiring } from "./clock.js";

/** Milliseconds that the second retry of what a server refused waits at least, and at most. */
const LEAST_MS = 50;
const MOST_MS = 100;

/** Requests that are refused again go out again after a pause: at once they would meet the same, and add to it. */
export class RetryPauses {
  readonly #clock: Clock;
  readonly #random: () => number;
  /** By route, the group that others may still join. */
  readonly #latest = new Map<object, Group>();
  readonly #groups = new Set<Group>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** `go` is called once, after the pause; `route`: where it was refused. */
  wait(route: object, go: () => void): void {
    const now = this.#clock.now();
    const known = this.#latest.get(route);
    // Those of one storm wait together, and then share what they dial.
    if (known !== undefined && now + LEAST_MS <= known.began + MOST_MS) {
      known.waiting.push(go);
      if (known.at < now + LEAST_MS) this.#clock.set(known, now + LEAST_MS);
      return;
    }
    const group = new Group(now, [go], () => {
      this.#groups.delete(group);
      if (this.#latest.get(route) === group) this.#latest.delete(route);
    });
    this.#groups.add(group);
    this.#latest.set(route, group);
    this.#clock.set(group, now + LEAST_MS + (MOST_MS - LEAST_MS) * this.#random());
  }

  /** Ends all pauses now. */
  end(): void {
    for (const group of [...this.#groups]) {
      this.#clock.remove(group);
      group.expired();
    }
  }
}

class Group implements Expiring {
  readonly began: number;
  readonly waiting: (() => void)[];
  readonly #over: () => void;

  // Expiring
  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;

  constructor(began: number, waiting: (() => void)[], over: () => void) {
    this.began = began;
    this.waiting = waiting;
    this.#over = over;
  }

  expired(): void {
    this.#over();
    for (const go of this.waiting) go();
  }
}
