export type { ClientFacts, ClientName, CountName, Evidence, LeastName, ModuleFacts, MostName, OriginFacts, SiteTopic } from "./evidence.js";
export { NO_EVIDENCE, noFacts, REDIAL_SOON } from "./evidence.js";
export { explainRecorder, type ExplainInput } from "./explain.js";
export { mergeEvidence } from "./merge.js";
export type { Finding, FindingKind, OriginReport, Report } from "./report.js";
export { reuseOf } from "./report.js";
