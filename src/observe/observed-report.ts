import {
  buildReport,
  type Evidence,
  type Finding,
  type FindingKind,
  type Report,
  reportText,
} from "../explain/index.js";

/** Why a finding might be wrong, where the client was watched from outside and its code is not known. */
const DOUBTS: Readonly<Partial<Record<FindingKind, string>>> = {
  "pool-destroyed":
    "Seen from outside: the client ended connections at once after a complete answer. A program that makes a client for each request and ends it looks alike.",
  "client-per-request":
    "Seen from outside: idle connections were left unused while others were dialed, or each was ended after its response. Bodies that are neither read nor closed, several programs or processes at once, and a client that ends its connections itself look alike.",
  "body-unread":
    "Seen from outside: the client ended connections at once after a complete answer, or before it had taken it all. A program that closes its connections itself, and with many requests at once a small cap on idle connections, look alike (in Go CloseIdleConnections and MaxIdleConnsPerHost).",
  "body-abandoned":
    "Seen from outside: the client ended the connection in the middle of a large body. It may be meant: not reading the rest can be cheaper than a new connection.",
  "idle-limit-churn":
    "Seen from outside: the client ended connections at once after a complete answer and kept about so many others. Bodies left unread on some of them look alike.",
  "idle-timeout-short":
    "Seen from outside: the client ended connections that had been idle. Short-lived programs one after another look alike.",
  "keep-alive-off": "It may be meant, where each request must reach another server behind a load balancer.",
};

/** The report that the evidence gives, with the doubts that an observer must have. `String(report)` is for people. */
export function observedReport(evidence: Evidence): Report {
  const built = buildReport(evidence);
  const report: Report = { ...built, findings: built.findings.map(doubted) };
  Object.defineProperty(report, "toString", { value: () => reportText(report), enumerable: false });
  return report;
}

function doubted(finding: Finding): Finding {
  const doubt = DOUBTS[finding.kind] ?? finding.doubt;
  return doubt === undefined ? finding : { ...finding, doubt };
}
