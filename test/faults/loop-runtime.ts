import { nodeRuntime, type Runtime, type RuntimeTimer } from "../../src/runtime/index.js";

/** How often the clock is moved, and how far at most. */
const STEP = 5;

interface Entry {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * Real sockets and a clock that a busy machine does not hurry: however late the event loop comes round, one round is a
 * few milliseconds. So a deadline ends what a fault holds up, and not what the loop had no time for.
 */
export class LoopRuntime implements Disposable {
  #now = 1_000;
  #last = performance.now();
  readonly #timers = new Set<Entry>();
  readonly #interval = setInterval(() => this.#step(), STEP);

  readonly runtime: Runtime = {
    ...nodeRuntime,
    now: () => this.#now,
    setTimer: (callback, milliseconds) => this.setTimer(callback, milliseconds),
  };

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  setTimer(callback: () => void, milliseconds: number): RuntimeTimer {
    const entry = { at: this.#now + milliseconds, callback };
    this.#timers.add(entry);
    return { clear: () => this.#timers.delete(entry), setRef: () => undefined };
  }

  #step(): void {
    const real = performance.now();
    this.#now += Math.min(STEP, real - this.#last);
    this.#last = real;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now).sort((one, other) => one.at - other.at);
    // One that fires may clear another.
    for (const entry of due) if (this.#timers.delete(entry)) entry.callback();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#interval);
  }
}
