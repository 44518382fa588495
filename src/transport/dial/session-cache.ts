/** Sessions of this many servers are remembered; each is a few kilobytes. */
export const MAX_SESSION_SERVERS = 256;
/** All sessions together, in bytes, and one: a session holds the server's certificates, which may be large. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_SESSION_BYTES = 64 * 1024;
/** TLS 1.3 servers send two tickets on a full handshake, each meant to be used once (RFC 8446, C.4). */
const TICKETS_PER_SERVER = 2;

/**
 * TLS sessions by server, least recently used out first. Held strongly: a session that the garbage collector
 * may take is a full handshake paid for nothing.
 */
export class SessionCache {
  readonly #tickets = new Map<string, Buffer[]>();
  #bytes = 0;

  put(server: string, session: Buffer): void {
    if (session.length > MAX_SESSION_BYTES) return;
    const tickets = this.#tickets.get(server) ?? [];
    this.#tickets.delete(server);
    this.#tickets.set(server, tickets);
    tickets.push(session);
    this.#bytes += session.length;
    if (tickets.length > TICKETS_PER_SERVER) this.#bytes -= tickets.shift()?.length ?? 0;
    for (const oldest of this.#tickets.keys()) {
      if (this.#tickets.size <= MAX_SESSION_SERVERS && this.#bytes <= MAX_BYTES) break;
      this.#forget(oldest);
    }
  }

  #forget(server: string): void {
    for (const { length } of this.#tickets.get(server) ?? []) this.#bytes -= length;
    this.#tickets.delete(server);
  }

  /**
   * The newest session, which is then forgotten unless it is the last one: a burst of connections may have to
   * offer the same ticket, and offering it again is far cheaper than a full handshake.
   */
  take(server: string): Buffer | undefined {
    const tickets = this.#tickets.get(server);
    if (tickets === undefined) return undefined;
    this.#tickets.delete(server);
    this.#tickets.set(server, tickets);
    if (tickets.length < 2) return tickets[0];
    const newest = tickets.pop();
    this.#bytes -= newest?.length ?? 0;
    return newest;
  }

  /** Forgets a session that the server would not resume. */
  drop(server: string, session: Buffer): void {
    const tickets = this.#tickets.get(server);
    const index = tickets?.indexOf(session) ?? -1;
    if (tickets === undefined || index < 0) return;
    tickets.splice(index, 1);
    this.#bytes -= session.length;
    if (tickets.length === 0) this.#tickets.delete(server);
  }

  clear(): void {
    this.#tickets.clear();
    this.#bytes = 0;
  }

  get size(): number {
    return this.#tickets.size;
  }
}
