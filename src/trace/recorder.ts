import { ExchangeRing } from "./exchange-ring.js";
import { OriginStats } from "./origin-stats.js";
import type { ConnectionRecord, Decision, ExchangeRecord, Recording } from "./records.js";
import type { CloseReason, DialReason } from "./reasons.js";

/** How much a recorder keeps. */
export interface RecorderOptions {
  /** Closed connections remembered; default 1,000. */
  readonly connections?: number;
  /** Ended exchanges remembered; default 4,096. */
  readonly exchanges?: number;
}

/** What the recorder reads from an exchange when it ends; times are the runtime's milliseconds. */
export interface ExchangeFacts {
  readonly id: number;
  readonly connectionId: number;
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly outcome: ExchangeRecord["outcome"];
  readonly reused: boolean;
  readonly attempt: number;
  readonly queuedAt: number;
  readonly sentAt: number;
  readonly headersAt: number;
  readonly endedAt: number;
  readonly idleFor: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly errorCode: string | undefined;
}

const CONNECTIONS = 1000;
const EXCHANGES = 4096;
/** Decisions are kept for exchanges that dialed or waited; each is about 1 KiB. */
const DECISIONS = 1024;
/** Origins counted apart; the rest are counted together, so that a crawler's recorder stays small. */
const ORIGINS = 2048;
/** The name that the rest is counted under. */
export const OTHER_ORIGINS = "(other origins)";

/**
 * The always-on memory of a transport: bounded, and honest about what it had to forget. Totals by origin are
 * never forgotten, single records are.
 */
export class Recorder {
  readonly #exchanges: ExchangeRing;
  readonly #connectionLimit: number;
  #connections: ConnectionRecord[] = [];
  #connectionNext = 0;
  #droppedConnections = 0;
  #decisions: Decision[] = [];
  #decisionNext = 0;
  #droppedDecisions = 0;
  readonly #origins = new Map<string, OriginStats>();
  /** Milliseconds since 1970 at the runtime's zero. */
  readonly epoch: number;
  readonly startedAt: number;

  constructor(options: RecorderOptions, epoch: number, now: number) {
    this.#connectionLimit = options.connections ?? CONNECTIONS;
    this.epoch = epoch;
    this.startedAt = epoch + now;
    this.#exchanges = new ExchangeRing(options.exchanges ?? EXCHANGES, epoch);
  }

  /** The counters of an origin; the caller keeps the object and counts requests on it directly. */
  origin(origin: string): OriginStats {
    let stats = this.#origins.get(origin);
    if (stats === undefined) {
      const name = this.#origins.size >= ORIGINS ? OTHER_ORIGINS : origin;
      stats = this.#origins.get(name) ?? new OriginStats(name);
      this.#origins.set(name, stats);
    }
    return stats;
  }

  origins(): IterableIterator<OriginStats> {
    return this.#origins.values();
  }

  exchangeEnded(facts: ExchangeFacts): void {
    this.#exchanges.add(facts);
  }

  dialed(stats: OriginStats, reason: DialReason): void {
    stats.connections += 1;
    stats.openedFor[reason] = (stats.openedFor[reason] ?? 0) + 1;
  }

  closed(stats: OriginStats, reason: CloseReason, record: ConnectionRecord): void {
    stats.closed[reason] = (stats.closed[reason] ?? 0) + 1;
    stats.handshakeMs += handshakeOf(record);
    if (this.#connectionLimit === 0) {
      this.#droppedConnections += 1;
    } else if (this.#connections.length < this.#connectionLimit) {
      this.#connections.push(record);
    } else {
      this.#connections[this.#connectionNext] = record;
      this.#connectionNext = (this.#connectionNext + 1) % this.#connectionLimit;
      this.#droppedConnections += 1;
    }
  }

  decided(decision: Decision): void {
    if (this.#decisions.length < DECISIONS) {
      this.#decisions.push(decision);
    } else {
      this.#decisions[this.#decisionNext] = decision;
      this.#decisionNext = (this.#decisionNext + 1) % DECISIONS;
      this.#droppedDecisions += 1;
    }
  }

  /** The closed connections it remembers, oldest first. */
  closedConnections(): ConnectionRecord[] {
    return [...this.#connections.slice(this.#connectionNext), ...this.#connections.slice(0, this.#connectionNext)];
  }

  exchanges(): ExchangeRecord[] {
    return this.#exchanges.records();
  }

  decisions(): Decision[] {
    return [...this.#decisions.slice(this.#decisionNext), ...this.#decisions.slice(0, this.#decisionNext)];
  }

  get dropped(): Recording["dropped"] {
    return {
      connections: this.#droppedConnections,
      exchanges: this.#exchanges.dropped,
      decisions: this.#droppedDecisions,
    };
  }
}

/** Milliseconds spent making the connection, DNS included. */
export function handshakeOf(record: ConnectionRecord): number {
  const { dns = 0, connect = 0, proxy = 0, tls = 0 } = record.dial;
  return dns + connect + proxy + tls;
}
