import {
  buildReport,
  type ClientFacts,
  type Facts,
  type Finding,
  type FindingKind,
  noOriginFacts,
  type OriginFacts,
  type Report,
  reportText,
} from "../explain/index.js";
import { type CloseReason, type DialReason, watchedRedial } from "../trace/index.js";
import { byClient, type Inference, infer } from "./infer.js";
import type { Life } from "./life.js";
import type { OriginLog } from "./origin-log.js";
import { UNNAMED } from "./user-agent.js";

/** What the accounts of all origins come to. Connections that are idle count as kept: call it when all is over. */
export function factsOf(logs: readonly OriginLog[], process: string): Facts {
  const origins: OriginFacts[] = [];
  const clients: ClientFacts[] = [];
  let dropped = 0;
  for (const log of logs) {
    log.settle();
    dropped += log.dropped;
    const inferences = byClient(log.lives).map(([client, lives]) => infer(client, lives, log));
    const owned = inferences.some((one) => one.owners !== undefined);
    if (inferences.length === 0) inferences.push({ client: UNNAMED, lives: [], reasons: new Map() });
    for (const [index, inference] of inferences.entries()) {
      origins.push(originFacts(log, inference, inferences, { whole: index === 0, owned }));
      const { client, owners } = inference;
      if (owners === undefined) continue;
      clients.push({
        process: `${process} ${log.origin}`,
        client: client.name,
        type: client.owner,
        ...owners,
      });
    }
  }
  return { origins, clients, modules: [], dropped };
}

/**
 * What one library did at an origin. What cannot be attributed to a library (failed dials, the time dials took) goes to
 * the `whole` one.
 */
function originFacts(
  log: OriginLog,
  inference: Inference,
  all: readonly Inference[],
  { whole, owned }: { whole: boolean; owned: boolean },
): OriginFacts {
  const { client, lives, reasons, idleCap, idleTimeout } = inference;
  const closed: Partial<Record<CloseReason, number>> = {};
  const redialed: Partial<Record<CloseReason, number>> = {};
  const openedFor: Partial<Record<DialReason, number>> = {};
  const failures: Record<string, number> = {};
  const hangUps = { hangUps: 0, hangUpMs: 0, hangUpsOnNew: 0 };
  const agesAtServer: number[] = [];
  for (const life of lives) {
    const dialed = dialReason(life, all);
    openedFor[dialed] = (openedFor[dialed] ?? 0) + 1;
    const reason = reasons.get(life);
    if (reason === undefined) continue;
    closed[reason] = (closed[reason] ?? 0) + 1;
    const failure = failureOf(reason, life);
    if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1;
    // What a new connection ends without an answer, no idle limit explains.
    if (reason === "server-closed-unanswered" && life.requests === 1) {
      hangUps.hangUps += 1;
      hangUps.hangUpsOnNew += 1;
      hangUps.hangUpMs += Math.max(0, (life.ending?.at ?? 0) - life.lastRequestAt);
    }
    if (life.replaced) redialed[reason] = (redialed[reason] ?? 0) + 1;
    if (reason === "server-closed-idle" && life.ending?.idleFor !== undefined)
      agesAtServer.push(life.ending.idleFor);
  }
  // Met by a dead idle connection; those that the server ended without an answer are among them already.
  const met = whole ? Math.max(0, log.staleFailures - (failures["unanswered"] ?? 0)) : 0;
  if (met > 0) failures["unanswered"] = (failures["unanswered"] ?? 0) + met;
  const alone = all.length === 1;
  return {
    ...noOriginFacts(log.origin, client.name),
    counts: {
      requests: alone ? log.requests : lives.reduce((sum, life) => sum + life.requests, 0),
      connections: alone ? log.opened : lives.length,
      ...hangUps,
      failed: Object.values(failures).reduce((sum, count) => sum + count, 0),
      unused: lives.filter((life) => life.requests === 0 && life.opaque !== true).length,
      ...(whole
        ? {
            dialFailures: log.dialFailures,
            dialFailureMs: log.dialFailureMs,
            dnsMs: log.dnsMs,
            connectMs: log.connectMs,
            tlsMs: log.tlsMs,
            staleRetries: log.staleRetries,
            staleFailures: log.staleFailures,
          }
        : {}),
    },
    most: {
      openAtOnce: log.openAtOnce,
      // Where each request has an owner of its own, many idle connections are that, and no pool dials too many.
      ...(owned ? {} : { demandAtOnce: log.demandAtOnce }),
      ...(idleCap === undefined ? {} : { maxIdleConnectionsPerOrigin: idleCap }),
      ...(idleTimeout === undefined ? {} : { idleTimeout }),
    },
    least: {
      ...(agesAtServer.length < 2
        ? {}
        : { learnedIdleLimit: Math.round(agesAtServer.reduce((a, b) => Math.min(a, b))) }),
      ...(log.announcedIdleLimit === undefined ? {} : { announcedIdleLimit: log.announcedIdleLimit }),
    },
    openedFor,
    closed,
    redialed,
    errors: whole ? { ...log.errors } : {},
    failures,
  };
}

