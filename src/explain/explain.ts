import type { PoolLimits } from "../pool/index.js";
import { type ConnectionRecord, handshakeOf, type OriginStats, type Recorder } from "../trace/index.js";
import { type OriginReport, type Report, reuseOf } from "./report.js";
import { reportText } from "./text.js";

/** What a report is made from. */
export interface ExplainInput {
  readonly recorder: Recorder;
  /** The connections that are open. */
  readonly live: readonly ConnectionRecord[];
  readonly learnedIdleLimit: (origin: string) => number | undefined;
  readonly limits: PoolLimits;
}

/** The report of one transport. `String(report)` is for people. */
export function explainRecorder(input: ExplainInput): Report {
  const origins = [...input.recorder.origins()].filter((stats) => stats.requests > 0 || stats.connections > 0).map((stats) => originReport(stats, input));
  origins.sort((a, b) => b.requests - a.requests);
  const requests = origins.reduce((sum, origin) => sum + origin.requests, 0);
  const connections = origins.reduce((sum, origin) => sum + origin.connections, 0);
  const dropped = input.recorder.dropped;
  const report: Report = {
    requests,
    connections,
    reuse: reuseOf(requests, connections),
    origins,
    findings: [],
    dropped: dropped.connections + dropped.exchanges + dropped.decisions,
  };
  Object.defineProperty(report, "toString", { value: () => reportText(report), enumerable: false });
  return report;
}

function originReport(stats: OriginStats, input: ExplainInput): OriginReport {
  const live = input.live.filter((record) => record.origin === stats.origin);
  const learned = input.learnedIdleLimit(stats.origin);
  return {
    origin: stats.origin,
    requests: stats.requests,
    connections: stats.connections,
    reuse: reuseOf(stats.requests, stats.connections),
    handshakeMs: Math.round((stats.handshakeMs + live.reduce((sum, record) => sum + handshakeOf(record), 0)) * 1000) / 1000,
    openedFor: { ...stats.openedFor },
    closed: { ...stats.closed },
    ...(learned === undefined ? {} : { learnedIdleLimit: learned }),
  };
}
