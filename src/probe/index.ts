export type {
  AddressHealth,
  Http2Health,
  IdleLimit,
  KeepAlive,
  Phases,
  ProbeResult,
  Setting,
} from "./findings.js";
export { type ProbeOptions, probe } from "./probe.js";
