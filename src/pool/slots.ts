import type { CloseCause, CloseReason } from "../trace/index.js";
import { learnProtocol, mostDials, roomOf, roomOfDial } from "./capacity.js";
import type { PoolLimits } from "./contract.js";
import { planDial, Waiting } from "./demand/index.js";
import { Counts, Member, type PoolRoute, Roomy, RouteTable, type Waiter } from "./entities/index.js";
import { IdleSet } from "./idle/index.js";

/**
 * Who holds which slot: the only place where a connection changes its state and a count changes. It decides
 * nothing and calls nobody.
 */
export class Slots<O> {
  readonly limits: PoolLimits;
  readonly counts: Counts = new Counts();
  readonly table: RouteTable<O> = new RouteTable();
  readonly waiting: Waiting<O> = new Waiting();
  readonly idle: IdleSet<O>;

  constructor(limits: PoolLimits) {
    this.limits = limits;
    this.idle = new IdleSet(limits);
  }

  /** Whether the limits allow one more dial to the route as things are. */
  mayDial(route: PoolRoute<O>): boolean {
    return (
      route.counts.dialing < mostDials(route, this.limits) &&
      route.counts.open < this.limits.maxConnectionsPerOrigin &&
      this.counts.open < this.limits.maxConnections
    );
  }

  /** A waiter joins the queue of the route. */
  enter(waiter: Waiter<O>, route: PoolRoute<O>, now: number): void {
    this.table.use(route);
    this.counts.waiting += 1;
    route.counts.waiting += 1;
    this.waiting.add(waiter, route, now);
  }

  leave(waiter: Waiter<O>, route: PoolRoute<O>): void {
    this.waiting.remove(waiter, route);
    this.counts.waiting -= 1;
    route.counts.waiting -= 1;
  }

  /** A new connection, `dialing`, for the waiter or for nobody. */
  dial(id: number, route: PoolRoute<O>, waiter: Waiter<O> | undefined, now: number): Member<O> {
    const plan = planDial(route, waiter, this.limits.keepAlive);
    const member = new Member<O>(id, route, plan.reason, plan.previous, roomOfDial(route, this.limits), now);
    member.replaces = plan.replaces;
    this.table.use(route);
    route.members.add(member);
    this.counts.dialing += 1;
    this.counts.opened += 1;
    route.counts.dialing += 1;
    route.counts.opened += 1;
    this.waiting.start(member, waiter);
    return member;
  }

  /** From `dialing`, with its dial done, to `idle`, never used so far. `limit`: undefined for one exchange at a time. */
  opened(member: Member<O>, limit: number | undefined, now: number): void {
    const { route } = member;
    learnProtocol(member, limit);
    this.waiting.finish(member);
    member.openedAt = now;
    this.counts.dialing -= 1;
    route.counts.dialing -= 1;
    this.#becomeIdle(member, now);
  }

  /** From `idle` to `active`. */
  take(member: Member<O>, waiter: Waiter<O>, idleFor: number): void {
    this.idle.remove(member);
    this.counts.idle -= 1;
    member.route.counts.idle -= 1;
    member.state = "active";
    this.counts.active += 1;
    member.route.counts.active += 1;
    member.restedFor = idleFor;
    this.begin(member, waiter, idleFor);
  }

  /** An `active` connection begins an exchange. */
  begin(member: Member<O>, waiter: Waiter<O>, idleFor: number): void {
    const { counts } = member.route;
    this.counts.requests += 1;
    this.counts.streams += 1;
    counts.requests += 1;
    counts.streams += 1;
    if (member.requests > 0) {
      this.counts.reused += 1;
      counts.reused += 1;
    }
    member.requests += 1;
    member.serverRequestsLeft -= 1;
    member.lastIdleFor = idleFor;
    member.active += 1;
    waiter.member = member;
    if (member.multiplexed) this.fileRoom(member);
  }

  /** An exchange of an `active` or `draining` connection is over. */
  finish(member: Member<O>, waiter: Waiter<O>): void {
    waiter.member = undefined;
    member.active -= 1;
    this.counts.streams -= 1;
    member.route.counts.streams -= 1;
    if (member.multiplexed) this.fileRoom(member);
  }

