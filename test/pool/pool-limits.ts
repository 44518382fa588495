import type { PoolLimits } from "../../src/pool/index.js";

/** Limits that never bind, for a test to restrict. */
export const NO_LIMITS: PoolLimits = {
  maxConnections: Number.POSITIVE_INFINITY,
  maxConnectionsPerOrigin: Number.POSITIVE_INFINITY,
  maxIdleConnections: Number.POSITIVE_INFINITY,
  maxIdleConnectionsPerOrigin: Number.POSITIVE_INFINITY,
  maxDialingPerOrigin: Number.POSITIVE_INFINITY,
  maxWaiting: Number.POSITIVE_INFINITY,
  queueTimeout: Number.POSITIVE_INFINITY,
  idleTimeout: Number.POSITIVE_INFINITY,
  maxConnectionAge: Number.POSITIVE_INFINITY,
  maxRequestsPerConnection: Number.POSITIVE_INFINITY,
  keepAlive: true,
};
