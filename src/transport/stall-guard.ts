import type { Member } from "../pool/index.js";
import type { Runtime } from "../runtime/index.js";
import type { CloseCause } from "../trace/index.js";
import type { Connection } from "./connection/index.js";
import { probe } from "./connection/index.js";

/** A gap between two polls of this length, in milliseconds, is a stall. */
const STALL_MS = 20;

/**
 * Design rule 11: after the event loop stood still, a server's close can be in the kernel that no callback has told
 * of yet, so an idle connection is looked at before it is written to. In a loop that turns, the read that every
 * idle connection has pending tells in time, and nothing is checked.
 */
export class StallGuard {
  readonly #runtime: Runtime;
  #polledAt = 0;
  /** After a gap, until the loop has polled again: a close may be in the kernel right behind what was just read. */
  #suspicious = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  readonly #trust = (): void => {
    this.#suspicious = false;
  };

  /** A read callback runs. Returns the time. */
  polled(): number {
    const now = this.#runtime.now();
    if (now - this.#polledAt > STALL_MS && !this.#suspicious) {
      this.#suspicious = true;
      // The first of these runs before the next poll, the second after it.
      this.#runtime.setImmediate(() => this.#runtime.setImmediate(this.#trust));
    }
    this.#polledAt = now;
    return now;
  }

  /** Why the idle connection cannot be used, if it cannot: its server has left. */
  check(member: Member<Connection>): CloseCause | undefined {
    if (!this.#suspicious) {
      const now = this.#runtime.now();
      if (now - member.idleSince < STALL_MS || now - this.#polledAt < STALL_MS) return undefined;
    }
    const evidence = probe((member.owner as Connection).socket);
    return evidence === true ? undefined : { reason: "server-closed-idle", by: "server", evidence };
  }
}
