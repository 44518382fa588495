import type { Pool } from "../../pool/index.js";
import type { Runtime } from "../../runtime/index.js";
import type { Exchange, Link } from "../exchange/index.js";

/** Clocks drift and are adjusted by less; what is more, in milliseconds, was a suspended machine or a clock set anew. */
const JUMP_MS = 2000;

/**
 * Notices that the machine was suspended. The monotonic clock stands still meanwhile, and with it every idle limit;
 * the wall clock does not. Go compares wall clocks for the same reason.
 */
export class SuspendWatch {
  readonly #runtime: Runtime;
  #offset: number;
  #lastWall: number;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#lastWall = runtime.wallNow();
    this.#offset = this.#lastWall - runtime.now();
  }

  /** Milliseconds that passed unseen since the last call; 0 where none did. A clock set back counts as none. */
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
}

/** After `unseen` milliseconds, ends the idle connections that are over their limit with them. */
export function retireSuspended(
  live: Iterable<Link>,
  pool: Pool<Link, Exchange>,
  unseen: number,
  now: number,
): void {
  for (const { member } of [...live]) {
    if (member.state !== "idle") continue;
    const idle = now - member.idleSince + unseen;
    if (idle < pool.slots.idle.limitOf(member, now) && now + unseen < member.expiresAt) continue;
    const evidence = `It was idle for ${Math.round(idle / 1000)} s, ${Math.round(unseen / 1000)} s of them while this machine was suspended.`;
    pool.retire(member, { reason: "idle-timeout", by: "client", evidence }, now);
  }
}
