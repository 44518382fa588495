import type { CloseReason } from "../../trace/index.js";

/** A connection that ended and that no dial has replaced yet. */
export interface LostConnection {
  readonly id: number;
  readonly reason: CloseReason;
}

/** The losses of one route that are remembered; beyond, the oldest is forgotten. A burst may lose many at once. */
const MAX_LOST = 256;

/**
 * The lost connections of one route, newest last. A dial stands in for the newest one: had that been kept,
 * the dial would not have been needed.
 */
export class LostConnections {
  #list: LostConnection[] | undefined = undefined;

  push(one: LostConnection): void {
    this.#list ??= [];
    if (this.#list.length >= MAX_LOST) this.#list.shift();
    this.#list.push(one);
  }

  /** Takes the newest one. */
  pop(): LostConnection | undefined {
    return this.#list?.pop();
  }

  get size(): number {
    return this.#list?.length ?? 0;
  }
}
