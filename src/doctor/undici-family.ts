import { inside } from "./undici-inside.js";

/** Pools and agents looked through for a new client's: those of agents made for each request need not be found. */
const MAX = 64;

/**
 * Which agent or pool a new client of undici belongs to. Its events tell that when it has connected; but why it
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

  /**
   * The owner of the dispatcher made last: a client dials in the call that makes it. An agent rather than its pool,
   * as newer versions drop a pool with its last connection.
   */
  holderOfNewest(): object | undefined {
    const client = this.#newest?.deref();
    if (client === undefined) return undefined;
    const pool = found(this.#pools, (one) => has(inside(one, "clients"), client));
    const child = pool ?? client;
    return found(this.#agents, (one) => has(inside(one, "clients"), child)) ?? pool;
  }
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
    if (value === child || dispatcher === child || (typeof deref === "function" && deref.call(value) === child)) return true;
  }
  return false;
}

/** Whether a dispatcher shares requests out to clients of one origin. */
function isPool(dispatcher: object): boolean {
  for (let part: unknown = dispatcher; typeof part === "object" && part !== null; part = Object.getPrototypeOf(part)) {
    const symbols = Object.getOwnPropertySymbols(part);
    if (symbols.some(({ description }) => description === "get dispatcher")) return true;
  }
  return false;
}
