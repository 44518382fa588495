export type { PoolEffects, PoolLimits, PoolOptions, Rejection } from "./contract.js";
export { type Counts, Member, type MemberState, PoolRoute, Waiter } from "./entities/index.js";
export { checkInvariants } from "./invariants.js";
export { Pool } from "./pool.js";
export type { CountsRecord, PoolSnapshot } from "./snapshot.js";
