import type { NetworkError } from "../../errors/index.js";
import { rounded } from "../../explain/index.js";
import type { Member, Pool, PoolRoute } from "../../pool/index.js";
import {
  type CloseCause,
  type Decision,
  type DialFate,
  isStale,
  type OriginStats,
  type Recorder,
} from "../../trace/index.js";
import type { Candidate, Exchange, Link } from "../exchange/index.js";
import type { Settings } from "../options.js";
import {
  candidatesAt,
  closedCandidates,
  decisionOf,
  describeHolders,
  finiteLimits,
  MAX_CANDIDATES,
  sharedBy,
} from "./decision.js";

/** Milliseconds in which two requests find the same. */
const SAME_MOMENT = 1;

/** Other origins that a connection's record names. */
const MAX_GUESTS = 16;

/** The parts of a decision that are known only after it. */
type Mutable<T> = { -readonly [P in keyof T]: T[P] };

/**
 * Follows each exchange that did not get an idle connection at once, and each dial, until it is known what came of
 * them. An exchange that reuses a connection costs nothing here.
 */
export class Decisions {
  readonly #recorder: Recorder;
  readonly #enabled: boolean;
  readonly #limits: Decision["limits"];
  readonly #pool: Pool<Link, Exchange>;
  #lastLook: { route: PoolRoute<Link>; at: number; seen: readonly Candidate[] } | undefined;
  /** Exchanges that wait because a limit on connections is reached. */
  readonly #limited = new WeakMap<Exchange, string>();
  /** Exchanges that waited for a stream. */
  readonly #waited = new WeakSet<Exchange>();
  /** Recorded decisions whose dial goes on. */
  readonly #open = new Map<number, Decision[]>();
  /** What became of the dials that did not serve who they were made for. */
  readonly #fates = new WeakMap<Member<Link>, DialFate>();
  /** Requests that a failed dial made fail or wait. */
  readonly #delayed = new WeakMap<Member<Link>, number[]>();

  constructor(pool: Pool<Link, Exchange>, recorder: Recorder, settings: Settings, enabled: boolean) {
    this.#recorder = recorder;
    this.#enabled = enabled;
    this.#limits = finiteLimits(settings.pool);
    this.#pool = pool;
  }

  /** The exchange found no idle connection that it could take, and waits. */
  waits(exchange: Exchange, route: PoolRoute<Link>, now: number): void {
    if (exchange.dial === undefined) this.#noteLimit(exchange, route);
    if (exchange.candidates !== undefined) return;
    const seen = this.#look(route, exchange.stats, now);
    const own = exchange.dial?.id;
    // The exchanges of a burst share what was seen: each has its own list only when it knows its connection.
    exchange.candidates = seen.some(({ connection }) => connection === own)
      ? seen.filter(({ connection }) => connection !== own)
      : seen;
  }

