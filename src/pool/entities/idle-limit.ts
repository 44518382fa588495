/** How long an origin of which nothing is known is trusted to keep an idle connection, for a request that cannot be sent twice. */
export const DEFAULT_TOLERATED = 4000;
/** A learned limit is used with this margin: the server's clock started before ours did. */
const MARGIN = 0.9;
/** Two ages show the same limit when neither is larger than the other by more than this factor. */
const AGREEMENT = 1.25;
/** So many ends at about the same age make a limit certain enough to close idle connections before it. */
const CONFIRMING_ENDS = 3;
/** Ends closer together than this are one event: a restarting server ends all its connections at once. */
const SAME_EVENT = 1000;
/** A limit that no end has confirmed for so long is tried again. */
const RELEARN_AFTER = 300_000;
/**
 * From this age on, an end that shows only when a request is written may be a middlebox that forgot the
 * connection without a word, so a connection that merely looks open proves nothing against it.
 */
const SILENT_FROM = 10_000;
/** Different limits remembered at once; an origin may be several servers. */
const MAX_SUSPECTS = 4;

/** An idle age at which connections have ended. */
interface Suspect {
  /** The smallest of the ages that agree. */
  age: number;
  /** How often, each event counted once. */
  ends: number;
  lastAt: number;
  /** Whether only a write could show it. */
  silent: boolean;
  /** Connections seen well beyond it. */
  beyond: number;
}

/**
 * What is learned about how long a route's idle connections live.
 *
 * One end at some idle age makes that age *suspect*: requests that could not be sent twice stay below 0.9 of
 * it from then on. Three ends at about the same age, at different times, *confirm* it: idle connections are
 * closed at 0.9 of it. A single end may be a server that restarted, so what contradicts counts too: once
 * twice as many connections were seen beyond a suspect age as ended at it, it is forgotten. Because a confirmed limit
 * keeps all connections below it, it is lifted when no end confirmed it for five minutes: then either the
 * next ends confirm it again, or connections outlive it. Requests that cannot be sent twice stay below it
 * meanwhile.
 */
export class IdleLimit {
  #suspects: Suspect[] | undefined = undefined;
  /** The longest idle age that an exchange survived, at least the default. */
  #survived: number = DEFAULT_TOLERATED;

  /** The smallest idle age at which the server is thought to end connections. */
  get learned(): number | undefined {
    if (this.#suspects === undefined) return undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const { age } of this.#suspects) least = Math.min(least, age);
    return least;
  }

  /** The age at which an idle connection is to be closed for what was learned; `Infinity` for none. */
  limit(now: number): number {
    if (this.#suspects === undefined) return Number.POSITIVE_INFINITY;
    let least = Number.POSITIVE_INFINITY;
    for (const suspect of this.#suspects) {
      const confirmed = suspect.ends >= CONFIRMING_ENDS && now - suspect.lastAt < RELEARN_AFTER;
      if (confirmed) least = Math.min(least, suspect.age);
    }
    return least * MARGIN;
  }

  /**
   * The idle age up to which a request that cannot be sent twice may take a connection.
   * @param announced what the server said it keeps, `Infinity` when it said nothing.
   */
  tolerated(announced: number): number {
    const trusted = announced === Number.POSITIVE_INFINITY ? this.#survived : announced;
    const learned = this.learned;
    return learned === undefined ? trusted : Math.min(trusted, learned * MARGIN);
  }

  /**
   * A connection ended at this idle age.
   * @param seen whether the end showed by itself, and not only when a request was written.
   */
  ended(age: number, seen: boolean, now: number): void {
    const at = Math.max(age, 1);
    this.#contradict(at, true);
    this.#suspects ??= [];
    let suspect = this.#suspects.find((one) => at <= one.age * AGREEMENT && one.age <= at * AGREEMENT);
    if (suspect === undefined) {
      if (this.#suspects.length >= MAX_SUSPECTS) this.#suspects.shift();
      suspect = { age: at, ends: 1, lastAt: now, silent: !seen && at >= SILENT_FROM, beyond: 0 };
      this.#suspects.push(suspect);
    } else {
      if (now - suspect.lastAt >= SAME_EVENT) suspect.ends += 1;
      suspect.age = Math.min(suspect.age, at);
      suspect.lastAt = now;
      suspect.beyond = 0;
      if (seen) suspect.silent = false;
    }
  }

  /** An exchange succeeded on a connection that had been idle for this long. */
  survived(age: number): void {
    this.#survived = Math.max(this.#survived, age);
    this.#contradict(age, false);
  }

  /** An idle connection of this age looks open: its pending read has seen no end. */
  seenOpen(age: number): void {
    this.#contradict(age, true);
  }

  #contradict(age: number, onlyLooksOpen: boolean): void {
    if (this.#suspects === undefined) return;
    for (const suspect of this.#suspects) {
      if (age > suspect.age * AGREEMENT && !(onlyLooksOpen && suspect.silent)) suspect.beyond += 1;
    }
    this.#suspects = this.#suspects.filter((one) => one.beyond < 2 * one.ends);
    if (this.#suspects.length === 0) this.#suspects = undefined;
  }
}
