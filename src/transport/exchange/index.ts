export type { Candidate, Link } from "./exchange.js";
export { Exchange, type ExchangeHost, type IncomingHead, type Settle } from "./exchange.js";
export { traceEnd, traceGot, traceQueued, traceWanted, traceWritten } from "./exchange-trace.js";
export {
  blameForDial,
  bodyFailed,
  causeOfCancel,
  closedError,
  connectionLost,
  dialFailed,
  failureOf,
  isFinal,
  overLimit,
  phaseOf,
  timedOut,
  unreadAtClose,
} from "./failures.js";
export { Forwarding } from "./forwarding.js";
export { type Outgoing, prepare, runsCallersCode } from "./outgoing.js";
export { mayGoOutAgain, maySendAgain, mustDialAgain, pausesFirst, wantsHttp1 } from "./retry.js";
export { TELEMETRY_CHANNELS, Telemetry } from "./telemetry.js";
