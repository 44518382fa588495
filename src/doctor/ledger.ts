import { type Facts, noOriginFacts, type OriginFacts, ownerKey } from "../explain/index.js";
import {
  CLOSE_TABLE,
  type CloseReason,
  type DialReason,
  endsIdleness,
  watchedRedial,
} from "../trace/index.js";
import { Account } from "./account.js";
import { noteLoss } from "./losses.js";
import type { OwnerSite, Owners } from "./owners.js";
import { Pulse } from "./pulse.js";
import { Tally } from "./tally.js";
import { Pool, Watched } from "./watched.js";

/** Origins counted apart: a crawler may visit any number, and what is kept in memory and on disk is bounded. */
const MAX_ORIGINS = 2000;
const OTHERS = "other://origins";

/** A response nobody reads for so long (milliseconds) while the program runs is held to be forgotten. */
const FORGOTTEN = 3000;
/** When the program ends, none can be read any more; only those that came this moment may have been about to be. */
const JUST_NOW = 4;

/** The process that a ledger is kept in. */
interface ProcessInfo {
  readonly process: string;
  readonly thread?: boolean;
  /** The test runner whose worker it is. */
  readonly runner?: string | undefined;
  /** Milliseconds since 1970. */
  readonly wallClock?: () => number;
  /** Notices when the process stands still. */
  readonly pulse?: Pulse;
}

/** Whether a connection is held by a response that nobody reads, of which so many bytes have come. */
type Unread = (connection: Watched, bytes: number) => boolean;

/** Every connection of this process or thread, and what is counted of them. */
export class Ledger {
  readonly now: () => number;
  readonly owners: Owners;
  readonly #process: string;
  readonly #touched: () => void;
  readonly #tallies = new Map<string, Tally>();
  #changed: Tally[] = [];
  readonly #connections = new Map<Watched, Unread>();
  readonly #account: Account;
  readonly #pulse: Pulse;
  #dropped = 0;

