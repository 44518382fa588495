/** How often (milliseconds) it is looked whether the process runs. */
const EVERY = 500;
/** So much (milliseconds) later than due, it stood still or was busy. */
const LATE = 1500;
/** Less of a standstill than this share in processor time: nothing ran. */
const IDLE_SHARE = 0.5;
/** Standstills remembered, the last ones. */
const MAX = 16;

/** Milliseconds: of the running process, since 1970, and of processor time used. */
interface PulseClocks {
  readonly now: () => number;
  readonly date?: () => number;
  readonly cpu?: () => number;
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Notices when a process stands still, as when its container is paused or its machine sleeps: what a connection went
 * through then is no doing of client or server. Beats only while there are connections, and keeps no process alive.
 */
export class Pulse {
  /** Milliseconds in which nothing ran, and in which the program's own code let nothing else run. */
  stoodStillMs = 0;
  busyMs = 0;
  readonly #now: () => number;
  // Taken before the program can replace them.
  readonly #setTimeout = setTimeout;
  readonly #cpu: () => number;
  readonly #date: () => number;
  readonly #ends: number[] = [];
  #beating = false;
  #lastAt = 0;
  #lastDate = 0;
  #lastCpu = 0;

  constructor({ now, date = Date.now, cpu = processorTime }: PulseClocks) {
    this.#now = now;
    this.#date = date;
    this.#cpu = cpu;
  }

  /** There is something to watch over. */
  start(): void {
    if (this.#beating) return;
    this.#beating = true;
    this.#take();
    this.#setTimeout(this.#beat, EVERY).unref();
  }

  /** Whether the process stood still at some time after this one. */
  stoodStillSince(time: number): boolean {
    this.#look();
    const last = this.#ends.at(-1);
    return last !== undefined && last > time;
  }

  /** Whether there are connections still, as the ledger says. */
  isNeeded: () => boolean = () => false;

  readonly #beat = (): void => {
    this.#look();
    if (this.isNeeded()) this.#setTimeout(this.#beat, EVERY).unref();
    else this.#beating = false;
  };

  #look(): void {
    if (!this.#beating) return;
    // The clock of the machine goes on while it sleeps, the other may not.
    const slept = this.#date() - this.#lastDate;
    const ran = this.#now() - this.#lastAt;
    const gap = Math.max(slept, ran) - EVERY;
    if (gap < LATE) {
      if (ran >= EVERY) this.#take();
      return;
    }
    const used = this.#cpu() - this.#lastCpu;
    if (used < gap * IDLE_SHARE) {
      this.stoodStillMs += gap;
      if (this.#ends.length >= MAX) this.#ends.shift();
      this.#ends.push(this.#now());
    } else {
      this.busyMs += gap;
    }
    this.#take();
  }

  #take(): void {
    this.#lastAt = this.#now();
    this.#lastDate = this.#date();
    this.#lastCpu = this.#cpu();
  }
}
