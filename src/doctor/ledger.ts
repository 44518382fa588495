import type { Evidence, OriginFacts } from "../explain/index.js";
import { noFacts } from "../explain/index.js";
import { CLOSE_TABLE, type CloseReason, type DialReason, endsIdleness } from "../trace/index.js";
import type { OwnerSite, Owners } from "./owners.js";
import { Tally } from "./tally.js";
import { Pool, Watched } from "./watched.js";

/** Origins counted apart: a crawler may visit any number, and what is kept in memory and on disk is bounded. */
const MAX_ORIGINS = 2000;
const OTHERS = "other://origins";

/** A response nobody reads for so long (milliseconds) while the program runs is held to be forgotten. */
const FORGOTTEN = 3000;
/** When the program ends, none can be read any more; only those that came this moment may have been about to be. */
const JUST_NOW = 4;

/** Whether a connection is held by a response that nobody reads. */
export type Unread = (connection: Watched) => boolean;

/** Every connection of this process or thread, and what is counted of them. */
export class Ledger {
  readonly now: () => number;
  readonly owners: Owners;
  readonly #process: string;
  readonly #touched: () => void;
  readonly #tallies = new Map<string, Tally>();
  #changed: Tally[] = [];
  readonly #connections = new Map<Watched, Unread>();
  #dropped = 0;

  constructor(process: string, owners: Owners, now: () => number, touched: () => void) {
    this.#process = process;
    this.owners = owners;
    this.now = now;
    this.#touched = touched;
  }

