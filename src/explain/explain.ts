import type { PoolLimits } from "../pool/index.js";
import type { ConnectionRecord, OriginStats, Recorder } from "../trace/index.js";
import { buildReport } from "./build.js";
import type {
  ClientFacts,
  CountName,
  Facts,
  LeastName,
  ModuleFacts,
  MostName,
  OriginFacts,
} from "./facts.js";
import type { Report } from "./report.js";

/** What a transport's report is made from. */
interface ExplainInput {
  readonly recorder: Recorder;
  /** The connections that are open. */
  readonly live: readonly ConnectionRecord[];
  readonly learnedIdleLimit: (origin: string) => number | undefined;
  readonly limits: PoolLimits;
  /** Of HTTP/2; `Infinity` for none. */
  readonly maxStreams: number;
  /** Connections held now by a response that nobody reads, by origin. */
  readonly pinned: ReadonlyMap<string, number>;
  readonly clients: readonly ClientFacts[];
  readonly modules: readonly ModuleFacts[];
}

/** The report of one transport. `String(report)` is for people. */
export function explainRecorder(input: ExplainInput): Report {
  return buildReport(factsOf(input));
}

/** What a transport knows, as facts. */
function factsOf(input: ExplainInput): Facts {
  const { connections, exchanges, decisions } = input.recorder.dropped;
  return {
    origins: [...input.recorder.origins()].map((stats) => originFacts(stats, input)),
    clients: input.clients,
    modules: input.modules,
    dropped: connections + exchanges + decisions,
  };
}

function originFacts(stats: OriginStats, input: ExplainInput): OriginFacts {
  const { limits } = input;
  const counts: Partial<Record<CountName, number>> = {
    requests: stats.requests,
    connections: stats.connections,
    http1Connections: stats.http1Connections,
    http2Connections: stats.http2Connections,
    withoutHttp2: stats.withoutHttp2,
    streamWaits: stats.streamWaits,
    streamWaitMs: stats.streamWaitMs,
    coalesced: stats.coalesced,
    streamsRefused: stats.streamsRefused,
    failed: stats.failed,
    dialFailures: stats.dialFailures,
    dialFailureMs: stats.dialFailureMs,
    dnsLookups: stats.dnsLookups,
    dnsMs: stats.dnsMs,
    connectMs: stats.connectMs,
    proxyMs: stats.proxyMs,
    tlsHandshakes: stats.tlsHandshakes,
    tlsResumed: stats.tlsResumed,
    tlsMs: stats.tlsMs,
    leakedBodies: stats.leakedBodies + (input.pinned.get(stats.origin) ?? 0),
    staleRetries: stats.staleRetries,
    staleFailures: stats.staleFailures,
    queued: stats.queued,
    queuedMs: stats.queuedMs,
    unused: stats.unused,
    delayedByDials: stats.delayedByDials,
  };
  const most: Partial<Record<MostName, number>> = withoutZeros({
    openAtOnce: stats.openAtOnce,
    dialingAtOnce: stats.dialingAtOnce,
    demandAtOnce: stats.demandAtOnce,
    http2AtOnce: stats.http2AtOnce,
    streamsAtOnce: stats.streamsAtOnce,
    streamsOnOne: stats.streamsOnOne,
  });
  const settings = [
    "idleTimeout",
    "maxConnections",
    "maxConnectionsPerOrigin",
    "maxIdleConnections",
    "maxIdleConnectionsPerOrigin",
    "maxDialingPerOrigin",
  ] as const;
  for (const name of settings) if (Number.isFinite(limits[name])) most[name] = limits[name];
  if (stats.http2Connections > 0 && Number.isFinite(input.maxStreams)) most.maxStreams = input.maxStreams;
  const learnedIdleLimit = input.learnedIdleLimit(stats.origin);
  const least: Partial<Record<LeastName, number>> = {
    ...(learnedIdleLimit === undefined ? {} : { learnedIdleLimit }),
    ...(Number.isFinite(stats.announcedIdleLimit) ? { announcedIdleLimit: stats.announcedIdleLimit } : {}),
    ...(Number.isFinite(stats.streamLimit) ? { streamLimit: stats.streamLimit } : {}),
  };
  return {
    origin: stats.origin,
    client: "trunkline",
    counts: withoutZeros(counts),
    most,
    least,
    openedFor: { ...stats.openedFor },
    closed: { ...stats.closed },
    redialed: { ...stats.redialed },
    errors: { ...stats.errors },
    ...(stats.failed === 0 ? {} : { failures: { ...stats.failures } }),
    ...(Object.keys(stats.resets).length === 0 ? {} : { resets: { ...stats.resets } }),
    ...(stats.endpoints.size === 0 ? {} : { endpoints: Object.fromEntries(stats.endpoints) }),
    sites: Object.fromEntries([...stats.sites].map(([topic, places]) => [topic, Object.fromEntries(places)])),
  };
}

function withoutZeros<K extends string>(
  counts: Readonly<Partial<Record<K, number>>>,
): Partial<Record<K, number>> {
  const entries = Object.entries(counts) as [K, number][];
  return Object.fromEntries(entries.filter(([, value]) => value !== 0)) as Partial<Record<K, number>>;
}
