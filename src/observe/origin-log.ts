import { REDIAL_SOON } from "../explain/index.js";
import type { DialReason } from "../trace/index.js";
import { AT_ONCE } from "./close-verdict.js";
import type { HeadRewriter } from "./head-rewriter.js";
import type { Life } from "./life.js";
import { type ConnectionEvents, ObservedConnection } from "./observed-connection.js";
import type { RequestFacts } from "./request-follower.js";
import type { ResponseFacts } from "./response-follower.js";

/** Lives kept one by one; older ones make room, and the report says how many. */
const LIVES = 200_000;
/** Idle connections looked at when one is ended beside them. */
const WITNESSES = 64;
/** A connection idle for longer than this was there to be used. In milliseconds. */
const SETTLED = 5;
/** A request that a dead connection swallowed is sent again within this time, if at all. In milliseconds. */
const RETRIED_SOON = 5_000;
const MAX_SWALLOWED = 1_000;

/** Milliseconds that the parts of a dial took. */
export interface DialTimes {
  readonly dns?: number;
  readonly connect?: number;
  readonly tls?: number;
}

/** The account of all connections to one origin: what they did, and what else was going on when they began and ended. */
export class OriginLog implements ConnectionEvents {
  readonly origin: string;
  readonly lives: Life[] = [];
  /** Lives that are no longer among {@link lives}. */
  dropped = 0;
  opened = 0;
  requests = 0;
  openAtOnce = 0;
  demandAtOnce = 0;
  dnsMs = 0;
  connectMs = 0;
  tlsMs = 0;
  dialFailures = 0;
  dialFailureMs = 0;
  readonly errors: Record<string, number> = {};
  /** The least `Keep-Alive: timeout` of the responses. */
  announcedIdleLimit: number | undefined;
  /** Requests sent again after they met a connection that the server had ended. */
  staleRetries = 0;
  /** When the last request began or ended. */
  lastActivity = 0;
  readonly opaque: Record<string, number> = {};
  #dials = 0;
  #dialing = 0;
  readonly #open = new Set<ObservedConnection>();
  readonly #idle = new Set<ObservedConnection>();
  /** Ended connections that no other has taken the place of, oldest first. */
  readonly #losses: Life[] = [];
  #firstLoss = 0;
  readonly #swallowed = new Map<string, number[]>();

  constructor(origin: string) {
    this.origin = origin;
  }

  /** Connections that carry a request, or that one may be waiting for. */
  get busyNow(): number {
    return this.#open.size + this.#dialing - this.#idle.size;
  }

