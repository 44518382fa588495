import type { Tally } from "./tally.js";
import { inside } from "./undici-inside.js";

/** Pools and agents looked through for a new client's: those of agents made for each request need not be found. */
const MAX = 64;

/**
 * Which agent or pool a new client of undici belongs to. Its events say so when it has connected; but why it
 * dials is to be known when it begins to, and undici shows only a connector then.
 */
export class UndiciFamily {
  #pools: WeakRef<object>[] = [];
  #agents: WeakRef<object>[] = [];
  #newest: WeakRef<object> | undefined;

  made(dispatcher: object): void {
    const made = new WeakRef(dispatcher);
    this.#newest = made;
    if (isPool(dispatcher)) this.#pools = added(this.#pools, made);
    else if (/Agent/.test(dispatcher.constructor.name)) this.#agents = added(this.#agents, made);
  }

  /** The pool that the dispatcher made last is in. */
  poolOfNewest(): object | undefined {
    const client = this.#newest?.deref();
    return client === undefined
      ? undefined
      : found(this.#pools, (one) => has(inside(one, "clients"), client));
  }

  /**
   * The owner of the dispatcher made last: a client dials in the call that makes it. An agent rather than its pool,
   * as newer versions drop a pool with its last connection.
   */
  holderOfNewest(): object | undefined {
    const client = this.#newest?.deref();
    if (client === undefined) return undefined;
    const pool = this.poolOfNewest();
    const child = pool ?? client;
    return found(this.#agents, (one) => has(inside(one, "clients"), child)) ?? pool;
  }
}

const watchedQueues = new WeakSet<object>();

/** Sees how long requests wait in the queue of a pool that has a limit; its channels show them only when they leave it. */
export function watchQueue(pool: object, tally: Tally, now: () => number): void {
  const queue = inside(pool, "queue") as { push?: unknown; shift?: unknown } | undefined;
  if (queue === undefined || watchedQueues.has(queue)) return;
  const { push, shift } = queue;
  if (typeof push !== "function" || typeof shift !== "function") return;
  watchedQueues.add(queue);
  const since: number[] = [];
  queue.push = (...items: unknown[]): unknown => {
    since.push(now());
    tally.demanded();
    return push.apply(queue, items);
  };
  queue.shift = (): unknown => {
    const item: unknown = shift.call(queue);
    const at = item === undefined || item === null ? undefined : since.shift();
    if (at !== undefined) {
      tally.demand--;
      tally.count("queued");
      tally.count("queuedMs", now() - at);
    }
    return item;
  };
}

function added(list: WeakRef<object>[], one: WeakRef<object>): WeakRef<object>[] {
  return [...(list.length < MAX ? list : list.slice(MAX / 2)), one];
}

function found(list: readonly WeakRef<object>[], holds: (one: object) => boolean): object | undefined {
  for (let index = list.length - 1; index >= 0; index--) {
    const one = list[index]?.deref();
    if (one !== undefined && holds(one)) return one;
  }
  return undefined;
}

/** Whether a pool's list or an agent's map has a child; versions wrap it differently. */
function has(children: unknown, child: object): boolean {
  if (Array.isArray(children)) return children.includes(child);
  if (!(children instanceof Map)) return false;
  for (const value of children.values()) {
    const { dispatcher, deref } = value as { dispatcher?: unknown; deref?: () => unknown };
    if (
      value === child ||
      dispatcher === child ||
      (typeof deref === "function" && deref.call(value) === child)
    )
      return true;
  }
  return false;
}

/** Whether a dispatcher shares requests out to clients of one origin. */
function isPool(dispatcher: object): boolean {
  for (
    let part: unknown = dispatcher;
    typeof part === "object" && part !== null;
    part = Object.getPrototypeOf(part)
  ) {
    const symbols = Object.getOwnPropertySymbols(part);
    if (symbols.some(({ description }) => description === "get dispatcher")) return true;
  }
  return false;
}