  /** The counters of an origin; the same object for the same names. */
  tally(origin: string, client: string): Tally {
    const key = `${client} ${origin}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      if (this.#tallies.size >= MAX_ORIGINS && origin !== OTHERS) {
        this.#dropped++;
        return this.tally(OTHERS, client);
      }
      const made: Tally = new Tally(origin, client, () => this.touch(made));
      this.#tallies.set(key, made);
      tally = made;
    }
    return tally;
  }

  pool(tally: Tally, owner: OwnerSite | undefined): Pool {
    return new Pool(tally, owner);
  }

  /** Notes that a tally has news, so that the next line of the file has it. */
  touch(tally: Tally): void {
    // Each request comes by here.
    if (tally.changed) return;
    tally.changed = true;
    this.#changed.push(tally);
    this.#touched();
  }

  /** A dial begins, in the call of who needs it. */
  dial(pool: Pool, unread: Unread, reason?: DialReason): Watched {
    const now = this.now();
    const connection = new Watched(pool, reason ?? whyDialed(pool, now), now);
    const { tally } = pool;
    pool.connections.add(connection);
    this.#connections.set(connection, unread);
    tally.dialing++;
    tally.most("dialingAtOnce", tally.dialing);
    return connection;
  }

  /** The dial succeeded: from here on it is a connection. */
  established(connection: Watched): void {
    if (connection.established || connection.closed) return;
    const { pool, times } = connection;
    const { tally, owner } = pool;
    const now = this.now();
    connection.established = true;
    connection.idleSince = now;
    tally.dialing--;
    // Of one pool: what several pools open beside each other is not too many dials, but too many pools.
    tally.most("openAtOnce", ++pool.open);
    if (owner !== undefined) owner.connections++;
    let since = times.startedAt;
    if (times.lookedUpAt !== undefined) {
      tally.count("dnsLookups");
      tally.count("dnsMs", times.lookedUpAt - since);
      since = times.lookedUpAt;
    }
    const connectedAt = times.connectedAt ?? times.securedAt ?? now;
    tally.count("connectMs", Math.max(0, connectedAt - since));
    if (times.securedAt !== undefined) {
      tally.count("tlsHandshakes");
      tally.count("tlsMs", Math.max(0, times.securedAt - connectedAt));
      if (times.resumed === true) tally.count("tlsResumed");
    }
    tally.opened(connection.reason);
  }

  failed(connection: Watched, code: string): void {
    if (connection.closed || connection.established) return;
    const { tally } = connection.pool;
    this.#forget(connection);
    tally.dialing--;
    tally.count("dialFailures");
    tally.count("dialFailureMs", this.now() - connection.times.startedAt);
    // Both kinds of clients tie a request to its dial, so that it fails with it.
    tally.count("delayedByDials");
    tally.failed(code);
  }

  /** A dial that nobody needed any more: neither a connection nor a failure. */
  givenUp(connection: Watched): void {
    if (connection.closed || connection.established) return;
    this.#forget(connection);
    connection.pool.tally.dialing--;
  }

  /** A request goes out on the connection. */
  begins(connection: Watched, request: unknown): void {
    const { pool } = connection;
    if (connection.active++ === 0 && connection.requests > 0)
      connection.idleBefore = this.now() - connection.idleSince;
    connection.requests++;
    connection.request = request;
    connection.response = undefined;
    pool.tally.requests++;
    if (pool.owner !== undefined) pool.owner.requests++;
    this.touch(pool.tally);
  }

  answered(connection: Watched, response: unknown): void {
    connection.response = response;
    connection.answeredAt = this.now();
  }

  /** An exchange is over and the connection can carry another. */
  ends(connection: Watched): void {
    if (connection.active === 0) return;
    if (--connection.active === 0) connection.idleSince = this.now();
  }

  /** The end of an established connection. */
  closes(connection: Watched, reason: CloseReason): void {
    if (connection.closed || !connection.established) return;
    const { pool } = connection;
    const { tally } = pool;
    const now = this.now();
    this.#forget(connection);
    pool.open--;
    tally.closed(reason);
    if (connection.requests === 0) tally.count("unused");
    pool.recent.add(reason, now);
    pool.lastReason = reason;
    if (connection.active === 0 && connection.requests > 0 && endsIdleness(reason))
      tally.idleEnded(now - connection.idleSince);
    const topic = CLOSE_TABLE[reason].site;
    if (topic !== undefined) tally.site(topic, connection.site);
  }

  #forget(connection: Watched): void {
    connection.closed = true;
    connection.pool.connections.delete(connection);
    this.#connections.delete(connection);
  }

  /** What happened since the last time. */
  news(): Evidence {
    const origins = this.#changed.map((tally) => tally.take());
    this.#changed = [];
    const dropped = this.#dropped;
    this.#dropped = 0;
    return {
      origins,
      clients: this.owners.facts(this.#process),
      modules: this.owners.modules(this.#process),
      dropped,
    };
  }

  /**
   * What is so at the moment and may pass: connections held by responses nobody reads, connections never used.
   * The last such line of a process counts.
   */
  present(ending: boolean): Evidence {
    const now = this.now();
    const found = new Map<Tally, { leaked: number; unused: number; sites: Record<string, number> }>();
    for (const [connection, unread] of this.#connections) {
      if (!connection.established) continue;
      const age = now - connection.answeredAt;
      const leaks =
        connection.active > 0 &&
        connection.response !== undefined &&
        age >= (ending ? JUST_NOW : FORGOTTEN) &&
        unread(connection);
      const unused = connection.requests === 0;
      if (!leaks && !unused) continue;
      const { tally } = connection.pool;
      let entry = found.get(tally);
      if (entry === undefined) found.set(tally, (entry = { leaked: 0, unused: 0, sites: {} }));
      if (unused) entry.unused++;
      if (!leaks) continue;
      entry.leaked++;
      if (connection.site !== undefined)
        entry.sites[connection.site] = (entry.sites[connection.site] ?? 0) + 1;
    }
    const origins = [...found].map(
      ([{ origin, client }, { leaked, unused, sites }]): OriginFacts => ({
        ...noFacts(origin, client),
        counts: { ...(leaked > 0 ? { leakedBodies: leaked } : {}), ...(unused > 0 ? { unused } : {}) },
        sites: leaked > 0 ? { "body-unread": sites } : {},
      }),
    );
    return { origins, clients: [], modules: [], dropped: 0 };
  }
}

/** Why a pool dials: because of the connection it could not keep, else because the others are busy, else it is the first. */
function whyDialed(pool: Pool, now: number): DialReason {
  const lost = pool.recent.claim(now);
  if (lost !== undefined) pool.tally.redialed(lost);
  if (lost === undefined && pool.connections.size > 0) return "all-busy";
  const reason = lost ?? pool.lastReason;
  if (reason === undefined) return "first-use";
  const { redial, site } = CLOSE_TABLE[reason];
  // Who asks for the end each time has keep-alive off, in effect.
  return site === "keep-alive-off" ? site : redial;
}
