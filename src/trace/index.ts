export { OriginStats } from "./origin-stats.js";
export type { CloseCause, ClosedBy, CloseReason, DialReason } from "./reasons.js";
export { type ExchangeFacts, handshakeOf, OTHER_ORIGINS, Recorder, type RecorderOptions } from "./recorder.js";
export type {
  AttemptRecord,
  ConnectionRecord,
  Decision,
  DialRecord,
  ExchangeOutcome,
  ExchangeRecord,
  Recording,
  ResponseConnection,
  Timings,
  Verdict,
} from "./records.js";
export { redactPath } from "./redact.js";
