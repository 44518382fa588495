import { explainRecorder, type Report } from "../explain/index.js";
import type { Pool, PoolLimits, PoolRoute } from "../pool/index.js";
import type { Runtime } from "../runtime/index.js";
import {
  CLOSE_TABLE,
  type CloseCause,
  type ConnectionRecord,
  type Recorder,
  type Recording,
} from "../trace/index.js";
import type { Connection } from "./connection/index.js";
import { finiteLimits } from "./decision.js";
import type { Exchange } from "./exchange.js";
import { connectionRecord, dialRecord } from "./record.js";
import { type OpenRecording, writeRecording } from "./recording/index.js";
import { routeName } from "./route/index.js";
import { transportFacts } from "./transport-sites.js";

/** A body that nobody has begun to read for so many milliseconds pins its connection. */
const PINNED_AFTER = 1000;

/** What a transport can tell: its live connections, and through the recorder those that are gone. */
export class History {
  /** Connections that are not closed, being dialed included. */
  readonly live: Map<number, Connection> = new Map();
  readonly #recorder: Recorder;
  readonly #pool: Pool<Connection, Exchange>;
  readonly #runtime: Runtime;
  readonly #limits: PoolLimits;

  constructor(recorder: Recorder, pool: Pool<Connection, Exchange>, runtime: Runtime, limits: PoolLimits) {
    this.#recorder = recorder;
    this.#pool = pool;
    this.#runtime = runtime;
    this.#limits = limits;
  }

  /** The connection is made. */
  opened(connection: Connection): void {
    const stats = this.#recorder.origin(connection.member.route.origin);
    this.#recorder.opened(stats, connection.member.openedFor, dialRecord(connection), () =>
      this.#record(connection),
    );
  }

  /** The connection's life becomes a record. False when it had become one already. */
  close(connection: Connection, cause: CloseCause, delayed: readonly number[] | undefined): boolean {
    if (!this.live.delete(connection.member.id)) return false;
    connection.closedBecause = cause;
    const { member } = connection;
    const stats = this.#recorder.origin(member.route.origin);
    stats.announcedIdleLimit = Math.min(stats.announcedIdleLimit, member.serverIdleLimit);
    const record = this.#record(connection);
    this.#recorder.closed(
      stats,
      cause.reason,
      delayed === undefined ? record : { ...record, delayed },
      this.#runtime.now(),
    );
    if (CLOSE_TABLE[cause.reason].site !== undefined) stats.sitesToSample = Math.max(stats.sitesToSample, 16);
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
      pinned: this.#pinned(),
      ...transportFacts(),
    });
  }

  recording(): Recording {
    const recorder = this.#recorder;
    return {
      version: 1,
      startedAt: recorder.startedAt,
      limits: finiteLimits(this.#limits),
      connections: this.connections(),
      exchanges: recorder.exchanges(),
      decisions: recorder.decisions(),
      dropped: recorder.dropped,
    };
  }

  /** Streams a recording to a file. */
  recordTo(path: string): OpenRecording {
    return writeRecording(path, {
      recorder: this.#recorder,
      wallNow: () => this.#runtime.wallNow(),
      recording: () => this.recording(),
    });
  }

  /** Connections held by a response that nobody reads, by origin. */
  #pinned(): Map<string, number> {
    const now = this.#runtime.now();
    const pinned = new Map<string, number>();
    for (const connection of this.live.values()) {
      const { origin } = connection.member.route;
      for (const { headersAt, body } of connection.exchanges()) {
        if (headersAt === 0 || now - headersAt < PINNED_AFTER || body?.taken !== false) continue;
        pinned.set(origin, (pinned.get(origin) ?? 0) + 1);
      }
    }
    return pinned;
  }

  #records(): ConnectionRecord[] {
    return [...this.live.values()].map((connection) => this.#record(connection));
  }

  #record(connection: Connection): ConnectionRecord {
    const route = routeName(connection.member.route.key);
    return connectionRecord(connection, route, this.#recorder.epoch, this.#runtime.now());
  }
}
