import type { Pool } from "../../pool/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { Connection } from "../connection/index.js";
import type { Exchange, Link } from "../exchange/index.js";

/** The connections of a transport that are not closed, those being dialed included. */
export class LiveConnections implements Iterable<Connection> {
  readonly #byId = new Map<number, Connection>();

  add(connection: Connection): void {
    this.#byId.set(connection.member.id, connection);
  }

  /** False where it was gone already. */
  remove({ member }: Connection): boolean {
    return this.#byId.delete(member.id);
  }

  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#byId.values();
  }

  /** Retires those that `which` is true of: they take no more exchanges. */
  retire(pool: Pool<Link, Exchange>, which: (link: Link) => boolean, cause: CloseCause, now: number): void {
    for (const connection of [...this]) if (which(connection)) pool.retire(connection.member, cause, now);
  }

  /** After `unseen` milliseconds in which the machine was suspended, ends the idle ones that are over their limit with them. */
  retireSuspended(pool: Pool<Link, Exchange>, unseen: number, now: number): void {
    for (const { member } of [...this]) {
      if (member.state !== "idle") continue;
      const idle = now - member.idleSince + unseen;
      if (idle < pool.slots.idle.limitOf(member, now) && now + unseen < member.expiresAt) continue;
      const evidence = `it was idle for ${Math.round(idle / 1000)} s, ${Math.round(unseen / 1000)} s of them while this machine was suspended`;
      pool.retire(member, { reason: "idle-timeout", by: "client", evidence }, now);
    }
  }
}
