interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** More rounds of immediates than this at one instant are an endless loop. */
const MAX_ROUNDS = 10_000;

/** A clock that stands still until it is advanced, and runs what falls due in the order of its times. */
export class FakeClock {
  #now: number;
  #order = 0;
  #tasks: Task[] = [];
  #immediates: (() => void)[] = [];
  #running = false;

  constructor(now: number) {
    this.#now = now;
  }

  get now(): number {
    return this.#now;
  }

  /** Scheduled tasks, of timers and of the fake network. */
  get pending(): number {
    return this.#tasks.length;
  }

  /** Runs it `milliseconds` from now; tasks of one time run in the order they were scheduled. Returns its canceller. */
  schedule(milliseconds: number, run: () => void): () => void {
    const task: Task = { at: this.#now + milliseconds, order: this.#order++, run };
    let low = 0;
    let high = this.#tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#tasks[middle] as Task).at <= task.at) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, task);
    return () => {
      const index = this.#tasks.indexOf(task);
      if (index >= 0) this.#tasks.splice(index, 1);
    };
  }

  immediate(run: () => void): void {
    this.#immediates.push(run);
  }

  /**
   * Runs tasks in order, each followed by the promises and immediates it sets off, until `done` holds or the next
   * one lies behind `limit`. Returns whether `done` held.
   */
  async runUntil(done: () => boolean, limit: number): Promise<boolean> {
    if (this.#running)
      throw new Error("the fake clock is being advanced already: await the other advance first");
    this.#running = true;
    try {
      await this.#settle();
      for (;;) {
        if (done()) return true;
        const next = this.#tasks[0];
        if (next === undefined || next.at > limit) break;
        this.#tasks.shift();
        this.#now = Math.max(this.#now, next.at);
        next.run();
        await this.#settle();
      }
      return false;
    } finally {
      this.#running = false;
    }
  }

  async advance(milliseconds: number): Promise<void> {
    const target = this.#now + milliseconds;
    await this.runUntil(() => false, target);
    this.#now = target;
  }

  async #settle(): Promise<void> {
    // One real turn of the event loop runs every microtask and `nextTick` that is due, and what these set off.
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (let round = 0; this.#immediates.length > 0; round += 1) {
      if (round === MAX_ROUNDS)
        throw new Error(`immediates went on for ${MAX_ROUNDS} rounds at ${this.#now} ms`);
      const batch = this.#immediates;
      this.#immediates = [];
      for (const run of batch) run();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}