/** A request that got no complete answer; what error its client saw is not known here. */
function failureOf(reason: CloseReason, { ending }: Life): string | undefined {
  if (reason === "server-closed-unanswered") return "unanswered";
  if (reason === "server-closed-mid-response") return "cut-off";
  return reason === "reset" && ending?.idleFor === undefined ? "reset" : undefined;
}

function dialReason({ openedFor }: Life, all: readonly Inference[]): DialReason {
  if (typeof openedFor === "string") return openedFor;
  for (const { reasons } of all) {
    const lost = reasons.get(openedFor);
    if (lost === undefined) continue;
    const redial = watchedRedial(lost);
    // Of the others, what is inferred is not sure enough.
    if (redial === "keep-alive-off" || redial === "idle-expired") return redial;
  }
  return "previous-not-kept";
}

/** Why a finding might be wrong, where the client was watched from outside and its code is not known. */
const DOUBTS: Readonly<Partial<Record<FindingKind, string>>> = {
  "pool-destroyed":
    "Seen from outside: the client closed connections at once after a complete response. A program that makes a client for each request and closes it looks the same.",
  "client-per-request":
    "Seen from outside: idle connections were left unused while others were dialed, or each was closed after its response. Bodies that are neither read nor closed, several programs or processes at once, and a client that closes its own connections all look the same.",
  "body-unread":
    "Seen from outside: the client closed connections at once after a complete response, or before it had read all of it. A program that closes its own connections and, with many concurrent requests, a small cap on idle connections look the same (in Go, CloseIdleConnections and MaxIdleConnsPerHost).",
  "body-abandoned":
    "Seen from outside: the client closed the connection in the middle of a large body. This may be intended: not reading the rest can be cheaper than a new connection.",
  "idle-limit-churn":
    "Seen from outside: the client closed connections at once after a complete response, and kept about this many others. Unread bodies on some of them look the same.",
  "idle-timeout-short":
    "Seen from outside: the client closed connections that had been idle. Short-lived programs run one after another look the same.",
  "keep-alive-off":
    "This may be intended if each request must reach a different server behind a load balancer.",
};

/** The report that the facts give, with the doubts that an observer must have. `String(report)` is for people. */
export function observedReport(facts: Facts): Report {
  const built = buildReport(facts);
  const report: Report = { ...built, findings: built.findings.map(doubted) };
  Object.defineProperty(report, "toString", { value: () => reportText(report), enumerable: false });
  return report;
}

function doubted(finding: Finding): Finding {
  const doubt = DOUBTS[finding.kind] ?? finding.doubt;
  return doubt === undefined ? finding : { ...finding, doubt };
}
