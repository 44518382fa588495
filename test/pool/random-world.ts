import assert from "node:assert/strict";
import {
  checkInvariants,
  type Member,
  Pool,
  type PoolLimits,
  type PoolRoute,
  type Rejection,
  Waiter,
} from "../../src/pool/index.js";
import type { CloseCause, CloseReason, DialReason } from "../../src/trace/index.js";
import { NO_LIMITS } from "./pool-limits.js";

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function endedBy(reason: CloseReason): CloseCause {
  return { reason, by: "server", evidence: `it ended for ${reason}` };
}

/** What happened to a connection, as the world outside of the pool knows it. */
type Fate = "dialing" | "open" | "busy" | "closed";

class Exchange extends Waiter<string> {
  readonly number: number;
  fate: "waiting" | "assigned" | "rejected" | "cancelled" | "done" = "waiting";

  constructor(number: number) {
    super();
    this.number = number;
  }
}

const CLOSE_REASONS: readonly CloseReason[] = [
  "server-closed-idle",
  "server-said-close",
  "server-closed-unanswered",
  "reset",
  "aborted",
  "body-unread",
  "server-idle-timeout",
];
/** Those in capitals may turn out to carry several exchanges on a connection. */
const ORIGINS = ["a", "b", "c", "D", "E", "F"];
const STREAM_LIMITS = [0, 1, 2, 3, 10, Number.POSITIVE_INFINITY];
/** So deep may effects call back into the pool. */
const MAX_DEPTH = 4;

/**
 * A pool driven by chance: requests come, dials succeed and fail, servers close, the clock moves, and effects
 * call back into the pool at once. It keeps its own books and compares them with the pool's.
 */
