export { observedReport } from "./facts.js";
export { ForwardProxy } from "./forward-proxy.js";
export type { Observer } from "./observer.js";
export { type ResponseFacts, ResponseFollower } from "./response-follower.js";
export { ReverseProxy, type ReverseProxyOptions } from "./reverse-proxy.js";
export { dial, dialError, parseTarget, type Target, tlsFault } from "./upstream.js";
