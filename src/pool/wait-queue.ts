import type { Waiter } from "./waiter.js";

/** Waiters in order of arrival; a waiter is in at most one of these. */
export class WaitQueue<O> {
  head: Waiter<O> | undefined = undefined;
  #tail: Waiter<O> | undefined = undefined;

  push(waiter: Waiter<O>): void {
    waiter.queuePrevious = this.#tail;
    waiter.queueNext = undefined;
    if (this.#tail === undefined) this.head = waiter;
    else this.#tail.queueNext = waiter;
    this.#tail = waiter;
  }

  remove(waiter: Waiter<O>): void {
    const { queuePrevious, queueNext } = waiter;
    if (queuePrevious === undefined) this.head = queueNext;
    else queuePrevious.queueNext = queueNext;
    if (queueNext === undefined) this.#tail = queuePrevious;
    else queueNext.queuePrevious = queuePrevious;
    waiter.queuePrevious = undefined;
    waiter.queueNext = undefined;
  }
}

/** The waiters that count on one dial, or those that no dial is under way for, in order of arrival. */
export class TicketList<O> {
  head: Waiter<O> | undefined = undefined;
  tail: Waiter<O> | undefined = undefined;
  size = 0;

  /**
   * Puts a waiter in its place: the end for a new one. One that lost its dial is older than nearly all others
   * here, so its place is looked for from the front, past those that lost theirs just before.
   */
  insert(waiter: Waiter<O>): void {
    this.size += 1;
    let previous = this.tail;
    let next: Waiter<O> | undefined;
    if (previous !== undefined && previous.ticket > waiter.ticket) {
      next = this.head;
      while (next !== undefined && next.ticket < waiter.ticket) next = next.newerBeside;
      previous = next?.olderBeside;
    }
    waiter.olderBeside = previous;
    waiter.newerBeside = next;
    if (previous === undefined) this.head = waiter;
    else previous.newerBeside = waiter;
    if (next === undefined) this.tail = waiter;
    else next.olderBeside = waiter;
  }

  remove(waiter: Waiter<O>): void {
    this.size -= 1;
    const { olderBeside, newerBeside } = waiter;
    if (olderBeside === undefined) this.head = newerBeside;
    else olderBeside.newerBeside = newerBeside;
    if (newerBeside === undefined) this.tail = olderBeside;
    else newerBeside.olderBeside = olderBeside;
    waiter.olderBeside = undefined;
    waiter.newerBeside = undefined;
  }
}
