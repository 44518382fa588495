export {
  ASSUMED_STREAMS,
  DEFAULT_LIMITS,
  type PoolEffects,
  type PoolLimits,
  type Rejection,
} from "./contract.js";
export { Member, PoolRoute, Waiter } from "./entities/index.js";
export { checkInvariants } from "./invariants.js";
export { Pool } from "./pool.js";
export type { CountsRecord } from "./snapshot.js";
