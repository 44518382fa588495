// Counts and times inside the client process. The window is cut by timers, so that the loops ask for no clock, and
// only every eighth request is timed: a clock read costs as much as one percent of the fastest client's request.
import { performance } from "node:perf_hooks";

const timedEvery = 8;

export class Meter {
  #verify;
  #turn = 0;
  #count = 0;
  #stopped = false;
  #latencies = [];

  /** `verify` says whether what a request gave is what the server sent. */
  constructor(verify) {
    this.#verify = verify;
  }

  /** Call before a request; give what it returns to `end`. */
  begin() {
    this.#turn = (this.#turn + 1) % timedEvery;
    return this.#turn === 0 ? performance.now() : 0;
  }

  /** Call with what the request gave. False when the time is over. */
  end(begun, result) {
    if (!this.#verify(result))
      throw new Error(`the client did not give what the server sent, but ${JSON.stringify(result)}`);
    this.#count += 1;
    if (begun !== 0) this.#latencies.push(performance.now() - begun);
    return !this.#stopped;
  }

  /** Warms up, measures, then stops the loops; resolves with the figures of the window. */
  async run(warmup, duration) {
    await after(warmup);
    this.#count = 0;
    this.#latencies = [];
    const started = performance.now();
    const cpu = process.cpuUsage();
    await after(duration);
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (performance.now() - started) / 1000;
    this.#stopped = true;
    const count = this.#count;
    return {
      requests: count,
      seconds,
      rps: count / seconds,
      cpuMicrosPerRequest: (user + system) / count,
      userMicrosPerRequest: user / count,
      ...percentiles(this.#latencies),
    };
  }
}

const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** p50 and p99 of latencies in milliseconds. */
export function percentiles(latencies) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99) };
}
