export { Connection, type ConnectionHost } from "./connection.js";
