/** Sessions of this many servers are remembered; each is a few kilobytes. */
export const MAX_SESSION_SERVERS = 256;
/** TLS 1.3 servers send two tickets on a full handshake, each meant to be used once (RFC 8446, C.4). */
const TICKETS_PER_SERVER = 2;

/**
 * TLS sessions by server, least recently used out first. Held strongly: a session that the garbage collector
 * may take is a full handshake paid for nothing.
 */
export class SessionCache {
  readonly #tickets = new Map<string, Buffer[]>();

  put(server: string, session: Buffer): void {
    const tickets = this.#tickets.get(server) ?? [];
    this.#tickets.delete(server);
    this.#tickets.set(server, tickets);
    tickets.push(session);
    if (tickets.length > TICKETS_PER_SERVER) tickets.shift();
    if (this.#tickets.size > MAX_SESSION_SERVERS) {
      for (const oldest of this.#tickets.keys()) {
        this.#tickets.delete(oldest);
        break;
      }
    }
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
    return tickets.length > 1 ? tickets.pop() : tickets[0];
  }

  /** Forgets a session that the server would not resume. */
  drop(server: string, session: Buffer): void {
    const tickets = this.#tickets.get(server);
    const index = tickets?.indexOf(session) ?? -1;
    if (tickets === undefined || index < 0) return;
    tickets.splice(index, 1);
    if (tickets.length === 0) this.#tickets.delete(server);
  }

  clear(): void {
    this.#tickets.clear();
  }

  get size(): number {
    return this.#tickets.size;
  }
}
