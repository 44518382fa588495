import type { CloseCause } from "../trace/index.js";
import type { Member, Waiter } from "./entities/index.js";

/** The pool's settings, under their names in `TransportOptions`. `Infinity` means no limit. */
export interface PoolLimits {
  /** The most connections in total, dials included. */
  readonly maxConnections: number;
  /** The most connections to one origin, dials included. */
  readonly maxConnectionsPerOrigin: number;
  /** The most idle connections in total; one more closes the oldest. */
  readonly maxIdleConnections: number;
  /** The most idle connections to one origin; one more closes the oldest. */
  readonly maxIdleConnectionsPerOrigin: number;
  /** The most dials to one origin at a time. */
  readonly maxDialingPerOrigin: number;
  /** The most requests that may wait without a dial; more fail at once. */
  readonly maxWaiting: number;
  /** Milliseconds that a request may wait without a dial before it fails. */
  readonly queueTimeout: number;
  /** Milliseconds after which an idle connection closes. */
  readonly idleTimeout: number;
  /** Milliseconds after which a connection takes no more requests. */
  readonly maxConnectionAge: number;
  /** The requests after which a connection closes. */
  readonly maxRequestsPerConnection: number;
  /** Whether connections are kept for later requests. */
  readonly keepAlive: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;

/** The limits of a transport that is given none. */
export const DEFAULT_LIMITS: PoolLimits = {
  maxConnections: NEVER,
  maxConnectionsPerOrigin: NEVER,
  maxIdleConnections: 1024,
  maxIdleConnectionsPerOrigin: 1024,
  maxDialingPerOrigin: 64,
  maxWaiting: NEVER,
  queueTimeout: NEVER,
  idleTimeout: 55_000,
  maxConnectionAge: NEVER,
  maxRequestsPerConnection: NEVER,
  keepAlive: true,
};

/** How many exchanges a connection that carries several is taken to carry at once, where its server has not said. */
export const ASSUMED_STREAMS = 100;

/** Why a waiter was turned away. */
export type Rejection<O> =
  | { readonly kind: "max-waiting"; readonly waiting: number }
  | { readonly kind: "queue-timeout"; readonly waited: number }
  /** The server's last connections allow no exchange at all, and the time for that to change is over. */
  | { readonly kind: "no-streams"; readonly waited: number }
  | { readonly kind: "dial-failed"; readonly member: Member<O>; readonly error: unknown }
  | { readonly kind: "closed" };

/**
 * What the pool does to the world. Each is called after the pool's own state has changed, so an effect may
 * call back into the pool at once; none may throw.
 */
export interface PoolEffects<O, W extends Waiter<O>> {
  /**
   * Start a dial; answer later with `pool.dialed` or `pool.dialFailed`. The member is in state `dialing`;
   * why it is dialed is in its `openedFor`, `previous` and `dialedFor`.
   */
  dial(member: Member<O>): void;
  /** Give the connection to the waiter; `waiter.member` is set and the member is `active`, perhaps with other exchanges on it. */
  assign(waiter: W, member: Member<O>): void;
  reject(waiter: W, why: Rejection<O>): void;
  /** Close the connection, which is out of the pool already (state `closed`) with all exchanges on it. A dialing one is to be cancelled. */
  close(member: Member<O>, cause: CloseCause): void;
  /** Call `pool.tick` at this time or soon after. A new call replaces the old time; `Infinity` cancels it. */
  wake(at: number): void;
  /**
   * Whether a connection that is about to be assigned again, an idle one or one that has just come free, is open and
   * clean, as far as can be seen at once. If not, the answer is the cause that the pool closes it for.
   */
  check(member: Member<O>, waiter: W, now: number): CloseCause | undefined;
}

/** What a pool needs from outside beside its effects. */
export interface PoolOptions {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The next connection id, never given before within the process. */
  readonly nextId: () => number;
  /** Milliseconds that a waiter waits at most while the server's last connections allow no exchange at all; default none. */
  readonly barrenTimeout?: number;
}
