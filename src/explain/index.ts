export { REDIAL_SOON, type SiteTopic } from "../trace/index.js";
export { buildReport, mergeReports } from "./build.js";
export { decisionSentence } from "./decision-sentence.js";
export { explainRecorder } from "./explain.js";
export type { Explanation } from "./explanation.js";
export type {
  ClientFacts,
  ClientName,
  CountName,
  Facts,
  LeastName,
  ModuleFacts,
  MostName,
  OriginFacts,
  ProcessFacts,
  Timeline,
} from "./facts.js";
export { ageStep, NO_FACTS, noOriginFacts, ownerKey } from "./facts.js";
export { mergeFacts } from "./merge.js";
export { allNames, explainName, inShort, type NamedExplanation, savedBy } from "./names.js";
export {
  RECORDING_TYPE,
  RECORDING_VERSION,
  type ReadRecording,
  type RecordingEnd,
  type RecordingHeader,
  type RecordingLine,
} from "./recording-format.js";
export { parseRecording, RecordingError } from "./recording-reader.js";
export type { Finding, FindingKind, OriginReport, Report, StreamReport } from "./report.js";
export { SERVER_IDLE } from "./server-side.js";
export { explainById } from "./story.js";
export { firstLine, reportText } from "./text.js";
export { FINEST, openOverTime } from "./timeline.js";
export { type WhatIf, type WhatIfSettings, whatIf, whatIfText } from "./what-if.js";
export { percent, rounded } from "./words.js";
