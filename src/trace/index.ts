export type { ChannelMessages } from "./channels.js";
export { CLOSE_TABLE, endsIdleness, isStale, watchedRedial } from "./close-table.js";
export { composeTraces, type DialTrace, guardTrace, type Trace } from "./hooks.js";
export { OriginStats, REDIAL_SOON, type RecentClose, type SiteTopic } from "./origin-stats.js";
export type { CloseCause, ClosedBy, CloseReason, DialReason } from "./reasons.js";
export { handshakeOf, Recorder, type RecorderOptions } from "./recorder.js";
export type {
  AttemptRecord,
  ConnectionRecord,
  Decision,
  DialFate,
  DialRecord,
  ExchangeFacts,
  ExchangeOutcome,
  ExchangeRecord,
  Recording,
  ResponseConnection,
  Timings,
  Verdict,
} from "./records.js";
export { bounded, redactPath } from "./redact.js";
