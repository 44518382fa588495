import { mostDials, roomOf } from "./capacity.js";
import { Counts, type Member, type PoolRoute, type Waiter } from "./entities/index.js";
import type { Pool } from "./pool.js";

const FIGURES = [
  "dialing",
  "active",
  "idle",
  "draining",
  "waiting",
  "opened",
  "closed",
  "requests",
  "reused",
  "streams",
] as const;
const STATES = ["dialing", "active", "idle", "draining"] as const;

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The pool contradicts itself: ${what}`);
}

/**
 * Throws when the pool's state contradicts itself; to be called between inputs. For tests: it looks at
 * everything.
 */
export function checkInvariants<O, W extends Waiter<O>>(pool: Pool<O, W>): void {
  const sum = new Counts();
  let undialed = 0;
  const idle = new Set<Member<O>>();
  for (const route of pool.slots.table.values()) {
    checkRoute(pool, route);
    for (const figure of FIGURES) sum[figure] += route.counts[figure];
    undialed += route.undialed.size;
    for (let member = route.idle.oldest; member !== undefined; member = member.newer) idle.add(member);
  }
  const { counts, limits } = pool;
  for (const state of [...STATES, "waiting", "streams"] as const) {
    must(sum[state] === counts[state], `${counts[state]} ${state} in all, ${sum[state]} in the routes`);
  }
  must(counts.opened - counts.closed === counts.open, "opened - closed is not what is there");
  must(counts.open <= limits.maxConnections, "more than maxConnections");
  must(counts.idle <= limits.maxIdleConnections, "more than maxIdleConnections");
  must(pool.slots.waiting.undialed === undialed, "the number of waiters without a dial is wrong");
  must(pool.slots.idle.filed <= counts.open, "deadlines of closed connections are kept");
  checkIdleOrder(pool.slots.idle.oldest, idle);
}

function checkRoute<O, W extends Waiter<O>>(pool: Pool<O, W>, route: PoolRoute<O>): void {
  const { counts } = route;
  const { limits } = pool;
  const seen = { dialing: 0, active: 0, idle: 0, draining: 0, closed: 0 };
  let awaited = 0;
  let dialed = 0;
  let streams = 0;
  for (let member = route.members.first; member !== undefined; member = member.routeNext) {
    seen[member.state] += 1;
    streams += member.active;
    checkRoom(pool, member);
    if (member.awaiting.size === 0) continue;
    awaited += 1;
    dialed += checkDial(member);
  }
  must(streams === counts.streams, `${route.key}: exchanges on connections miscounted`);
  for (const host of route.hosts ?? []) {
    must(host.guests?.includes(route) === true, `${route.key}: a connection does not know whom it serves`);
    must(
      host.state === "active" || host.state === "idle",
      `${route.key}: a connection it shares takes nothing`,
    );
  }
  for (const state of STATES) must(seen[state] === counts[state], `${route.key}: ${state} miscounted`);
  must(seen.closed === 0, `${route.key} holds a closed connection`);
  must(counts.opened - counts.closed === counts.open, `${route.key}: opened - closed is not what is there`);
  must(counts.open <= limits.maxConnectionsPerOrigin, `${route.key}: more than maxConnectionsPerOrigin`);
  must(
    counts.idle <= limits.maxIdleConnectionsPerOrigin,
    `${route.key}: more than maxIdleConnectionsPerOrigin`,
  );
  must(counts.dialing <= limits.maxDialingPerOrigin, `${route.key}: more than maxDialingPerOrigin`);
  must(
    (counts.open + counts.waiting === 0) === route.resting,
    `${route.key}: resting with something in it, or not resting`,
  );

  const spare = checkList(route.spare.oldest, "dialing");
  must(route.shared === undefined || route.shared.state === "dialing", `${route.key}: a dial shared is over`);
  must(spare + awaited === counts.dialing, `${route.key}: a dial is neither awaited nor spare`);
  must(
    route.undialed.head === undefined ||
      (spare === 0 &&
        (route.single || route.shared === undefined || route.shared.awaiting.size >= route.shared.room)),
    `${route.key}: a waiter lacks a dial and there is one with room`,
  );
  must(checkList(route.idle.oldest, "idle") === counts.idle, `${route.key}: the idle list is wrong`);
  checkWaiters(pool, route, dialed);
}

/** A dial and those who count on it. Returns how many. */
function checkDial<O>(member: Member<O>): number {
  let size = 0;
  for (let waiter = member.awaiting.head; waiter !== undefined; waiter = waiter.newerBeside) {
    size += 1;
    must(member.state === "dialing" && waiter.dial === member, "a dial and its waiter disagree");
  }
  must(size === member.awaiting.size, "those who count on a dial are miscounted");
  must(size <= member.room, "more count on a dial than it has room for");
  must(
    member.room <= 1 || member.route.shared === member,
    `${member.route.key}: two dials are shared at a time`,
  );
  return size;
}

/** A connection has as many exchanges as its state says, and is found exactly where it can be given one more. */
function checkRoom<O, W extends Waiter<O>>({ limits }: Pool<O, W>, member: Member<O>): void {
  const { state, active, route } = member;
  must(
    state === "active" || state === "draining" ? active > 0 : active === 0,
    `${route.key}: a connection is ${state} with ${active} exchanges`,
  );
  must(member.multiplexed || active <= 1, `${route.key}: several exchanges where one comes after the other`);
  const roomy = member.multiplexed && state === "active" && roomOf(member, limits) > 0;
  must(
    (route.roomy?.has(member) ?? false) === roomy,
    `${route.key}: a connection with room is not found, or one without is`,
  );
}

function checkList<O>(oldest: Member<O> | undefined, state: "idle" | "dialing"): number {
  let length = 0;
  for (let member = oldest; member !== undefined; member = member.newer) {
    must(member.state === state, `a ${member.state} connection among the ${state} ones`);
    must(member.newer === undefined || member.newer.older === member, "a list is broken");
    length += 1;
  }
  return length;
}

function checkWaiters<O, W extends Waiter<O>>(pool: Pool<O, W>, route: PoolRoute<O>, dialed: number): void {
  let waiting = 0;
  let counting = 0;
  must(
    route.queue.head === undefined || (route.roomy?.size ?? 0) === 0,
    `${route.key}: a waiter waits while a connection has room for it`,
  );
  for (const queue of [route.queue, route.freshQueue]) {
    let ticket = 0;
    for (let waiter = queue.head; waiter !== undefined; waiter = waiter.queueNext) {
      waiting += 1;
      if (waiter.dial !== undefined) counting += 1;
      must(waiter.ticket > ticket, `${route.key}: the queue is out of order`);
      must(
        waiter.waitingIn === route && waiter.member === undefined,
        `${route.key}: a waiter waits elsewhere or is served`,
      );
      must(
        waiter.started === undefined || waiter.started.dialedFor === waiter,
        "a waiter and its own dial disagree",
      );
      ticket = waiter.ticket;
      const newest = route.idle.newest;
      const usable = newest !== undefined && newest.limit > 0;
      // One that passed over a connection idle for too long did not look at those behind it.
      const may = waiter.repeatable || (usable && newest.multiplexed && waiter.skipped === undefined);
      const fits = queue === route.queue && usable && may;
      must(!fits, `${route.key}: a waiter waits while an idle connection fits it`);
    }
  }
  must(waiting === route.counts.waiting, `${route.key}: waiters miscounted`);
  let undialed = 0;
  let ticket = 0;
  for (let waiter = route.undialed.head; waiter !== undefined; waiter = waiter.newerBeside) {
    undialed += 1;
    must(
      waiter.dial === undefined && waiter.started === undefined,
      "a waiter among those without a dial has one",
    );
    must(waiter.ticket > ticket, `${route.key}: the waiters without a dial are out of order`);
    ticket = waiter.ticket;
  }
  must(counting === dialed, `${route.key}: a waiter counts on a dial that does not know it`);
  must(undialed === route.undialed.size && undialed + dialed === waiting, `${route.key}: a waiter is lost`);
  if (undialed > 0) checkStarved(pool, route);
}

/** A waiter without a dial is so only because of a limit, and nothing idle could make room. */
function checkStarved<O, W extends Waiter<O>>(pool: Pool<O, W>, route: PoolRoute<O>): void {
  const { limits, counts } = pool;
  if (route.counts.dialing >= mostDials(route, limits)) return;
  const full = route.counts.open >= limits.maxConnectionsPerOrigin;
  if (full)
    must(route.idle.oldest === undefined, `${route.key}: a waiter lacks a dial beside an idle connection`);
  else
    must(
      counts.open >= limits.maxConnections,
      `${route.key}: a waiter lacks a dial without a limit to keep it from one`,
    );
  if (!full)
    must(counts.idle === 0, `${route.key}: a waiter lacks a dial while idle connections could be evicted`);
}

function checkIdleOrder<O>(oldest: Member<O> | undefined, idle: Set<Member<O>>): void {
  let since = Number.NEGATIVE_INFINITY;
  let length = 0;
  for (let member = oldest; member !== undefined; member = member.idleAfter) {
    length += 1;
    must(idle.has(member), "an idle connection is in no route's list");
    must(member.idleSince >= since, "the idle connections are not in the order of their idleness");
    must(
      member.heapIndex >= 0 || member.at === Number.POSITIVE_INFINITY,
      "an idle connection has no deadline filed",
    );
    since = member.idleSince;
  }
  must(length === idle.size, "an idle connection is missing from the order of all");
}
