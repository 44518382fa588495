export { observedReport } from "./observed-report.js";
export type { Observer, ObserverCounts } from "./observer.js";
export { ReverseProxy, type ReverseProxyOptions } from "./reverse-proxy.js";
export { dial, dialError, parseTarget, type Target } from "./upstream.js";
