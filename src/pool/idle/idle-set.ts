import { TimerHeap } from "../../runtime/index.js";
import { CLOSE_TABLE, type CloseCause, type CloseReason, endsIdleness } from "../../trace/index.js";
import type { PoolLimits } from "../contract.js";
import {
  type Counts,
  DEFAULT_TOLERATED,
  IdleLimit,
  IdleOrder,
  type Member,
  type PoolRoute,
} from "../entities/index.js";

/** The idle connections: newest first within a route, oldest first over all, and when each is too old. */
export class IdleSet<O> {
  readonly #limits: PoolLimits;
  readonly #order = new IdleOrder<Member<O>>();
  readonly #timers = new TimerHeap<Member<O>>();

  constructor(limits: PoolLimits) {
    this.#limits = limits;
  }

  /** The connection that has been idle for longest, of any route. */
  get oldest(): Member<O> | undefined {
    return this.#order.oldest;
  }

  /** The time before which none expires. */
  get nextAt(): number {
    return this.#timers.nextAt;
  }

  /** Entries in the heap of deadlines: idle connections, and some that have been idle. */
  get filed(): number {
    return this.#timers.size;
  }

  put(member: Member<O>, now: number): void {
    member.idleSince = now;
    this.#place(member);
    this.#order.push(member);
    this.#timers.set(member, Math.min(now + this.limitOf(member, now), member.expiresAt));
  }

  /** Its limit has changed while it is idle. */
  placeAnew(member: Member<O>): void {
    member.route.idle.remove(member);
    this.#place(member);
  }

  /** One that can be given no exchange stands behind all others, so that only those are found that can. */
  #place(member: Member<O>): void {
    if (member.limit > 0) member.route.idle.push(member);
    else member.route.idle.unshift(member);
  }

  remove(member: Member<O>): void {
    member.route.idle.remove(member);
    this.#order.remove(member);
    // It stays filed, since most go idle again soon with a later deadline, which then costs no heap operation.
    this.#timers.set(member, Number.POSITIVE_INFINITY);
  }

  /** Lets go of a connection that will not come back. */
  forget(member: Member<O>): void {
    this.#timers.remove(member);
  }

  /** How long the connection may be idle: rule 5 of the design. */
  limitOf(member: Member<O>, now: number): number {
    return Math.min(
      this.#limits.idleTimeout,
      member.serverIdleLimit,
      member.route.idleLimit?.limit(now) ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Whether an idle connection has become too old, by idleness or by age. */
  expired(member: Member<O>, now: number): boolean {
    // Only what is learned can change after its deadline was filed.
    return now >= member.at || (member.route.idleLimit !== undefined && this.#tooOld(member, now));
  }

  /** The next idle connection that is too old at `now`. */
  nextExpired(now: number): Member<O> | undefined {
    for (;;) {
      const member = this.#timers.popDue(now);
      if (member === undefined || this.#tooOld(member, now)) return member;
      // What was learned has changed for the better since it was filed.
      this.#timers.set(member, Math.min(member.idleSince + this.limitOf(member, now), member.expiresAt));
    }
  }

  /** What the limit comes from. */
  limitInWords(member: Member<O>, limit: number): string {
    if (limit === member.serverIdleLimit) return "what the server announced in Keep-Alive, minus a margin";
    if (limit === this.#limits.idleTimeout) return "idleTimeout";
    return "0.9 of the limit learned for this server";
  }

  #tooOld(member: Member<O>, now: number): boolean {
    return now >= member.expiresAt || now >= member.idleSince + this.limitOf(member, now);
  }
}

/** The idle connection that goes because an idle cap is exceeded, with the cause: always the oldest there is. */
interface Surplus<O> {
  readonly member: Member<O>;
  readonly end: CloseCause;
}

/** Which connection has to go now that one more of the route is idle, if one has to. */
export function findSurplus<O>(
  route: PoolRoute<O>,
  all: { readonly counts: Counts; readonly idle: IdleSet<O>; readonly limits: PoolLimits },
): Surplus<O> | undefined {
  const { maxIdleConnections: max, maxIdleConnectionsPerOrigin: maxPerOrigin } = all.limits;
  const oldestHere = route.idle.oldest;
  if (route.counts.idle > maxPerOrigin && oldestHere !== undefined) {
    const evidence = `${route.counts.idle} connections to this origin were idle; maxIdleConnectionsPerOrigin is ${maxPerOrigin}`;
    return { member: oldestHere, end: { reason: "max-idle-per-origin", by: "client", evidence } };
  }
  const { oldest } = all.idle;
  if (all.counts.idle <= max || oldest === undefined) return undefined;
  const evidence = `${all.counts.idle} connections were idle; maxIdleConnections is ${max}`;
  return { member: oldest, end: { reason: "max-idle", by: "client", evidence } };
}

/**
 * Learns from the end of a connection how long its server keeps idle ones. An end seen while it was idle shows
 * the age; one met on reuse, before any answer, shows that the server had ended it by then. What was never
 * used shows nothing: servers give a first request another time limit than the next one.
 */
export function learnFromEnd<O>(member: Member<O>, reason: CloseReason, now: number): void {
  if (member.requests === 0) return;
  const { route } = member;
  if (member.state === "idle") {
    if (endsIdleness(reason)) {
      route.idleLimit ??= new IdleLimit();
      route.idleLimit.ended(now - member.idleSince, true, now);
    }
    return;
  }
  if (member.restedFor === 0 || CLOSE_TABLE[reason].idleLimit === undefined) return;
  route.idleLimit ??= new IdleLimit();
  route.idleLimit.ended(member.restedFor, false, now);
}

/** Learns from the first exchange that succeeded how long its connection could be idle before. */
export function learnFromSuccess<O>(member: Member<O>): void {
  const { route, restedFor } = member;
  member.restedFor = 0;
  if (route.idleLimit === undefined) {
    if (restedFor <= DEFAULT_TOLERATED) return;
    route.idleLimit = new IdleLimit();
  }
  route.idleLimit.survived(restedFor);
}

/** The idle age up to which a request that cannot be sent twice may take this connection. */
export function toleratedIdleAge<O>({ route, serverIdleLimit }: Member<O>): number {
  if (route.idleLimit !== undefined) return route.idleLimit.tolerated(serverIdleLimit);
  return serverIdleLimit === Number.POSITIVE_INFINITY ? DEFAULT_TOLERATED : serverIdleLimit;
}
