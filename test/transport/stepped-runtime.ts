import { nodeRuntime, type Runtime, type RuntimeTimer } from "../../src/runtime/index.js";

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

const WALL_START = Date.UTC(2024, 0, 1);

/** Real sockets and a clock that stands still until the test moves it. */
export class SteppedRuntime {
  #now = 1_000;
  #order = 0;
  #suspended = 0;
  readonly #timers = new Set<Entry>();
  /** What `random()` gives. */
  random = 0.5;

  readonly runtime: Runtime = {
    ...nodeRuntime,
    now: () => this.#now,
    wallNow: () => WALL_START + this.#now + this.#suspended,
    setTimer: (callback, milliseconds) => this.#set(callback, milliseconds),
    random: () => this.random,
  };

  /** The machine is suspended: only the wall clock goes on. */
  suspend(milliseconds: number): void {
    this.#suspended += milliseconds;
  }

  /** Moves the clock, and fires on the way what is due, each at its own time. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#first(end); next !== undefined; next = this.#first(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
  }

  get now(): number {
    return this.#now;
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  #first(end: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#timers) {
      if (entry.at > end) continue;
      if (first === undefined || entry.at < first.at || (entry.at === first.at && entry.order < first.order))
        first = entry;
    }
    return first;
  }

  #set(callback: () => void, milliseconds: number): RuntimeTimer {
    const entry = { at: this.#now + milliseconds, order: this.#order++, callback };
    this.#timers.add(entry);
    return { clear: () => this.#timers.delete(entry), setRef: () => undefined };
  }
}
