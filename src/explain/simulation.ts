import { type Member, Pool, type PoolLimits, Waiter } from "../pool/index.js";
import { type Timed, TimerHeap } from "../runtime/index.js";
import type { CloseCause, CloseReason } from "../trace/index.js";
import type { ReplayedRequest, Workload } from "./workload.js";

/** What a replay of the workload came to. */
interface Outcome {
  readonly dials: number;
  readonly queued: number;
  readonly queuedMs: number;
  readonly refused: number;
}

/** Something that happens at a time. */
class Moment implements Timed {
  at = 0;
  heapKey = 0;
  heapIndex = -1;
  readonly happen: (now: number) => void;

  constructor(happen: (now: number) => void) {
    this.happen = happen;
  }
}

class Requester extends Waiter<Seat> {
  readonly request: ReplayedRequest;
  readonly arrivedAt: number;
  limited = false;

  constructor(request: ReplayedRequest, now: number) {
    super();
    this.request = request;
    this.arrivedAt = now;
    this.repeatable = request.repeatable;
  }
}

/** What the pool keeps for a simulated connection: the end that its server will put to it. */
interface Seat {
  readonly serverEnds: Moment;
}

/** Nobody reads more of it than the reason. */
function endedBy(reason: CloseReason): CloseCause {
  return { reason, by: "server", evidence: "" };
}

/** A time order for things that fall together: in the order they were set. */
const EPSILON = 1e-9;

/**
 * Runs the workload through a pool with these limits, in virtual time.
 *
 * @param streamsOf how many requests a connection to the origin carries at a time; undefined: one, as HTTP/1.1 does.
 */
export function simulate(
  workload: Workload,
  limits: PoolLimits,
  streamsOf: (origin: string) => number | undefined,
): Outcome {
  const agenda = new TimerHeap<Moment>();
  let now = 0;
  let ids = 0;
  let order = 0;
  let dials = 0;
  let queued = 0;
  let queuedMs = 0;
  let refused = 0;
  let over = 0;
  let nextBatch = 0;

  const set = (moment: Moment, at: number): void => agenda.set(moment, Math.max(at, now) + EPSILON * ++order);
  const later = (delay: number, happen: (at: number) => void): void => set(new Moment(happen), now + delay);

  const pool = new Pool<Seat, Requester>(
    limits,
    {
      dial: (member) => {
        later(workload.dialTime.get(member.route.origin) ?? 0, () => {
          dials += 1;
          member.serverRequestsLeft =
            workload.serverRequests.get(member.route.origin) ?? Number.POSITIVE_INFINITY;
          member.owner = {
            serverEnds: new Moment(() => pool.closed(member, endedBy("server-closed-idle"), now)),
          };
          pool.dialed(member, now, streamsOf(member.route.origin));
          watchIdle(member);
        });
      },
      assign: (requester, member) => {
        if (requester.limited) {
          queued += 1;
          queuedMs += now - requester.arrivedAt;
        }
        if (member.owner !== undefined) agenda.remove(member.owner.serverEnds);
        later(requester.request.holds, () => finish(requester, member));
        // Not before those that come at the same time have what they had.
        if (requester.request.retires && member.multiplexed)
          later(0, () => pool.retire(member, endedBy("goaway"), now));
      },
      reject: (requester) => {
        refused += 1;
        later(0, () => follow(requester.request));
      },
      close: (member) => {
        if (member.owner !== undefined) agenda.remove(member.owner.serverEnds);
      },
      wake: (at) => {
        if (at === Number.POSITIVE_INFINITY) agenda.remove(tick);
        else set(tick, at);
      },
      check: () => undefined,
    },
    // The middle of the jitter: a replay gives the same result each time.
    { random: () => 0.5, nextId: () => ++ids },
  );
  const tick: Moment = new Moment(() => pool.tick(now));

  const watchIdle = (member: Member<Seat>): void => {
    const limit = workload.serverIdleLimit.get(member.route.origin);
    if (limit !== undefined && member.state === "idle" && member.requests > 0 && member.owner !== undefined) {
      set(member.owner.serverEnds, now + limit);
    }
  };

  const arrive = (request: ReplayedRequest): void => {
    const requester = new Requester(request, now);
    // Without HTTP/2 nothing is shared.
    const origin = streamsOf(request.host) === undefined ? request.origin : request.host;
    const route = pool.route(origin, origin, streamsOf(origin) !== undefined);
    pool.acquire(requester, route, now);
    if (requester.waitingIn === undefined || requester.dial !== undefined) return;
    requester.limited =
      route.counts.open >= limits.maxConnectionsPerOrigin || pool.counts.open >= limits.maxConnections;
  };

  const come = (request: ReplayedRequest): void => {
    if (request.at === 0) arrive(request);
    else later(request.at, () => arrive(request));
  };

  const follow = (request: ReplayedRequest): void => {
    over += 1;
    for (const follower of request.followers) come(follower);
    for (
      let batch = workload.batches[nextBatch];
      batch !== undefined && batch.after <= over;
      batch = workload.batches[nextBatch]
    ) {
      nextBatch += 1;
      for (const one of batch.requests) come(one);
    }
  };

  const finish = (requester: Requester, member: Member<Seat>): void => {
    const { request } = requester;
    const ends = member.multiplexed ? request.ends.shared : request.ends.alone;
    if (ends === undefined) pool.released(member, requester, now);
    else pool.closed(member, endedBy(ends), now);
    watchIdle(member);
    follow(request);
  };

  for (const request of workload.first) later(request.at, () => arrive(request));
  // Once all is served, what is left are the ends of idle connections.
  while (agenda.size > 0) {
    const moment = agenda.popDue(agenda.nextAt);
    if (moment === undefined) continue; // moved to a later time, and filed under that now
    now = Math.max(now, moment.heapKey);
    moment.happen(now);
  }
  return { dials, queued, queuedMs, refused };
}
