import { type Runtime, type RuntimeTimer, type Timed, TimerHeap } from "../../runtime/index.js";

/** Something with a deadline. */
export interface Expiring extends Timed {
  expired(now: number): void;
}

const LONGEST_DELAY = 2 ** 31 - 1; // what setTimeout takes
/** Clocks drift and are adjusted by less; what is more, in milliseconds, was a suspended machine or a clock set anew. */
const JUMP_MS = 2000;

/**
 * All the time limits of a transport on one timer, which never keeps the process alive by itself. What keeps it
 * alive is the anchor: a timer that does nothing, held while somebody waits for something. The sockets never do,
 * since changing a socket's mind for every request would cost more than the whole bookkeeping.
 */
export class Clock {
  readonly #runtime: Runtime;
  readonly #poolTick: (now: number) => void;
  readonly #heap = new TimerHeap<Expiring>();
  #timer: RuntimeTimer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #poolAt = Number.POSITIVE_INFINITY;
  #anchor: RuntimeTimer | undefined;
  #alive = false;
  /** From the monotonic clock to the wall's, and what the latter said last. */
  #offset: number;
  #lastWall: number;

  constructor(runtime: Runtime, poolTick: (now: number) => void) {
    this.#runtime = runtime;
    this.#poolTick = poolTick;
    this.#lastWall = runtime.wallNow();
    this.#offset = this.#lastWall - runtime.now();
  }

  /** Milliseconds on the monotonic clock. */
  now(): number {
    return this.#runtime.now();
  }

  /** Sets the entry's deadline; `Infinity` for none. */
  set(entry: Expiring, at: number): void {
    this.#heap.set(entry, at);
    if (at < this.#timerAt) this.#arm(at);
  }

  remove(entry: Expiring): void {
    if (entry.heapIndex >= 0) this.#heap.remove(entry);
  }

  /** When the pool wants its tick. */
  wakePool(at: number): void {
    this.#poolAt = at;
    if (at < this.#timerAt) this.#arm(at);
  }

  /** Whether the process must stay alive. */
  setAlive(alive: boolean): void {
    this.#alive = alive;
    if (this.#anchor !== undefined) this.#anchor.setRef(alive);
    else if (alive) this.#dropAnchor();
  }

  #dropAnchor(): void {
    this.#anchor = this.#runtime.setTimer(() => {
      this.#anchor = undefined;
      if (this.#alive) this.#dropAnchor();
    }, LONGEST_DELAY);
  }

  /**
   * Milliseconds that passed unseen since the last call, since the machine was suspended; 0 where none did. The
   * monotonic clock stands still meanwhile, and with it every idle limit; the wall clock does not, which is why Go
   * compares wall clocks too. A clock set back counts as none.
   */
  unseen(): number {
    const wall = this.#runtime.wallNow();
    const since = wall - this.#lastWall;
    this.#lastWall = wall;
    if (since <= JUMP_MS) return 0; // one clock is read for most requests
    const offset = wall - this.#runtime.now();
    const jump = offset - this.#offset;
    // Small steps are taken in too, or slow drift would add up to a jump.
    this.#offset = offset;
    return jump > JUMP_MS ? jump : 0;
  }

  stop(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#anchor?.clear();
    this.#anchor = undefined;
  }

  #arm(at: number): void {
    this.#timer?.clear();
    this.#timerAt = at;
    const delay = Math.max(1, Math.ceil(at - this.#runtime.now()));
    this.#timer = this.#runtime.setTimer(() => this.#tick(), Math.min(delay, LONGEST_DELAY));
    this.#timer.setRef(false);
  }

  #tick(): void {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#runtime.now();
    for (let due = this.#heap.popDue(now); due !== undefined; due = this.#heap.popDue(now)) due.expired(now);
    if (now >= this.#poolAt) {
      this.#poolAt = Number.POSITIVE_INFINITY;
      this.#poolTick(now);
    }
    const next = Math.min(this.#heap.nextAt, this.#poolAt);
    if (next < this.#timerAt) this.#arm(next);
  }
}
