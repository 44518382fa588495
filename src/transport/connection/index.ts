export { Connection } from "./connection.js";
export type { ConnectionHost } from "./host.js";
export { probe } from "./probe.js";