export class RandomWorld {
  readonly #random: () => number;
  readonly #pool: Pool<string, Exchange>;
  readonly #fates = new Map<Member<string>, Fate>();
  readonly #waiting = new Set<Exchange>();
  /** The exchanges on each connection in use. */
  readonly #on = new Map<Member<string>, Set<Exchange>>();
  /** Connections whose dial is being reported. */
  readonly #fresh = new Set<Member<string>>();
  /** The routes whose servers carry several exchanges on a connection at present. */
  readonly #several = new Set<string>();
  #now = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  #ids = 0;
  #exchanges = 0;
  #depth = 0;
  #over = false;
  /** Endings of connections seen, by effect or by our own report. */
  #ends = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    const limits = this.#limits();
    this.#pool = new Pool(
      limits,
      {
        dial: (member) => this.#onDial(member),
        assign: (waiter, member) => this.#onAssign(waiter, member),
        reject: (waiter, why) => this.#onReject(waiter, why),
        close: (member) => this.#onClose(member),
        wake: (at) => {
          this.#wakeAt = at;
        },
        check: (member) => this.#onCheck(member),
      },
      {
        random: this.#random,
        nextId: () => ++this.#ids,
        barrenTimeout: this.#pick([300, Number.POSITIVE_INFINITY]),
      },
    );
  }

  /** Does one thing, then compares the books. */
  step(): void {
    this.#act();
    this.#compare();
  }

  /** Shuts down and lets everything end; nothing may be left. */
  finish(): void {
    this.#over = true;
    if (this.#chance(0.2)) this.#pool.destroy(this.#now);
    else this.#pool.shutdown(this.#now);
    this.#compare();
    for (let rounds = 0; this.#pool.counts.open + this.#pool.counts.waiting > 0; rounds += 1) {
      assert.ok(rounds < 10_000, "the pool never comes to rest after shutdown");
      this.#now += 1;
      for (const [member, fate] of [...this.#fates]) {
        if (fate === "dialing") this.#endDial(member, this.#chance(0.3));
        else if (fate === "busy") this.#release(member);
        this.#compare();
      }
    }
    const late = new Exchange(0);
    this.#waiting.add(late);
    this.#pool.acquire(late, this.#pool.route("a", "a"), this.#now);
    assert.equal(late.fate, "rejected", "a closed pool turns new requests away");
    this.#compare();
  }

  #limits(): PoolLimits {
    const some = (values: number[]): number => this.#pick([Number.POSITIVE_INFINITY, ...values]);
    return {
      ...NO_LIMITS,
      maxConnections: some([1, 2, 5, 12]),
      maxConnectionsPerOrigin: some([1, 2, 6]),
      maxIdleConnections: some([0, 1, 4, 10]),
      maxIdleConnectionsPerOrigin: some([0, 1, 3]),
      maxDialingPerOrigin: some([1, 2, 8]),
      maxWaiting: some([0, 3, 10]),
      queueTimeout: some([50, 2000]),
      idleTimeout: some([100, 3000, 10_000]),
      maxConnectionAge: some([500, 20_000]),
      maxRequestsPerConnection: some([1, 2, 20]),
      keepAlive: this.#chance(0.9),
    };
  }

  #act(): void {
    const roll = this.#random();
    if (roll < 0.3) this.#acquire();
    else if (roll < 0.34) this.#cancel();
    else if (roll < 0.5) this.#withSome("dialing", (member) => this.#endDial(member, this.#chance(0.2)));
    else if (roll < 0.76) this.#withSome("busy", (member) => this.#release(member));
    else if (roll < 0.82)
      this.#withSome(this.#pick<Fate>(["open", "busy", "dialing"]), (m) => this.#report(m));
    else if (roll < 0.84) this.#pool.preconnect(this.#route(), 1 + Math.floor(this.#random() * 3), this.#now);
    else if (roll < 0.845) this.#pool.closeIdle(this.#now);
    else if (roll < 0.855)
      this.#withSome(this.#pick<Fate>(["open", "busy", "dialing"]), (m) => this.#retire(m));
    else if (roll < 0.875)
      this.#withSome(this.#pick<Fate>(["open", "busy", "dialing"]), (m) => this.#tellLimit(m));
    else if (roll < 0.88) this.#changeProtocol();
    else if (roll < 0.9) this.#withSome(this.#pick<Fate>(["open", "busy"]), (m) => this.#share(m));
    else if (roll < 0.902) this.#pool.unshare(this.#route());
    else this.#pass();
  }

  #changeProtocol(): void {
    const origin = this.#pick(ORIGINS);
    if (!this.#several.delete(origin)) this.#several.add(origin);
  }

  #tellLimit(member: Member<string>): void {
    if (
      this.#mayShare(member) &&
      (member.state === "dialing" ? this.#several.has(member.route.key) : member.multiplexed)
    )
      this.#pool.capacity(member, this.#pick(STREAM_LIMITS), this.#now);
  }

  /** Exchanges of another route may go on it too, unless it takes nothing more or carries one at a time. */
  #share(member: Member<string>): void {
    const guest = this.#route();
    if (guest === member.route) return;
    this.#pool.share(guest, member);
    const usable = member.multiplexed && (member.state === "active" || member.state === "idle");
    assert.equal(guest.hosts?.includes(member) ?? false, usable);
  }

  #mayShare({ route }: Member<string>): boolean {
    return route.key < "a";
  }

  #acquire(): void {
    const exchange = new Exchange(++this.#exchanges);
    exchange.repeatable = this.#chance(0.7);
    exchange.mustDial = this.#chance(0.05) ? this.#pick<DialReason>(["retry"]) : undefined;
    this.#waiting.add(exchange);
    this.#pool.acquire(exchange, this.#route(), this.#now);
  }

  #cancel(): void {
    const exchange = this.#pick([...this.#waiting]);
    if (exchange === undefined || exchange.fate !== "waiting") return;
    exchange.fate = "cancelled";
    this.#waiting.delete(exchange);
    this.#pool.cancel(exchange, this.#now);
    this.#pool.cancel(exchange, this.#now);
  }

  #endDial(member: Member<string>, fails: boolean): void {
    if (!fails) {
      this.#fates.set(member, "open");
      this.#fresh.add(member);
      // What a server has said about its streams it does not take back by speaking HTTP/1.1.
      const several = this.#mayShare(member) && (member.multiplexed || this.#several.has(member.route.key));
      if (several) this.#pool.dialed(member, this.#now, this.#pick([Number.POSITIVE_INFINITY, 4]));
      else this.#pool.dialed(member, this.#now);
      this.#fresh.delete(member);
      return;
    }
    this.#countEnd(member);
    const failing: (Waiter<string> | undefined)[] = [member.dialedFor];
    if (member.room > 1 && member.route.counts.open === 1)
      for (let waiter = member.awaiting.head; waiter !== undefined; waiter = waiter.newerBeside)
        failing.push(waiter);
    this.#pool.dialFailed(member, new Error("refused"), this.#now);
    for (const exchange of failing) {
      if (!(exchange instanceof Exchange)) continue;
      assert.equal(exchange.fate, "rejected", "who counted on the dial alone gets its error");
    }
  }

  #release(member: Member<string>): void {
    if (this.#chance(0.1)) member.serverIdleLimit = this.#pick([50, 4000]);
    if (!member.multiplexed && this.#chance(0.05)) member.serverRequestsLeft = this.#pick([0, 1, 5]);
    const on = this.#on.get(member) ?? new Set();
    const exchange = this.#pick([...on]);
    on.delete(exchange);
    exchange.fate = "done";
    if (on.size === 0) this.#fates.set(member, "open");
    if (member.multiplexed && this.#chance(0.1)) this.#pool.refused(member, exchange, this.#now);
    else this.#pool.released(member, exchange, this.#now);
    if (this.#depth === 0) this.#pool.released(member, exchange, this.#now);
  }

  #report(member: Member<string>): void {
    const cause = endedBy(this.#pick(CLOSE_REASONS));
    this.#countEnd(member);
    this.#pool.closed(member, cause, this.#now);
    this.#pool.closed(member, cause, this.#now);
  }

  #retire(member: Member<string>): void {
    this.#pool.retire(member, endedBy("max-age"), this.#now);
  }

  #pass(): void {
    this.#now += this.#pick([0.25, 1, 20, 400, 3000]);
    if (this.#now < this.#wakeAt && !this.#chance(0.05)) return;
    this.#pool.tick(this.#now);
    assert.ok(this.#wakeAt > this.#now, "after a tick nothing is due any more");
  }

  #onDial(member: Member<string>): void {
    assert.equal(member.state, "dialing");
    assert.ok(!this.#fates.has(member), "a connection is dialed once");
    this.#fates.set(member, "dialing");
    this.#deeper(0.1, () => this.#endDial(member, this.#chance(0.5)));
  }

  #onAssign(waiter: Exchange, member: Member<string>): void {
    assert.equal(waiter.fate, "waiting", "a waiter is served once");
    assert.equal(waiter.member, member);
    assert.equal(member.state, "active");
    const on = this.#on.get(member) ?? new Set();
    const allowed: (Fate | undefined)[] = member.multiplexed ? ["open", "busy"] : ["open"];
    assert.ok(allowed.includes(this.#fates.get(member)), "only an open connection with room is given out");
    assert.equal(member.active, on.size + 1, "the exchanges on a connection are miscounted");
    assert.ok(member.active <= member.limit, "a connection is given more than it can carry");
    const next = waiter.waitingIn ?? member.route.queue.head;
    if (waiter.ticket > 0 && next instanceof Exchange) {
      assert.ok(
        waiter.ticket < next.ticket || waiter.mustDial !== undefined,
        "the oldest waiter comes first",
      );
    }
    if (waiter.mustDial !== undefined)
      assert.ok(this.#fresh.has(member), "who must dial gets a new connection");
    if (waiter.mustDial !== undefined && !member.multiplexed) assert.equal(member.requests, 1);
    assert.ok(member.lastIdleFor <= this.#pool.limits.idleTimeout, "nobody gets a connection idle too long");
    assert.ok(member.requests <= this.#pool.limits.maxRequestsPerConnection);
    waiter.fate = "assigned";
    this.#waiting.delete(waiter);
    this.#on.set(member, on.add(waiter));
    this.#fates.set(member, "busy");
    this.#deeper(0.05, () => (this.#chance(0.5) ? this.#release(member) : this.#report(member)));
  }

  #onReject(waiter: Exchange, why: Rejection<string>): void {
    assert.equal(waiter.fate, "waiting", "a waiter is turned away once");
    if (why.kind === "max-waiting") assert.ok(why.waiting >= this.#pool.limits.maxWaiting);
    if (why.kind === "queue-timeout") assert.ok(why.waited >= this.#pool.limits.queueTimeout * 0.999);
    if (why.kind === "no-streams") assert.ok(why.waited >= 299);
    if (why.kind === "closed") assert.ok(this.#over);
    waiter.fate = "rejected";
    this.#waiting.delete(waiter);
    if (!this.#over) this.#deeper(0.2, () => this.#acquire());
  }

  #onClose(member: Member<string>): void {
    assert.equal(member.state, "closed");
    this.#countEnd(member);
    this.#deeper(0.3, () => {
      this.#pool.closed(member, endedBy("reset"), this.#now);
      if (!this.#over) this.#acquire();
    });
  }

  #onCheck(member: Member<string>): CloseCause | undefined {
    assert.ok(member.state === "idle" || member.state === "active");
    if (!this.#chance(0.05)) return undefined;
    if (this.#chance(0.5)) return endedBy("server-closed-idle");
    this.#report(member);
    return undefined;
  }

  #countEnd(member: Member<string>): void {
    assert.notEqual(this.#fates.get(member), "closed", "a connection ends once");
    this.#fates.set(member, "closed");
    for (const exchange of this.#on.get(member) ?? []) exchange.fate = "done";
    this.#on.delete(member);
    this.#ends += 1;
  }

  #deeper(probability: number, act: () => void): void {
    if (this.#depth >= MAX_DEPTH || !this.#chance(probability)) return;
    this.#depth += 1;
    act();
    this.#depth -= 1;
  }

  #compare(): void {
    checkInvariants(this.#pool);
    const { counts } = this.#pool;
    assert.equal(counts.waiting, this.#waiting.size, "no waiter is lost");
    assert.equal(counts.closed, this.#ends, "each connection ends once");
    for (const [member, fate] of this.#fates) {
      if (fate === "closed") this.#fates.delete(member);
      const { state } = member;
      if (fate === "closed") assert.equal(state, "closed");
      else if (fate === "dialing") assert.equal(state, "dialing");
      else if (fate === "open") assert.equal(state, "idle");
      else assert.ok(state === "active" || state === "draining");
    }
    assert.equal(counts.open, this.#fates.size, "no connection is lost");
    let streams = 0;
    for (const [member, on] of this.#on) {
      streams += on.size;
      assert.equal(member.active, on.size, "an exchange is lost, or counted twice");
    }
    assert.equal(counts.streams, streams);
    assert.equal(counts.opened, this.#ids);
  }

  #route(): PoolRoute<string> {
    const origin = this.#pick(ORIGINS);
    return this.#pool.route(origin, origin, origin < "a");
  }

  #withSome(fate: Fate, act: (member: Member<string>) => void): void {
    const members = [...this.#fates].filter(([, one]) => one === fate).map(([member]) => member);
    if (members.length > 0) act(this.#pick(members));
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)] as T;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }
}
