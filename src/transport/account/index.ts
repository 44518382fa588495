export { Decisions, lostConnection } from "./decisions.js";
export { History } from "./history.js";
export { LeakWatch } from "./leak-watch.js";
export { LiveConnections } from "./live-connections.js";
export { noteTransport, type TransportSite } from "./transport-sites.js";
