export { Connection, type ConnectionHost } from "./connection.js";
export type { CarrierHost } from "./contract.js";
export { Http1Connection } from "./http1-connection.js";
export { Http2Connection } from "./http2-connection.js";
export type { Http2Host } from "./http2-host.js";