  #noteLimit(exchange: Exchange, route: PoolRoute<Link>): void {
    const { limits, counts } = this.#pool;
    if (route.counts.open >= limits.maxConnectionsPerOrigin)
      this.#limited.set(exchange, "maxConnectionsPerOrigin");
    else if (counts.open >= limits.maxConnections) this.#limited.set(exchange, "maxConnections");
  }

  /** What there was to choose from. A burst of requests looks once: within a millisecond the answer is the same. */
  #look(route: PoolRoute<Link>, stats: OriginStats, now: number): readonly Candidate[] {
    const last = this.#lastLook;
    if (last !== undefined && last.route === route && now - last.at < SAME_MOMENT) return last.seen;
    const seen = [
      ...candidatesAt(this.#pool.holders(route, MAX_CANDIDATES), now),
      ...closedCandidates(stats.recent, this.#recorder.epoch + now),
    ];
    this.#lastLook = { route, at: now, seen };
    return seen;
  }

  /** A dial begins. */
  dialing(member: Member<Link>, stats: OriginStats, now: number): void {
    const { counts } = member.route;
    stats.openAtOnce = Math.max(stats.openAtOnce, counts.open);
    stats.dialingAtOnce = Math.max(stats.dialingAtOnce, counts.dialing);
    stats.demandAtOnce = Math.max(stats.demandAtOnce, counts.streams + counts.waiting);
    this.#recorder.dialing(stats, member.previous, now);
  }

  /** A dial is about to fail: who it was for is still known. */
  dialFails(member: Member<Link>, stats: OriginStats, error: NetworkError, now: number): void {
    stats.dialFailures += 1;
    stats.dialFailureMs += now - member.dialStartedAt;
    stats.noteError(error.code);
    const delayed: number[] = [];
    for (let waiter = member.awaiting.head; waiter !== undefined; waiter = waiter.newerBeside)
      delayed.push((waiter as Exchange).id);
    stats.delayedByDials += delayed.length;
    if (delayed.length > 0) this.#delayed.set(member, delayed);
  }

  delayedBy(member: Member<Link>): readonly number[] | undefined {
    return this.#delayed.get(member);
  }

  /** The exchange has its connection. `opening`: the connection has just opened, or has just been allowed more. */
  assigned(exchange: Exchange, member: Member<Link>, now: number, opening: boolean): void {
    const { stats, candidates } = exchange;
    if (member.multiplexed) stats.noteStreams(member.active, member.route.counts.streams);
    if (exchange.shared !== undefined) noteShared(exchange, member);
    if (candidates === undefined) return;
    const forStream = member.multiplexed && (!opening || member.openedFor === "streams-full");
    if (forStream) {
      // One that went out again may have waited before.
      if (!this.#waited.has(exchange)) stats.streamWaits += 1;
      this.#waited.add(exchange);
      stats.streamWaitMs += now - exchange.waitingSince;
    }
    if (this.#limited.has(exchange)) {
      stats.queued += 1;
      stats.queuedMs += now - exchange.waitingSince;
    }
    const fresh = member.requests === 1 && member.lastIdleFor === 0;
    const facts = {
      ...(fresh ? { dialed: true } : { request: member.requests, idleFor: rounded(member.lastIdleFor) }),
      ...(member.multiplexed ? sharedBy(member) : {}),
    };
    exchange.candidates = [...candidates, { connection: member.id, verdict: "taken", facts }];
    this.#record(this.of(exchange), exchange.dialed);
  }

  /** The exchange met a dead connection and goes out again: what follows is another decision. */
  again(exchange: Exchange): void {
    exchange.candidates = undefined;
    exchange.dialed = undefined;
    this.#limited.delete(exchange);
  }

  /** The exchange failed with its connection, before its response's head was in, and does not go out again. */
  lost(exchange: Exchange, cause: CloseCause): void {
    if (!exchange.reused || exchange.bytesRead > 0 || !lostConnection(exchange)) return;
    if (isStale(cause.reason)) exchange.stats.staleFailures += 1;
  }

  /** The exchange failed. One that never got a connection has its decision recorded now. */
  gaveUp(exchange: Exchange): void {
    const { outcome, errorCode } = exchange;
    // Its own time limit is no wish of the caller's to be rid of it.
    if (outcome === "failed" || errorCode === "ERR_TRUNKLINE_TIMEOUT")
      exchange.stats.noteFailure(errorCode ?? "unknown");
    if (exchange.candidates !== undefined && exchange.assignedAt === 0)
      this.#record(this.of(exchange), exchange.dialed);
  }

  /** A limit turned the exchange away. Returns who holds the connections, in words. */
  turnedAway(exchange: Exchange, now: number): string {
    const route = exchange.route as PoolRoute<Link>;
    this.#noteLimit(exchange, route);
    return describeHolders(this.#pool, route, now);
  }

  /** The dial is done, and the pool has given the connection to whom it can. */
  opened(member: Member<Link>): void {
    this.settled(member, false);
    // What there is to choose from has changed.
    this.#lastLook = undefined;
    // Many counted on it: those whom it did not serve, and that no other dial is made for, wait for a limit from now on.
    if (member.room === 1) return;
    const { route } = member;
    for (let waiter = route.undialed.head; waiter !== undefined; waiter = waiter.newerBeside)
      this.#noteLimit(waiter as Exchange, route);
  }

  /** The dial is over, and the pool has dealt with its outcome. */
  settled(member: Member<Link>, failed: boolean): void {
    const opened = member.openedAt > 0;
    const fate: DialFate = opened
      ? member.requests > 0
        ? "served-another"
        : "went-idle"
      : failed
        ? "failed"
        : "cancelled";
    this.#fates.set(member, fate);
    const decisions = this.#open.get(member.id);
    if (decisions === undefined) return;
    this.#open.delete(member.id);
    for (const decision of decisions) {
      if (decision.dial?.fate !== "pending") continue;
      (decision.dial as Mutable<NonNullable<Decision["dial"]>>).fate = fate;
      this.#recorder.redecided(decision);
    }
  }

  /** The decision on this exchange, as far as it is known now. */
  of(exchange: Exchange): Decision {
    return decisionOf(exchange, {
      limits: this.#limits,
      limitedBy: this.#limited.get(exchange),
      fate: this.#fateOf(exchange),
    });
  }

  #fateOf(exchange: Exchange): DialFate {
    const dial = exchange.dialed;
    if (dial === undefined) return "pending";
    if (exchange.member === dial || exchange.connectionId === dial.id) return "served-it";
    if (dial.state === "dialing") return "pending";
    const known = this.#fates.get(dial);
    if (known !== undefined) return known;
    if (dial.openedAt === 0)
      return dial.owner?.closedBecause?.reason === "dial-failed" ? "failed" : "cancelled";
    return dial.requests > 0 ? "served-another" : "went-idle";
  }

  #record(decision: Decision, dial: Member<Link> | undefined): void {
    if (!this.#enabled) return;
    this.#recorder.decided(decision);
    if (dial === undefined || decision.dial?.fate !== "pending") return;
    const open = this.#open.get(dial.id);
    if (open === undefined) this.#open.set(dial.id, [decision]);
    else open.push(decision);
  }
}

/** The exchange went on a connection that was made for another origin. */
function noteShared({ stats, origin }: Exchange, { owner }: Member<Link>): void {
  stats.coalesced += 1;
  if (owner === undefined) return;
  owner.alsoFor ??= [];
  if (owner.alsoFor.length < MAX_GUESTS && !owner.alsoFor.includes(origin)) owner.alsoFor.push(origin);
}

/** Whether what failed is the connection, and that as the exchange met it: a stream can fail by itself. */
export function lostConnection({ sentOn, carried }: Exchange): boolean {
  if (carried === undefined) return true;
  return sentOn?.closedBecause !== undefined && sentOn.member.restedFor > 0;
}
