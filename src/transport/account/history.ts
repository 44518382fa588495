import type { PeerCertificate, TLSSocket } from "node:tls";
import { explainRecorder, type Report } from "../../explain/index.js";
import type { Pool, PoolLimits, PoolRoute } from "../../pool/index.js";
import type { Runtime } from "../../runtime/index.js";
import {
  CLOSE_TABLE,
  type CloseCause,
  type ConnectionRecord,
  type Recorder,
  type Recording,
} from "../../trace/index.js";
import type { Connection } from "../connection/index.js";
import type { Exchange, Link } from "../exchange/index.js";
import type { Settings } from "../options.js";
import { type OpenRecording, writeRecording } from "../recording/index.js";
import { routeName } from "../route/index.js";
import { finiteLimits } from "./decision.js";
import type { LiveConnections } from "./live-connections.js";
import { connectionRecord, dialRecord } from "./record.js";
import { transportFacts } from "./transport-sites.js";

/** A body that nobody has begun to read for so many milliseconds pins its connection. */
const PINNED_AFTER = 1000;

/** What a transport knows: its live connections, and through the recorder those that are gone. */
export class History {
  readonly #recorder: Recorder;
  readonly #live: LiveConnections;
  readonly #pool: Pool<Link, Exchange>;
  readonly #runtime: Runtime;
  readonly #limits: PoolLimits;
  readonly #http2: Settings["http2"];

  constructor(
    recorder: Recorder,
    live: LiveConnections,
    pool: Pool<Link, Exchange>,
    runtime: Runtime,
    settings: Settings,
  ) {
    this.#live = live;
    this.#recorder = recorder;
    this.#pool = pool;
    this.#runtime = runtime;
    this.#limits = settings.pool;
    this.#http2 = settings.http2;
  }

  /** The connection is made. */
  opened(connection: Connection): void {
    const { route } = connection.member;
    const stats = this.#recorder.origin(route.origin);
    if (connection.protocol === "h2") stats.http2Opened(route.counts.draining, this.#endpointOf(connection));
    else stats.http1Connections += 1;
    this.#recorder.opened(stats, connection.member.openedFor, dialRecord(connection), () =>
      this.#record(connection),
    );
  }

  /** What is shared where it can be needs no advice to share it. */
  #endpointOf(connection: Connection): string | undefined {
    return this.#http2?.coalesce === true ? undefined : endpointOf(connection);
  }

  /** The connection's life becomes a record. False when it had become one already. */
  close(connection: Connection, cause: CloseCause, delayed: readonly number[] | undefined): boolean {
    if (!this.#live.remove(connection)) return false;
    connection.closedBecause = cause;
    const { member } = connection;
    const stats = this.#recorder.origin(member.route.origin);
    if (connection.protocol === "h2") stats.http2Open -= 1;
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

  report(routeOf: (origin: string) => PoolRoute<Link> | undefined): Report {
    return explainRecorder({
      recorder: this.#recorder,
      live: this.#records(),
      learnedIdleLimit: (origin) => {
        const route = routeOf(origin);
        return route === undefined ? undefined : this.#pool.learnedIdleLimit(route);
      },
      limits: this.#limits,
      maxStreams: this.#http2?.maxStreams ?? Number.POSITIVE_INFINITY,
      pinned: this.#pinned(),
      ...transportFacts(),
    });
  }

  recording(): Recording {
    const recorder = this.#recorder;
    return {
      version: 1,
      startedAt: recorder.startedAt,
      limits: {
        ...finiteLimits(this.#limits),
        http2: this.#http2 !== undefined,
        ...(Number.isFinite(this.#http2?.maxStreams)
          ? { maxStreams: this.#http2?.maxStreams as number }
          : {}),
      },
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
    for (const connection of this.#live) {
      const { origin } = connection.member.route;
      for (const { headersAt, body } of connection.exchanges()) {
        if (headersAt === 0 || now - headersAt < PINNED_AFTER || body?.taken !== false) continue;
        pinned.set(origin, (pinned.get(origin) ?? 0) + 1);
      }
    }
    return pinned;
  }

  #records(): ConnectionRecord[] {
    return [...this.#live].map((connection) => this.#record(connection));
  }

  #record(connection: Connection): ConnectionRecord {
    const route = routeName(connection.member.route.key);
    return connectionRecord(connection, route, this.#recorder.epoch, this.#runtime.now());
  }
}

/** Where a connection leads, and with which certificate: two origins that have both in common could share one. */
function endpointOf({ dialed }: Connection): string | undefined {
  const socket = dialed?.socket as TLSSocket | undefined;
  if (dialed?.tlsInfo === undefined || typeof socket?.getPeerCertificate !== "function") return undefined;
  // Not `getPeerX509Certificate`: in some versions of Node, whoever asks after it gets no certificate.
  // Nothing where the socket has closed meanwhile.
  const fingerprint = (socket.getPeerCertificate() as PeerCertificate | null)?.fingerprint256;
  if (fingerprint === undefined || dialed.remoteAddress === "") return undefined;
  return `${dialed.remoteAddress} port ${dialed.remotePort}, certificate ${fingerprint.slice(0, 23)}`;
}
