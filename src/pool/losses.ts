import type { CloseReason } from "../trace/index.js";

/** A connection that ended and that no dial has replaced yet. */
export interface Loss {
  readonly id: number;
  readonly reason: CloseReason;
}

/** The losses of one route that are remembered; beyond, the oldest is forgotten. A burst may lose many at once. */
const MAX_LOSSES = 256;

/**
 * The lost connections of one route, newest last. A dial stands in for the newest one: had that been kept,
 * the dial would not have been needed.
 */
export class Losses {
  #list: Loss[] | undefined = undefined;

  push(loss: Loss): void {
    this.#list ??= [];
    if (this.#list.length >= MAX_LOSSES) this.#list.shift();
    this.#list.push(loss);
  }

  /** Takes the newest one. */
  pop(): Loss | undefined {
    return this.#list?.pop();
  }

  get size(): number {
    return this.#list?.length ?? 0;
  }
}
