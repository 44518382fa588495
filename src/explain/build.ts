import { ownMembers } from "../runtime/index.js";
import type { CloseReason, DialReason } from "../trace/index.js";
import type { Facts, OriginFacts } from "./facts.js";
import { mostAtOnce } from "./find-process.js";
import { findings } from "./findings.js";
import { mergeFacts } from "./merge.js";
import { notesOf } from "./notes.js";
import { OriginView } from "./origin-view.js";
import { type OriginReport, type Report, reuseOf, type StreamReport } from "./report.js";
import { reportText } from "./text.js";
import { rounded } from "./words.js";

/** The report that the facts give. `String(report)` is for people. */
export function buildReport(all: Facts): Report {
  const facts = mergeFacts([all]);
  const byOrigin = new Map<string, OriginFacts[]>();
  for (const one of facts.origins) {
    if (isEmpty(one)) continue;
    byOrigin.set(one.origin, [...(byOrigin.get(one.origin) ?? []), one]);
  }
  const origins = [...byOrigin.values()].map(originReport);
  origins.sort((a, b) => b.requests - a.requests || (a.origin < b.origin ? -1 : 1));
  const requests = total(origins, (one) => one.requests);
  const found = findings(facts);
  const report: Report = {
    requests,
    connections: total(origins, (one) => one.connections),
    failed: failuresOf(facts.origins),
    mostOpen: mostOpenOf(facts),
    waiting: total(facts.origins, ({ counts }) => counts.waiting ?? 0),
    reuse: reuseOf(requests, total(origins, openedByRequests)),
    origins,
    findings: found,
    notes: notesOf(facts, origins, found),
    dropped: facts.dropped,
    facts,
  };
  const asText = ownMembers({ value: () => reportText(report), enumerable: false });
  Object.defineProperty(report, "toString", asText);
  return report;
}

/** Merges reports, of the parts of a program or of many programs, into the report of all their facts. */
export function mergeReports(reports: readonly Report[]): Report {
  return buildReport(mergeFacts(reports.map((report) => report.facts)));
}

/** Requests that failed, by code; those whose code nobody noted under `other`. */
function failuresOf(origins: readonly OriginFacts[]): Record<string, number> {
  const failed: Record<string, number> = {};
  for (const { counts, failures = {} } of origins) {
    let noted = 0;
    for (const [code, count] of Object.entries(failures)) {
      failed[code] = (failed[code] ?? 0) + count;
      noted += count;
    }
    const others = (counts.failed ?? counts.staleFailures ?? 0) - noted;
    if (others > 0) failed["other"] = (failed["other"] ?? 0) + others;
  }
  return failed;
}

/** The most open at once, of all processes together; without such figures, of the origins together at most. */
function mostOpenOf({ processes = [], origins }: Facts): number {
  return processes.length > 0
    ? mostAtOnce(processes, (one) => one.mostOpen)
    : total(origins, ({ most }) => most.openAtOnce ?? 0);
}

function isEmpty(facts: OriginFacts): boolean {
  const { requests = 0, connections = 0, dialFailures = 0, waiting = 0, failed = 0 } = facts.counts;
  return requests + connections + dialFailures + waiting + failed === 0;
}

function originReport(facts: readonly OriginFacts[]): OriginReport {
  const openedFor: Partial<Record<DialReason, number>> = {};
  const closed: Partial<Record<CloseReason, number>> = {};
  let handshakeMs = 0;
  let learned: number | undefined;
  for (const one of facts) {
    for (const [reason, count] of Object.entries(one.openedFor))
      openedFor[reason as DialReason] = (openedFor[reason as DialReason] ?? 0) + count;
    for (const [reason, count] of Object.entries(one.closed))
      closed[reason as CloseReason] = (closed[reason as CloseReason] ?? 0) + count;
    const { dnsMs = 0, connectMs = 0, proxyMs = 0, tlsMs = 0 } = one.counts;
    handshakeMs += dnsMs + connectMs + proxyMs + tlsMs;
  }
  const cases = facts.map((one) => new OriginView(one));
  for (const { learnedIdleLimit: limit } of cases)
    if (limit !== undefined) learned = Math.min(limit, learned ?? limit);
  const requests = total(cases, (one) => one.requests);
  const connections = total(cases, (one) => one.connections);
  const coalesced = total(cases, (one) => one.count("coalesced"));
  const report: OriginReport = {
    origin: facts[0]?.origin ?? "",
    requests,
    connections,
    reuse: reuseOf(requests, connections - (openedFor.preconnect ?? 0)),
    ...protocolsOf(cases),
    ...streamsOf(cases),
    ...(coalesced === 0 ? {} : { coalesced }),
    handshakeMs: rounded(handshakeMs),
    openedFor,
    closed,
    ...(learned === undefined ? {} : { learnedIdleLimit: learned }),
  };
  return report;
}

function protocolsOf(cases: readonly OriginView[]): Pick<OriginReport, "protocols"> {
  const http1 = total(cases, (one) => one.count("http1Connections"));
  const http2 = total(cases, (one) => one.count("http2Connections"));
  if (http1 + http2 === 0) return {};
  return { protocols: { ...(http1 > 0 ? { "http/1.1": http1 } : {}), ...(http2 > 0 ? { h2: http2 } : {}) } };
}

function streamsOf(cases: readonly OriginView[]): Pick<OriginReport, "streams"> {
  const shared = cases.filter((one) => one.count("http2Connections") > 0);
  if (shared.length === 0) return {};
  const limit = Math.min(...shared.map(({ facts }) => facts.least.streamLimit ?? Number.POSITIVE_INFINITY));
  const streams: StreamReport = {
    atOnce: total(shared, ({ facts }) => facts.most.streamsAtOnce ?? 0),
    onOne: Math.max(...shared.map(({ facts }) => facts.most.streamsOnOne ?? 0)),
    ...(Number.isFinite(limit) ? { limit } : {}),
    waited: total(shared, (one) => one.count("streamWaits")),
    refused: total(shared, (one) => one.count("streamsRefused")),
    reset: total(shared, (one) => one.resets),
    saved: total(shared, (one) => one.savedConnections),
  };
  return { streams };
}

/** Connections that a request opened: one made ahead of need was opened by none. */
function openedByRequests(origin: OriginReport): number {
  return origin.connections - (origin.openedFor.preconnect ?? 0);
}

function total<T>(list: readonly T[], count: (one: T) => number): number {
  return list.reduce((sum, one) => sum + count(one), 0);
}
