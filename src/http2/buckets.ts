import { http2CodeName } from "../errors/index.js";
import { frameName } from "./frame-types.js";
import { floodError } from "./http2-error.js";
import {
  MAX_FAULTY_STREAMS,
  MAX_IDLE_FRAMES,
  TINY_DATA,
  TINY_DATA_BURST,
  TINY_DATA_PER_SECOND,
} from "./limits.js";

const IDLE_PERIOD = 60_000;

/** Counts the frames that cost something and carry nothing. */
export class FloodGuard {
  #frames = 0;
  /** When the count began. A server that asks for a sign of life now and then must not add up to a flood. */
  #since = Number.NEGATIVE_INFINITY;

  /** A header block, or an octet of a body either way. */
  progress(): void {
    this.#frames = 0;
  }

  /** @throws Http2Error of the connection when there were too many. */
  count(type: number, now: number): void {
    if (now - this.#since > IDLE_PERIOD) {
      this.#since = now;
      this.#frames = 0;
    }
    if (++this.#frames <= MAX_IDLE_FRAMES) return;
    throw floodError(
      `The server sent more than ${MAX_IDLE_FRAMES} frames, the last a ${frameName(type)}, without a header block or a byte of a body between them`,
    );
  }
}

/** Something that may happen `burst` times at once and then `perSecond`. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #at = Number.NEGATIVE_INFINITY;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
  }

  left(now: number): number {
    const gained = ((now - this.#at) * this.#perSecond) / 1_000;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#at = now;
    return Math.floor(this.#tokens);
  }

  take(now: number): boolean {
    const any = this.left(now) > 0;
    if (any) this.#tokens--;
    return any;
  }
}

/** Streams that had to be reset because of what the server did on them. */
export class FaultGuard {
  readonly #bucket = new TokenBucket(MAX_FAULTY_STREAMS, 1);

  /** @throws Http2Error of the connection when there were too many. */
  count(http2Code: number, now: number): void {
    if (this.#bucket.take(now)) return;
    throw floodError(
      `The server made this client reset more than ${MAX_FAULTY_STREAMS} streams, the last with ${http2CodeName(http2Code)}`,
    );
  }
}

/** DATA frames of a few octets each: each costs this side more than it brings. */
export class TinyDataGuard {
  readonly #bucket = new TokenBucket(TINY_DATA_BURST, TINY_DATA_PER_SECOND);

  /** A DATA frame that does not end its stream came, with so many octets of a body. @throws Http2Error of the connection when there were too many. */
  count(octets: number, now: number): void {
    if (octets > TINY_DATA || octets === 0 || this.#bucket.take(now)) return;
    throw floodError(
      `The server sent more than ${TINY_DATA_BURST} DATA frames of at most ${TINY_DATA} bytes each, and ${TINY_DATA_PER_SECOND} a second beyond that`,
    );
  }
}