  constructor(info: ProcessInfo, owners: Owners, now: () => number, touched: () => void) {
    this.#process = info.process;
    this.owners = owners;
    this.now = now;
    this.#touched = touched;
    this.#account = new Account(info.process, {
      thread: info.thread === true,
      runner: info.runner,
      wallClock: info.wallClock ?? Date.now,
    });
    this.#pulse = info.pulse ?? new Pulse({ now });
    this.#pulse.isNeeded = () => this.#connections.size > 0;
  }

  /** The process has made a thread, which writes its own account unless it was given no environment to do so. */
  threadMade(): void {
    this.#account.threadsMade++;
    this.#touched();
  }

  /** Whether the process stood still at some time after this one. */
  stoodStillSince(time: number): boolean {
    return this.#pulse.stoodStillSince(time);
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
    this.#pulse.start();
    return connection;
  }

  /** A connection that was there before anybody watched: it does not count as opened now. */
  known(connection: Watched): void {
    const { pool } = connection;
    connection.established = true;
    connection.requests = 1;
    connection.idleSince = this.now();
    pool.tally.dialing--;
    pool.open++;
    this.#account.known();
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
    if (owner !== undefined) {
      owner.connections++;
      tally.owned(ownerKey(owner));
    }
    this.#account.opened();
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

  /** A dial that took longer than the client's own time limit for the request. */
  cutOff(connection: Watched): void {
    if (connection.closed || connection.established) return;
    this.requestCutOff(connection.pool.tally, connection.times.startedAt);
    this.givenUp(connection);
  }

  /** The client's own time limit has cut off a request that had no connection yet. */
  requestCutOff(tally: Tally, since: number): void {
    tally.count("timeLimits");
    tally.count("timeLimitMs", this.now() - since);
    tally.count("timeLimitsDialing");
  }

  /** A request goes out on the connection. */
  begins(connection: Watched, request: unknown): void {
    const { pool } = connection;
    const now = this.now();
    if (connection.active++ === 0 && connection.requests > 0)
      connection.idleBefore = (connection.taken ? connection.takenAt : now) - connection.idleSince;
    connection.requests++;
    connection.sentAt = now;
    connection.request = request;
    connection.response = undefined;
    pool.tally.requests++;
    if (pool.owner !== undefined) pool.owner.requests++;
    this.touch(pool.tally);
  }

  answered(connection: Watched, response: unknown): void {
    connection.response = response;
    connection.answeredAt = this.now();
    connection.bytesAtAnswer = bytesRead(connection);
    const { tally } = connection.pool;
    if (connection.requests > 1 && connection.idleBefore > tally.reusedAfter)
      tally.reusedAfter = connection.idleBefore;
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
    noteLoss(this, connection, reason);
    this.#forget(connection);
    pool.open--;
    this.#account.closed();
    tally.closed(reason);
    if (connection.requests === 0) tally.count("unused");
    pool.recent.add(reason, now);
    pool.lastReason = reason;
    if (connection.active === 0 && connection.requests > 0 && endsIdleness(reason)) {
      if (this.#pulse.stoodStillSince(connection.idleSince)) tally.count("lostStandingStill");
      else tally.idleEnded(now - connection.idleSince, now);
    }
    const topic = CLOSE_TABLE[reason].site;
    if (topic !== undefined) tally.site(topic, connection.site);
  }

  /** A request has failed. */
  requestFailed(tally: Tally, code: string): void {
    tally.failure(code);
    this.#account.failed();
  }

  /** More is known of a connection that has just closed. */
  closedRather(connection: Watched, was: CloseReason, reason: CloseReason): void {
    connection.pool.tally.closed(was, -1);
    connection.pool.tally.closed(reason);
    connection.pool.lastReason = reason;
  }

  /** A connection that turned out to be the way to a proxy: what goes through it is counted at its own origin. */
  isHop(connection: Watched): void {
    if (connection.closed || !connection.established) return;
    this.#forget(connection);
    connection.pool.open--;
    this.#account.uncounted();
    connection.pool.tally.opened(connection.reason, -1);
  }

  /** A connection that never was one: an interceptor answers within the program. */
  neverWas(connection: Watched): void {
    if (connection.closed) return;
    if (!connection.established) connection.pool.tally.dialing--;
    this.#forget(connection);
  }

  #forget(connection: Watched): void {
    connection.closed = true;
    connection.pool.connections.delete(connection);
    this.#connections.delete(connection);
  }

  /** What happened since the last time. */
  news(): Facts {
    this.#account.sent(this.#changed.reduce((sum, tally) => sum + tally.requests, 0));
    const origins = this.#changed.map((tally) => tally.take());
    this.#changed = [];
    const dropped = this.#dropped;
    this.#dropped = 0;
    return {
      origins,
      clients: this.owners.facts(this.#process),
      modules: this.owners.modules(this.#process),
      ...this.#account.take(this.#pulse),
      dropped,
    };
  }

  /**
   * What is so at the moment and may pass: connections held by responses nobody reads, connections never used.
   * The last such line of a process counts.
   */
  present(ending: boolean): Facts {
    const now = this.now();
    const found = new Map<Tally, Present>();
    const at = (tally: Tally): Present => {
      let entry = found.get(tally);
      if (entry === undefined)
        found.set(tally, (entry = { leaked: 0, unused: 0, waiting: 0, dialing: 0, sites: {} }));
      return entry;
    };
    for (const tally of this.#tallies.values()) if (tally.demand > 0) at(tally).waiting += tally.demand;
    for (const tally of this.#tallies.values()) if (tally.dialing > 0) at(tally).dialing += tally.dialing;
    for (const [connection, unread] of this.#connections) {
      if (!connection.established) continue;
      const age = now - connection.answeredAt;
      const { tally } = connection.pool;
      // What has its answer waits for nothing.
      if (connection.active > 0 && connection.response !== undefined) at(tally).waiting--;
      if (connection.requests === 0) at(tally).unused++;
      const leaks =
        connection.active > 0 &&
        connection.response !== undefined &&
        age >= (ending ? JUST_NOW : FORGOTTEN) &&
        unread(connection, bytesRead(connection) - connection.bytesAtAnswer);
      if (!leaks) continue;
      const entry = at(tally);
      entry.leaked++;
      if (connection.site !== undefined)
        entry.sites[connection.site] = (entry.sites[connection.site] ?? 0) + 1;
    }
    const origins = [...found].filter(hasSomething).map(
      ([{ origin, client }, { leaked, unused, waiting, dialing, sites }]): OriginFacts => ({
        ...noOriginFacts(origin, client),
        counts: {
          ...(leaked > 0 ? { leakedBodies: leaked } : {}),
          ...(unused > 0 ? { unused } : {}),
          ...(waiting > 0 ? { waiting } : {}),
          ...(dialing > 0 ? { dialing } : {}),
        },
        sites: leaked > 0 ? { "body-unread": sites } : {},
      }),
    );
    return { origins, clients: [], modules: [], dropped: 0 };
  }
}

/** What is so of an origin at the moment. */
interface Present {
  leaked: number;
  unused: number;
  waiting: number;
  dialing: number;
  readonly sites: Record<string, number>;
}

function hasSomething([, { leaked, unused, waiting }]: readonly [Tally, Present]): boolean {
  return leaked > 0 || unused > 0 || waiting > 0;
}

function bytesRead({ socket }: Watched): number {
  const { bytesRead: bytes } = (socket ?? {}) as { bytesRead?: unknown };
  return typeof bytes === "number" ? bytes : 0;
}

/** Why a pool dials: because of the connection it could not keep, else because the others are busy, else it is the first. */
function whyDialed(pool: Pool, now: number): DialReason {
  const lost = pool.recent.claim(now);
  if (lost !== undefined) pool.tally.redialed(lost);
  if (lost === undefined && pool.connections.size > 0) return "all-busy";
  const reason = lost ?? pool.lastReason;
  return reason === undefined ? "first-use" : watchedRedial(reason);
}
