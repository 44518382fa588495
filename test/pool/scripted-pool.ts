import {
  type CountsRecord,
  checkInvariants,
  type Member,
  Pool,
  type PoolLimits,
  type PoolRoute,
  Waiter,
} from "../../src/pool/index.js";
import type { CloseCause, ClosedBy, CloseReason } from "../../src/trace/index.js";
import { NO_LIMITS } from "./pool-limits.js";

class NamedWaiter extends Waiter<string> {
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

/**
 * A pool that is driven by lines and tells what it did in lines. Connections are called c1, c2… in the order
 * of their dials; waiters and routes as the lines call them.
 *
 *     acquire <waiter> <route> [once] [retry]    once: cannot be sent twice; retry: must dial
 *     cancel <waiter>
 *     dialed|failed|released <connection>…      released: its only exchange is over
 *     carries <connection> [<exchanges>]         dialed, and it can carry several exchanges at once
 *     limit <connection> <exchanges>             the server allows so many at once
 *     done|refused <waiter>…                     its exchange is over; the server would not have it
 *     closed|retire <connection> <reason> [<by>]
 *     keeps <connection> <milliseconds>          the server announced how long it keeps it idle
 *     takes <connection> <requests>              the server announced how many more it takes
 *     share <route> <connection>                 exchanges of the route may go on this connection of another one
 *     unshare <route>                            they go only on its own from here on
 *     dead <connection>                          a check will find it closed
 *     preconnect <route> <count>
 *     closeIdle | shutdown | destroy | tick
 *
 * Routes whose names begin with "m" may turn out to carry several exchanges on a connection. The pool answers with
 *
 *     dial <connection> <route> <reason> [after <connection>]
 *     assign <waiter> <connection> [idle <milliseconds>]
 *     reject <waiter> <why>
 *     close <connection> <reason> <by>
 */
export class ScriptedPool {
  readonly pool: Pool<string, NamedWaiter>;
  readonly #members = new Map<string, Member<string>>();
  readonly #waiters = new Map<string, NamedWaiter>();
  readonly #lastOn = new Map<Member<string>, NamedWaiter>();
  readonly #dead = new Set<Member<string>>();
  #events: string[] = [];
  #ids = 0;

  constructor(limits: Partial<PoolLimits>) {
    const barrenTimeout = 5000;
    this.pool = new Pool(
      { ...NO_LIMITS, ...limits },
      {
        dial: (member) => {
          this.#members.set(`c${member.id}`, member);
          const after = member.previous === undefined ? "" : ` after c${member.previous}`;
          this.#events.push(`dial c${member.id} ${member.route.key} ${member.openedFor}${after}`);
        },
        assign: (waiter, member) => {
          this.#lastOn.set(member, waiter);
          const idle = member.lastIdleFor > 0 ? ` idle ${member.lastIdleFor}` : "";
          this.#events.push(`assign ${waiter.name} c${member.id}${idle}`);
        },
        reject: (waiter, why) => this.#events.push(`reject ${waiter.name} ${why.kind}`),
        close: (member, { reason, by }) => this.#events.push(`close c${member.id} ${reason} ${by}`),
        wake: () => {},
        check: (member) =>
          this.#dead.has(member)
            ? { reason: "server-closed-idle", by: "server", evidence: "It was found closed." }
            : undefined,
      },
      { random: () => 0.5, nextId: () => ++this.#ids, barrenTimeout },
    );
  }

  /** Does what the line says and returns what the pool did. */
  do(line: string, now: number): string[] {
    this.#events = [];
    const [verb = "", ...words] = line.split(" ");
    this.#dispatch(verb, words, now);
    checkInvariants(this.pool);
    return this.#events;
  }

  counts(): CountsRecord {
    return this.pool.snapshot().totals;
  }

  #dispatch(verb: string, words: readonly string[], now: number): void {
    const { pool } = this;
    const [name = "", second = "", third = "client"] = words;
    switch (verb) {
      case "acquire":
        pool.acquire(this.#newWaiter(name, words), this.#route(second), now);
        break;
      case "cancel":
        pool.cancel(this.#known(this.#waiters, name), now);
        break;
      case "dialed":
      case "failed":
      case "released":
        for (const each of words) this.#change(verb, this.#member(each), now);
        break;
      case "carries":
        pool.dialed(this.#member(name), now, second === "" ? Number.POSITIVE_INFINITY : Number(second));
        break;
      case "limit":
        pool.capacity(this.#member(name), Number(second), now);
        break;
      case "done":
      case "refused":
        for (const each of words) this.#end(verb, this.#known(this.#waiters, each), now);
        break;
      case "closed":
        pool.closed(this.#member(name), this.#cause(second, third), now);
        break;
      case "retire":
        pool.retire(this.#member(name), this.#cause(second, third), now);
        break;
      case "keeps":
        this.#member(name).serverIdleLimit = Number(second);
        break;
      case "takes":
        this.#member(name).serverRequestsLeft = Number(second);
        break;
      case "share":
        pool.share(this.#route(name), this.#member(second));
        break;
      case "unshare":
        pool.unshare(this.#route(name));
        break;
      case "dead":
        this.#dead.add(this.#member(name));
        break;
      case "preconnect":
        pool.preconnect(this.#route(name), Number(second), now);
        break;
      case "closeIdle":
      case "shutdown":
      case "destroy":
      case "tick":
        pool[verb](now);
        break;
      default:
        throw new Error(`There is no "${verb}" in the language of pool behaviours.`);
    }
  }

  #change(verb: "dialed" | "failed" | "released", member: Member<string>, now: number): void {
    if (verb === "failed") this.pool.dialFailed(member, new Error("refused"), now);
    else if (verb === "dialed") this.pool.dialed(member, now);
    else this.#end("done", this.#lastOn.get(member), now);
  }

  #end(verb: "done" | "refused", waiter: NamedWaiter | undefined, now: number): void {
    const member = waiter?.member;
    if (waiter === undefined || member === undefined) return;
    if (verb === "done") this.pool.released(member, waiter, now);
    else this.pool.refused(member, waiter, now);
  }

  #cause(reason: string, by: string): CloseCause {
    return { reason: reason as CloseReason, by: by as ClosedBy, evidence: `The script says ${reason}.` };
  }

  #newWaiter(name: string, words: readonly string[]): NamedWaiter {
    const waiter = new NamedWaiter(name);
    waiter.repeatable = !words.includes("once");
    waiter.mustDial = words.includes("retry") ? "retry" : undefined;
    this.#waiters.set(name, waiter);
    return waiter;
  }

  #route(key: string): PoolRoute<string> {
    return this.pool.route(key, `http://${key}`, key.startsWith("m"));
  }

  #member(name: string): Member<string> {
    return this.#known(this.#members, name);
  }

  #known<T>(things: Map<string, T>, name: string): T {
    const thing = things.get(name);
    if (thing === undefined) throw new Error(`There is no ${name} at this point.`);
    return thing;
  }
}
