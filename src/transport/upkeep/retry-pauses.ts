import type { Clock, Expiring } from "./clock.js";

/** Milliseconds that the second retry of what a server refused waits at least, and at most. */
const LEAST_MS = 50;
const MOST_MS = 100;
/** Requests that are refused again go out again after a pause: at once they would meet the same, and add to it. */
export class RetryPauses {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #groups = new Map<object, Group>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** `go` is called once, after the pause; `route`: where it was refused. */
  wait(route: object, go: () => void): void {
    const now = this.#clock.now();
    const known = this.#groups.get(route);
    // Those of one storm wait together, and then share what they dial.
    if (known !== undefined && now + LEAST_MS <= known.began + MOST_MS) {
      known.waiting.push(go);
      if (known.at < now + LEAST_MS) this.#clock.set(known, now + LEAST_MS);
      return;
    }
    const group = new Group(now, [go], () => {
      if (this.#groups.get(route) === group) this.#groups.delete(route);
    });
    this.#groups.set(route, group);
    this.#clock.set(group, now + LEAST_MS + (MOST_MS - LEAST_MS) * this.#random());
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
