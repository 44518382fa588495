export type { PoolEffects, PoolLimits, PoolOptions, Rejection } from "./contract.js";
export type { Counts } from "./counts.js";
export { checkInvariants } from "./invariants.js";
export { Member, type MemberState } from "./member.js";
export { Pool } from "./pool.js";
export { PoolRoute } from "./route.js";
export type { CountsRecord, PoolSnapshot } from "./snapshot.js";
export { Waiter } from "./waiter.js";
