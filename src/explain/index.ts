export { explainRecorder, type ExplainInput } from "./explain.js";
export type { Finding, FindingKind, OriginReport, Report } from "./report.js";
export { reuseOf } from "./report.js";
