export { Connection, type ConnectionHost } from "./connection.js";
export type { Http2Host } from "./http2-host.js";
export { canOfferHttp2, loadHttp2, prepareHttp2 } from "./http2-loading.js";
export { speak } from "./protocol.js";
