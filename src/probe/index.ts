export type { KeepAlive, Phases, ProbeResult } from "./findings.js";
export { probe } from "./probe.js";
