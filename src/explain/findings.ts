import { Case } from "./case.js";
import type { Evidence } from "./evidence.js";
import { bodyAbandoned, bodyUnread, http10Peer, keepAliveOff, serverClosesEach } from "./find-closing.js";
import { dialFailures, overDialing, queueing, slowDns, tlsNotResumed, unboundedBurst } from "./find-dials.js";
import { idleLimitChurn, idleTimeoutRace, idleTimeoutShort, staleRetries } from "./find-idle.js";
import { clientPerRequest, duplicateModule, routeSplit } from "./find-process.js";
import type { Finding } from "./report.js";

const OF_ORIGIN: readonly ((one: Case) => Finding | undefined)[] = [
  keepAliveOff,
  bodyUnread,
  bodyAbandoned,
  idleLimitChurn,
  idleTimeoutRace,
  idleTimeoutShort,
  serverClosesEach,
  http10Peer,
  unboundedBurst,
  queueing,
  slowDns,
  tlsNotResumed,
  staleRetries,
  overDialing,
  dialFailures,
];

const OF_PROCESS: readonly ((evidence: Evidence) => Finding[])[] = [
  clientPerRequest,
  duplicateModule,
  routeSplit,
];

const RANK: Readonly<Record<Finding["severity"], number>> = { high: 0, medium: 1, low: 2 };

/** The problems that the evidence shows, the worst first. A pure function: the same evidence, the same findings. */
export function findings(evidence: Evidence): Finding[] {
  const found = OF_PROCESS.flatMap((look) => look(evidence));
  for (const facts of evidence.origins) {
    const one = new Case(facts);
    for (const look of OF_ORIGIN) {
      const finding = look(one);
      if (finding !== undefined) found.push(finding);
    }
  }
  return found.sort(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] ||
      b.cost.connections - a.cost.connections ||
      (key(a) < key(b) ? -1 : 1),
  );
}

function key(finding: Finding): string {
  return `${finding.kind}\n${finding.origin ?? ""}\n${finding.title}`;
}
