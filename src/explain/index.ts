export { REDIAL_SOON, type SiteTopic } from "../trace/index.js";
export { buildReport, mergeReports } from "./build.js";
export { decisionSentence } from "./decision-sentence.js";
export type {
  ClientFacts,
  ClientName,
  CountName,
  Evidence,
  LeastName,
  ModuleFacts,
  MostName,
  OriginFacts,
} from "./evidence.js";
export { NO_EVIDENCE, noFacts } from "./evidence.js";
export { type ExplainInput, evidenceOf, explainRecorder } from "./explain.js";
export type { Explanation } from "./explanation.js";
export { findings } from "./findings.js";
export { mergeEvidence } from "./merge.js";
export {
  allNames,
  explainName,
  inShort,
  meaningOf,
  type NamedExplanation,
  savedBy,
} from "./names.js";
export {
  RECORDING_TYPE,
  RECORDING_VERSION,
  type ReadRecording,
  type RecordingEnd,
  type RecordingHeader,
  type RecordingLine,
} from "./recording-format.js";
export { parseRecording, RecordingError } from "./recording-reader.js";
export type { Finding, FindingKind, OriginReport, Report } from "./report.js";
export { reuseOf } from "./report.js";
export { explainById, explainConnection, explainExchange } from "./story.js";
export { reportText } from "./text.js";
export { type WhatIf, type WhatIfSettings, whatIf, whatIfText } from "./what-if.js";
