import {
  buildReport,
  type Facts,
  type Finding,
  type FindingKind,
  type Report,
  reportText,
} from "../explain/index.js";

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
