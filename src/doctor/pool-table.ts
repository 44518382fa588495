import type { Pool } from "./watched.js";

/** So many pools of one owner are kept at most; beyond, those that have no connection go. */
const MAX = 4096;

/** The pools of each owner, by what distinguishes them: a name with the origin in it. */
export class PoolTable {
  readonly #pools = new WeakMap<object, Map<string, Pool>>();

  get(owner: object, name: string, make: () => Pool): Pool {
    let pools = this.#pools.get(owner);
    if (pools === undefined) this.#pools.set(owner, (pools = new Map()));
    let pool = pools.get(name);
    if (pool === undefined) {
      if (pools.size >= MAX) removeEmpty(pools);
      pool = make();
      pools.set(name, pool);
    }
    return pool;
  }
}

function removeEmpty(pools: Map<string, Pool>): void {
  for (const [name, pool] of pools) {
    if (pool.connections.size === 0) pools.delete(name);
  }
}
