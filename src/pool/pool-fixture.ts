import type { CloseCause, CloseReason } from "../trace/index.js";
import type { PoolEffects, PoolLimits } from "./contract.js";
import { type Member, type PoolRoute, Waiter } from "./entities/index.js";
import { Pool } from "./pool.js";

// What the tests of the pool share.

export type Owner = string;
type TestPool = Pool<Owner, Waiter<Owner>>;

export const NONE: number = Number.POSITIVE_INFINITY;
export const NO_LIMITS: PoolLimits = {
  maxConnections: NONE,
  maxConnectionsPerOrigin: NONE,
  maxIdleConnections: NONE,
  maxIdleConnectionsPerOrigin: NONE,
  maxDialingPerOrigin: NONE,
  maxWaiting: NONE,
  queueTimeout: NONE,
  idleTimeout: NONE,
  maxConnectionAge: NONE,
  maxRequestsPerConnection: NONE,
  keepAlive: true,
};

/** Who was last assigned to a connection. */
const lastOn = new WeakMap<Member<Owner>, Waiter<Owner>>();

export function release(pool: TestPool, member: Member<Owner>, now: number): void {
  pool.released(member, lastOn.get(member) as Waiter<Owner>, now);
}

export function makePool(
  limits: Partial<PoolLimits>,
  effects: Partial<PoolEffects<Owner, Waiter<Owner>>> = {},
  random: () => number = () => 0.5,
): { pool: TestPool; route: PoolRoute<Owner>; dials: Member<Owner>[]; wakes: number[] } {
  const dials: Member<Owner>[] = [];
  const wakes: number[] = [];
  let ids = 0;
  const pool: TestPool = new Pool(
    { ...NO_LIMITS, ...limits },
    {
      dial: (member) => {
        dials.push(member);
      },
      reject: () => {},
      close: () => {},
      wake: (at) => {
        wakes.push(at);
      },
      check: () => undefined,
      ...effects,
      assign: (waiter, member) => {
        lastOn.set(member, waiter);
        effects.assign?.(waiter, member);
      },
    },
    { random, nextId: () => ++ids },
  );
  return { pool, route: pool.route("a", "http://a"), dials, wakes };
}

export function acquire(pool: TestPool, route: PoolRoute<Owner>, now: number): Waiter<Owner> {
  const waiter = new Waiter<Owner>();
  pool.acquire(waiter, route, now);
  return waiter;
}

export function open(pool: TestPool, route: PoolRoute<Owner>, now: number): Member<Owner> {
  const { member } = dialedFor(pool, acquire(pool, route, now), now);
  if (member === undefined) throw new Error("the waiter got no connection");
  return member;
}

export function ended(reason: CloseReason): CloseCause {
  return { reason, by: "server", evidence: `it ended for ${reason}` };
}

export function dialedFor(pool: TestPool, waiter: Waiter<Owner>, now: number): Waiter<Owner> {
  if (waiter.dial === undefined) throw new Error("no dial is under way for the waiter");
  pool.dialed(waiter.dial, now);
  return waiter;
}
