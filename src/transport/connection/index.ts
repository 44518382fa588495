export { Connection, type ConnectionHost } from "./connection.js";
export { probe } from "./probe.js";
