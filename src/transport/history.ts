import { explainRecorder, type Report } from "../explain/index.js";
import type { Pool, PoolLimits, PoolRoute } from "../pool/index.js";
import type { Runtime } from "../runtime/index.js";
import type { CloseCause, ConnectionRecord, Recorder, Recording } from "../trace/index.js";
import type { Connection } from "./connection/index.js";
import type { Dials } from "./dials.js";
import type { Exchange } from "./exchange.js";
import { connectionRecord } from "./record.js";

/** What a transport can tell: its live connections, and through the recorder those that are gone. */
export class History {
  /** Connections that are not closed, being dialed included. */
  readonly live: Map<number, Connection> = new Map();
  readonly #recorder: Recorder;
  readonly #pool: Pool<Connection, Exchange>;
  readonly #dials: Dials;
  readonly #runtime: Runtime;
  readonly #limits: PoolLimits;

  constructor(
    recorder: Recorder,
    pool: Pool<Connection, Exchange>,
    dials: Dials,
    runtime: Runtime,
    limits: PoolLimits,
  ) {
    this.#recorder = recorder;
    this.#pool = pool;
    this.#dials = dials;
    this.#runtime = runtime;
    this.#limits = limits;
  }

  /** The connection's life becomes a record. False when it had become one already. */
  close(connection: Connection, cause: CloseCause): boolean {
    if (!this.live.delete(connection.member.id)) return false;
    connection.closedBecause = cause;
    const stats = this.#recorder.origin(connection.member.route.origin);
    this.#recorder.closed(stats, cause.reason, this.#record(connection));
    if (cause.reason === "body-unread") stats.sitesToSample = Math.max(stats.sitesToSample, 16);
    return true;
  }

  /** Live connections and the closed ones that are remembered, oldest first. */
  connections(): ConnectionRecord[] {
    return [...this.#recorder.closedConnections(), ...this.#records()].sort((a, b) => a.id - b.id);
  }

  report(routeOf: (origin: string) => PoolRoute<Connection> | undefined): Report {
    return explainRecorder({
      recorder: this.#recorder,
      live: this.#records(),
      learnedIdleLimit: (origin) => {
        const route = routeOf(origin);
        return route === undefined ? undefined : this.#pool.learnedIdleLimit(route);
      },
      limits: this.#limits,
    });
  }

  recording(): Recording {
    const recorder = this.#recorder;
    return {
      version: 1,
      startedAt: recorder.startedAt,
      connections: this.connections(),
      exchanges: recorder.exchanges(),
      decisions: recorder.decisions(),
      dropped: recorder.dropped,
    };
  }

  #records(): ConnectionRecord[] {
    return [...this.live.values()].map((connection) => this.#record(connection));
  }

  #record(connection: Connection): ConnectionRecord {
    const route = this.#dials.routeOf(connection.member.route.origin);
    return connectionRecord(connection, route, this.#recorder.epoch, this.#runtime.now());
  }
}
