export { Counts } from "./counts.js";
export { DEFAULT_TOLERATED, IdleLimit } from "./idle-limit.js";
export { IdleOrder } from "./lists.js";
export type { LostConnection } from "./lost-connections.js";
export { Member } from "./member.js";
export { Roomy } from "./roomy.js";
export { PoolRoute, RouteEntry } from "./route.js";
export { RouteTable } from "./route-table.js";
export { Waiter } from "./waiter.js";
