import { connectionClose, connectionOpen, decisionMade } from "./channels.js";
import { ExchangeRing } from "./exchange-ring.js";
import { OriginStats, REDIAL_SOON } from "./origin-stats.js";
import type { CloseReason, DialReason } from "./reasons.js";
import type {
  ConnectionRecord,
  Decision,
  DialRecord,
  ExchangeFacts,
  ExchangeRecord,
  Recording,
} from "./records.js";

/** Gets each record as it is made: a recording that is streamed, the diagnostics channels. */
interface RecordListener {
  /** A connection is open. */
  opened?(record: ConnectionRecord): void;
  /** A connection has ended, or could not be made. */
  closed?(record: ConnectionRecord): void;
  exchangeEnded?(record: ExchangeRecord): void;
  /** A decision was made, or more is known of one: the latest of an exchange counts. */
  decided?(decision: Decision): void;
}

/** How much a recorder remembers; the oldest records are dropped first. */
export interface RecorderOptions {
  /** The closed connections to remember; default 1,000. */
  readonly connections?: number;
  /** The ended exchanges to remember; default 4,096. */
  readonly exchanges?: number;
}

const CONNECTIONS = 1000;
const EXCHANGES = 4096;
/** Decisions are kept for exchanges that dialed or waited; each is about 1 KiB. */
const DECISIONS = 1024;
/** Closed connections of which a later dial is still recognised as a replacement. */
const LOSSES = 1024;
/** Origins counted apart; the rest are counted together, so that a crawler's recorder stays small. */
const ORIGINS = 2048;
/** The name that the rest is counted under. */
const OTHER_ORIGINS = "(other origins)";

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
  /** When and why connections closed that no dial has replaced. */
  readonly #losses = new Map<number, { readonly reason: CloseReason; readonly at: number }>();
  readonly #listeners: RecordListener[] = [];
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

  /**
   * A dial begins.
   *
   * @param previous the connection that it stands in for.
   * @param now milliseconds by the runtime's clock.
   */
  dialing(stats: OriginStats, previous: number | undefined, now: number): void {
    const lost = previous === undefined ? undefined : this.#losses.get(previous);
    if (previous === undefined || lost === undefined) return;
    this.#losses.delete(previous);
    if (now - lost.at <= REDIAL_SOON) stats.redialed[lost.reason] = (stats.redialed[lost.reason] ?? 0) + 1;
  }

  /** A dial succeeded. The record is made only for those who listen. */
  opened(stats: OriginStats, reason: DialReason, dial: DialRecord, record: () => ConnectionRecord): void {
    stats.connections += 1;
    stats.openedFor[reason] = (stats.openedFor[reason] ?? 0) + 1;
    stats.connectMs += dial.connect ?? 0;
    stats.proxyMs += dial.proxy ?? 0;
    if (dial.dns !== undefined) {
      stats.dnsLookups += 1;
      stats.dnsMs += dial.dns;
    }
    if (dial.tls !== undefined) {
      stats.tlsHandshakes += 1;
      stats.tlsMs += dial.tls;
      if (dial.resumed === true) stats.tlsResumed += 1;
    }
    if (this.#listeners.length === 0 && !connectionOpen.hasSubscribers) return;
    const made = record();
    for (const listener of this.#listeners) listener.opened?.(made);
    if (connectionOpen.hasSubscribers) connectionOpen.publish(made);
  }

  /**
   * A connection has ended, or a dial has come to nothing.
   *
   * @param now milliseconds by the runtime's clock.
   */
  closed(stats: OriginStats, reason: CloseReason, record: ConnectionRecord, now: number): void {
    if (record.protocol !== undefined) this.#countClose(stats, reason, record, now);
    this.#remember(record);
    for (const listener of this.#listeners) listener.closed?.(record);
    if (connectionClose.hasSubscribers) connectionClose.publish(record);
  }

  #countClose(stats: OriginStats, reason: CloseReason, record: ConnectionRecord, now: number): void {
    stats.closed[reason] = (stats.closed[reason] ?? 0) + 1;
    const by = record.closed?.by ?? "client";
    if (record.requests === 0 && record.openedFor !== "preconnect" && by !== "caller") stats.unused += 1;
    stats.noteClose({ id: record.id, reason, by, at: record.closedAt ?? this.epoch + now });
    if (this.#losses.size >= LOSSES) this.#losses.delete(this.#losses.keys().next().value as number);
    this.#losses.set(record.id, { reason, at: now });
  }

  #remember(record: ConnectionRecord): void {
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

  /** Tells the listener of every record from now on; returns how to end that. */
  listen(listener: RecordListener): () => void {
    this.#listeners.push(listener);
    this.#exchanges.listener = this.#toldOfExchanges();
    return () => {
      const at = this.#listeners.indexOf(listener);
      if (at >= 0) this.#listeners.splice(at, 1);
      this.#exchanges.listener = this.#toldOfExchanges();
    };
  }

  #toldOfExchanges(): ((record: ExchangeRecord) => void) | undefined {
    const told = this.#listeners.filter((listener) => listener.exchangeEnded !== undefined);
    if (told.length === 0) return undefined;
    return (record) => {
      for (const listener of told) listener.exchangeEnded?.(record);
    };
  }

  decided(decision: Decision): void {
    if (this.#decisions.length < DECISIONS) {
      this.#decisions.push(decision);
    } else {
      this.#decisions[this.#decisionNext] = decision;
      this.#decisionNext = (this.#decisionNext + 1) % DECISIONS;
      this.#droppedDecisions += 1;
    }
    this.redecided(decision);
  }

  /** More is known of a decision that was recorded. */
  redecided(decision: Decision): void {
    for (const listener of this.#listeners) listener.decided?.(decision);
    if (decisionMade.hasSubscribers) decisionMade.publish(decision);
  }

  /** The closed connections it remembers, oldest first. */
  closedConnections(): ConnectionRecord[] {
    return [
      ...this.#connections.slice(this.#connectionNext),
      ...this.#connections.slice(0, this.#connectionNext),
    ];
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
