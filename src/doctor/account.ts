import { FINEST, type ProcessFacts, type Timeline } from "../explain/index.js";

/** Steps kept before they are written down: a burst of news is written after 20 to 100 ms. */
const MAX_STEPS = 4096;

/** What the process as a whole did, and when. */
export class Account {
  connections = 0;
  requests = 0;
  open = 0;
  mostOpen = 0;
  threadsMade = 0;
  readonly #process: string;
  readonly #thread: boolean;
  readonly #runner: string | undefined;
  readonly #startedAt: number;
  readonly #wallClock: () => number;
  #points: Record<string, [number, number, number, number]> = {};
  #steps = 0;
  #reported = "";

  constructor(
    process: string,
    options: { thread: boolean; runner: string | undefined; wallClock: () => number },
  ) {
    this.#process = process;
    this.#thread = options.thread;
    this.#runner = options.runner;
    this.#wallClock = options.wallClock;
    this.#startedAt = Math.round(options.wallClock());
  }

  /** One that was open before. */
  known(): void {
    if (++this.open > this.mostOpen) this.mostOpen = this.open;
  }

  opened(): void {
    this.connections++;
    if (++this.open > this.mostOpen) this.mostOpen = this.open;
    this.#at(0, 1);
  }

  /** One that has just been counted belongs to another. */
  uncounted(): void {
    this.connections--;
    this.open--;
    this.#at(0, -1);
  }

  closed(): void {
    this.open--;
    this.#at(1, 1);
  }

  failed(): void {
    this.#at(3, 1);
  }

  /** Requests since the last time: noting each of them alone would cost more than it is worth. */
  sent(count: number): void {
    this.requests += count;
    if (count > 0) this.#at(2, count);
  }

  #at(index: 0 | 1 | 2 | 3, by: number): void {
    const step = Math.floor(this.#wallClock() / FINEST);
    let point = this.#points[step];
    if (point === undefined) {
      if (this.#steps >= MAX_STEPS) return;
      this.#steps++;
      this.#points[step] = point = [0, 0, 0, 0];
    }
    point[index] += by;
  }

  /** What happened since the last time. */
  take(standing: { stoodStillMs: number; busyMs: number }): {
    processes?: ProcessFacts[];
    timeline?: Timeline;
  } {
    const { connections, requests, mostOpen } = this;
    const timeline = this.#steps === 0 ? {} : { timeline: { width: FINEST, points: this.#points } };
    this.#points = {};
    this.#steps = 0;
    const facts: ProcessFacts = {
      process: this.#process,
      ...(this.#thread ? { thread: true } : {}),
      ...(this.#runner === undefined ? {} : { runner: this.#runner }),
      startedAt: this.#startedAt,
      seenAt: Math.round(this.#wallClock()),
      requests,
      connections,
      mostOpen,
      ...(this.threadsMade > 0 ? { threadsMade: this.threadsMade } : {}),
      ...(standing.stoodStillMs > 0 ? { stoodStillMs: Math.round(standing.stoodStillMs) } : {}),
      ...(standing.busyMs > 0 ? { busyMs: Math.round(standing.busyMs) } : {}),
    };
    // When it was last seen changes all the time, and alone is no news.
    const text = JSON.stringify({ ...facts, seenAt: 0 });
    if (text === this.#reported && !("timeline" in timeline)) return timeline;
    this.#reported = text;
    return { processes: [facts], ...timeline };
  }
}
