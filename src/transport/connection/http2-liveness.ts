import type { Http2Session } from "../../http2/index.js";
import type { Http2Settings } from "../http2-options.js";
import type { Clock, Expiring } from "../upkeep/index.js";

/** A connection that said nothing for so many milliseconds is asked whether it is there, where that matters. */
const SILENCE_MS = 15_000;
/** One that has not answered for so long gets no new requests. */
const DOUBT_MS = 5_000;
/** A timer that is later than this was held up, and so was everything that came in. */
const LATE_MS = 500;
/** Between two PINGs that no request goes along with: servers count such PINGs as abuse. */
const APART_MS = 30_000;

/** What it needs of the clock. */
type Deadlines = Pick<Clock, "set" | "remove">;

interface LivenessHost {
  /** It has not answered for a while. */
  doubt(waited: number): void;
  /** It has not answered in its time. */
  dead(waited: number): void;
  isBusy(): boolean;
}

/**
 * Whether the peer of an HTTP/2 connection is still there. Everything that comes from it is a sign of life; where
 * none came and somebody depends on it, a PING asks for one.
 */
export class Liveness<Owner> implements Expiring {
  readonly #session: Http2Session<Owner>;
  readonly #settings: Http2Settings;
  readonly #interval: number;
  readonly #apart: number;
  readonly #clock: Deadlines;
  readonly #host: LivenessHost;
  /** When the PING without an answer was sent; -1 for none. */
  #askedAt = -1;
  #lastAsked = Number.NEGATIVE_INFINITY;
  /** When the next PING is due that nothing but `pingInterval` asks for. */
  #nextRegular = Number.POSITIVE_INFINITY;
  #startedAt = 0;
  #doubted = false;
  /** When the timer is to fire. */
  #due = Number.POSITIVE_INFINITY;
  /** What waits for a sign of life. */
  #held: (() => void)[] = [];

  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;

  constructor(session: Http2Session<Owner>, settings: Http2Settings, clock: Deadlines, host: LivenessHost) {
    this.#interval = settings.pingInterval * settings.pingFactor;
    this.#apart = APART_MS * settings.pingFactor;
    this.#session = session;
    this.#settings = settings;
    this.#clock = clock;
    this.#host = host;
  }

  start(now: number): void {
    this.#lastAsked = now - this.#apart;
    this.#startedAt = now;
    this.#nextRegular = now + this.#interval;
    this.#schedule(now);
  }

  stop(): void {
    this.#clock.remove(this);
    this.#held = [];
  }

  /** Octets came. */
  heard(): void {
    if (this.#askedAt < 0) return;
    this.#askedAt = -1;
    this.#doubted = false;
    const held = this.#held;
    this.#held = [];
    for (const release of held) release();
  }

  /**
   * A request is about to go out. After a long silence a PING goes with it; what cannot be sent again waits for its
   * answer: then this returns true, and calls `release` later, unless the connection turns out to be dead.
   */
  holds(now: number, repeatable: boolean, release: () => void): boolean {
    if (this.#askedAt < 0) {
      const { lastReceivedAt } = this.#session;
      if (lastReceivedAt === 0 || now - lastReceivedAt < SILENCE_MS) {
        if (this.at === Number.POSITIVE_INFINITY) this.#schedule(now);
        return false;
      }
      this.#ask(now);
    }
    if (repeatable) return false;
    this.#held.push(release);
    return true;
  }

  expired(now: number): void {
    if (this.#askedAt >= 0) {
      // While the event loop stood still nothing was read: the answer may be there.
      const late = now - this.#due;
      if (late > LATE_MS) this.#askedAt += late;
      const waited = now - this.#askedAt;
      if (waited >= this.#settings.pingTimeout) {
        this.#host.dead(waited);
        return;
      }
      if (waited >= DOUBT_MS && !this.#doubted) {
        this.#doubted = true;
        this.#held = [];
        this.#host.doubt(waited);
      }
    } else if (now >= this.#nextRegular || this.#isSuspicious(now)) {
      this.#ask(now);
    }
    this.#schedule(now);
  }

  /** The server's last sign of life; the handshake before it has said anything. */
  get #lastHeard(): number {
    return Math.max(this.#session.lastReceivedAt, this.#startedAt);
  }

  #isSuspicious(now: number): boolean {
    if (!this.#host.isBusy() || now - this.#lastAsked < this.#apart) return false;
    return now - this.#lastHeard >= SILENCE_MS;
  }

  #ask(now: number): void {
    this.#askedAt = now;
    this.#lastAsked = now;
    this.#nextRegular = now + this.#interval;
    this.#session.ping(now);
    this.#schedule(now);
  }

  #schedule(now: number): void {
    const { pingTimeout } = this.#settings;
    let at = this.#nextRegular;
    if (this.#askedAt >= 0) {
      at = this.#askedAt + (this.#doubted ? pingTimeout : Math.min(DOUBT_MS, pingTimeout));
    } else if (this.#host.isBusy()) {
      const due = Math.max(this.#lastHeard + SILENCE_MS, this.#lastAsked + this.#apart);
      at = Math.min(at, Math.max(due, now + 1));
    }
    this.#due = Math.max(at, now);
    this.#clock.set(this, this.#due);
  }
}