  /** A client has connected, and the observer dials the server: the moment that shows why the client dialed. */
  dialed(now: number): Life {
    const openedFor = this.#reason(now);
    this.#dials += 1;
    this.#dialing += 1;
    this.openAtOnce = Math.max(this.openAtOnce, this.#open.size + this.#dialing);
    this.demandAtOnce = Math.max(this.demandAtOnce, this.busyNow);
    return {
      openedAt: now,
      requests: 0,
      openedFor,
      replaced: false,
      bypassed: false,
      kept: 0,
      lastRequestAt: now,
    };
  }

  /** The server is reached. */
  accept(life: Life, times: DialTimes, rewriter?: HeadRewriter): ObservedConnection {
    this.#dialing -= 1;
    this.opened += 1;
    this.dnsMs += times.dns ?? 0;
    this.connectMs += times.connect ?? 0;
    this.tlsMs += times.tls ?? 0;
    if (this.lives.length < LIVES) this.lives.push(life);
    else this.dropped += 1;
    const connection = new ObservedConnection(life, this, rewriter);
    this.#open.add(connection);
    return connection;
  }

  dialFailed(code: string, milliseconds: number): void {
    this.#dialing -= 1;
    this.dialFailures += 1;
    this.dialFailureMs += milliseconds;
    this.errors[code] = (this.errors[code] ?? 0) + 1;
  }

  /** Both sides are over. */
  closed(connection: ObservedConnection): void {
    this.#noLongerIdle(connection, false);
    this.#open.delete(connection);
    const { opaque } = connection;
    if (opaque !== undefined && opaque !== "upgraded") this.opaque[opaque] = (this.opaque[opaque] ?? 0) + 1;
  }

  /** Requests that a connection ended by the server swallowed and that were not seen again. */
  get staleFailures(): number {
    let count = 0;
    for (const times of this.#swallowed.values()) count += times.length;
    return count;
  }

  /** Connections that are idle now count as kept beside those that ended. */
  settle(): void {
    for (const connection of this.#idle) this.#noLongerIdle(connection, true);
  }

  requestStarted(connection: ObservedConnection, facts: RequestFacts, now: number): void {
    this.#noLongerIdle(connection, true);
    this.requests += 1;
    this.lastActivity = now;
    this.demandAtOnce = Math.max(this.demandAtOnce, this.busyNow);
    const again = this.#swallowed.get(key(facts));
    const met = again?.shift();
    if (again?.length === 0) this.#swallowed.delete(key(facts));
    if (met !== undefined && now - met <= RETRIED_SOON) this.staleRetries += 1;
    // The server had ended it already, which the client had not heard of yet.
    if (connection.life.ending?.side === "server") this.#swallow(facts, now);
  }

  responseStarted(_connection: ObservedConnection, facts: ResponseFacts): void {
    const { announcedIdleLimit: limit } = facts;
    if (limit !== undefined) this.announcedIdleLimit = Math.min(limit, this.announcedIdleLimit ?? limit);
  }

  becameIdle(connection: ObservedConnection, now: number): void {
    this.lastActivity = now;
    connection.idleSince = now;
    connection.dialsWhenIdle = this.#dials;
    if (connection.life.ending === undefined) this.#idle.add(connection);
  }

  ended(connection: ObservedConnection, now: number): void {
    const { ending, requests } = connection.life;
    this.#noLongerIdle(connection, (ending?.idleFor ?? 0) > AT_ONCE);
    if (ending?.verdict === "after-response") this.#callWitnesses(connection.life, now);
    if (ending?.side === "server" && requests > 1) this.#noteSwallowed(connection, now);
    if (requests > 0) this.#losses.push(connection.life);
  }

  #noteSwallowed(connection: ObservedConnection, now: number): void {
    const { life, request } = connection;
    const { verdict } = life.ending ?? {};
    if (request === undefined || (verdict !== "server-closed-unanswered" && verdict !== "reset")) return;
    if (connection.response !== undefined) this.#swallow(request, now);
  }

  /** A dead connection has swallowed a request; sent again soon, it is not a failure. */
  #swallow(request: RequestFacts, now: number): void {
    const known = this.#swallowed.get(key(request));
    if (known !== undefined) known.push(now);
    else if (this.#swallowed.size < MAX_SWALLOWED) this.#swallowed.set(key(request), [now]);
  }

  /** Counts the connections that are idle beside an ended one and that the client goes on to use or keep. */
  #callWitnesses(ended: Life, now: number): void {
    let left = WITNESSES;
    for (const other of this.#idle) {
      if (now - (other.idleSince ?? now) > AT_ONCE) ended.kept += 1;
      else other.witnessed.push(ended);
      if (--left === 0) break;
    }
  }

  #noLongerIdle(connection: ObservedConnection, kept: boolean): void {
    if (connection.idleSince === undefined) return;
    if (this.#dials > connection.dialsWhenIdle) connection.life.bypassed = true;
    if (kept) for (const life of connection.witnessed) life.kept += 1;
    connection.witnessed = [];
    connection.idleSince = undefined;
    this.#idle.delete(connection);
  }

  #reason(now: number): Life | DialReason {
    const lost = this.#takeLoss(now);
    if (lost !== undefined) {
      lost.replaced = true;
      // Each would keep the one before it alive, and so all of them.
      return this.lives.length < LIVES ? lost : "previous-not-kept";
    }
    if (this.#open.size + this.#dialing === 0) return "first-use";
    const [longest] = this.#idle;
    if (longest === undefined) return "all-busy";
    // A client that dials beside an idle connection has another pool, or has not yet heard that one is idle.
    return this.busyNow === 0 || now - (longest.idleSince ?? now) > SETTLED ? "first-use" : "all-busy";
  }

  #takeLoss(now: number): Life | undefined {
    while (this.#firstLoss < this.#losses.length) {
      const lost = this.#losses[this.#firstLoss] as Life;
      this.#firstLoss += 1;
      if (this.#firstLoss >= 1024) {
        this.#losses.splice(0, this.#firstLoss);
        this.#firstLoss = 0;
      }
      if (now - (lost.ending?.at ?? now) <= REDIAL_SOON) return lost;
    }
    return undefined;
  }
}

function key(facts: RequestFacts): string {
  return `${facts.method} ${facts.target}`;
}