  /** From `active`, with no exchange left, to `idle`. */
  release(member: Member<O>, now: number): void {
    this.counts.active -= 1;
    member.route.counts.active -= 1;
    this.#becomeIdle(member, now);
  }

  /** Something that its room depends on has changed: whether it is found by those who look for one in use. */
  fileRoom(member: Member<O>): void {
    const { route } = member;
    if (member.state === "active" && member.active > 0 && roomOf(member, this.limits) > 0) {
      route.roomy ??= new Roomy();
      route.roomy.add(member);
    } else {
      route.roomy?.remove(member);
    }
  }

  /** From `active` to `draining`. A route that can share connections makes another one before this one has ended. */
  drain(member: Member<O>, cause: CloseCause): void {
    member.closeWhenReleased ??= cause;
    if (member.guests !== undefined) this.unshare(member);
    if (member.multiplexed) {
      member.route.roomy?.remove(member);
      this.#lose(member, cause.reason);
    }
    member.state = "draining";
    this.counts.active -= 1;
    this.counts.draining += 1;
    member.route.counts.active -= 1;
    member.route.counts.draining += 1;
  }

  /** From any state to `closed`: the one place where a slot becomes free. */
  close(member: Member<O>, reason: CloseReason): void {
    const { route, state } = member;
    if (state === "closed") return;
    if (state === "dialing") {
      this.waiting.finish(member);
      member.dialedFor = undefined;
      if (member.replaces !== undefined) route.lost.push(member.replaces);
    } else {
      if (state === "idle") this.idle.remove(member);
      else if (member.multiplexed) route.roomy?.remove(member);
      if (state !== "draining" || !member.multiplexed) this.#lose(member, reason);
      // The next dial may find another server that takes something.
      if (member.limit <= 0) route.barren = Math.min(route.barren, 1);
    }
    this.idle.forget(member);
    if (member.guests !== undefined) this.unshare(member);
    this.counts.streams -= member.active;
    route.counts.streams -= member.active;
    member.active = 0;
    route.members.remove(member);
    member.state = "closed";
    this.counts[state] -= 1;
    this.counts.closed += 1;
    route.counts[state] -= 1;
    route.counts.closed += 1;
  }

  /** From here on the connection carries exchanges of `guest` too. */
  share(member: Member<O>, guest: PoolRoute<O>): void {
    guest.hosts ??= [];
    if (guest.hosts.includes(member)) return;
    guest.hosts.push(member);
    member.guests ??= [];
    member.guests.push(guest);
  }

  /** From here on it carries only what is of its own route; what it has of others goes on. */
  unshare(member: Member<O>): void {
    for (const guest of member.guests ?? []) leaveOut(guest, member);
    member.guests = undefined;
  }

  /** Exchanges of the route go on no connection of another from here on. */
  unhost(guest: PoolRoute<O>): void {
    for (const host of [...(guest.hosts ?? [])]) {
      leaveOut(guest, host);
      host.guests = host.guests?.filter((each) => each !== guest);
    }
  }

  /** Notes it when nothing is left in the route. */
  settle(route: PoolRoute<O>): void {
    if (route.counts.open === 0 && route.counts.waiting === 0) this.table.rest(route);
  }

  /** A connection is lost to the route, until a dial stands in for it: not so one that another does the work of. */
  #lose({ id, route }: Member<O>, reason: CloseReason): void {
    if (this.limits.keepAlive && reason !== "coalesced") route.lost.push({ id, reason });
  }

  #becomeIdle(member: Member<O>, now: number): void {
    member.state = "idle";
    this.counts.idle += 1;
    member.route.counts.idle += 1;
    this.idle.put(member, now);
  }
}

function leaveOut<O>(guest: PoolRoute<O>, host: Member<O>): void {
  const left = guest.hosts?.filter((each) => each !== host);
  guest.hosts = left?.length === 0 ? undefined : left;
}
