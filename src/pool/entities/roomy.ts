import { type Timed, TimerHeap } from "../../runtime/index.js";

interface Roomable<T> {
  readonly id: number;
  opening: RoomEntry<T> | undefined;
}

/** A connection's place among those in use that have room. */
export class RoomEntry<T> implements Timed {
  readonly member: T;
  at: number = Number.POSITIVE_INFINITY;
  heapKey: number = Number.POSITIVE_INFINITY;
  heapIndex = -1;

  constructor(member: T) {
    this.member = member;
  }
}

/** The connections of one route that are in use and have room for more, the oldest first, so that younger ones run empty. */
export class Roomy<T extends Roomable<T>> {
  readonly #heap = new TimerHeap<RoomEntry<T>>();

  get size(): number {
    return this.#heap.size;
  }

  has(member: T): boolean {
    return member.opening !== undefined && member.opening.heapIndex >= 0;
  }

  add(member: T): void {
    member.opening ??= new RoomEntry(member);
    this.#heap.set(member.opening, member.id);
  }

  remove(member: T): void {
    if (member.opening !== undefined) this.#heap.remove(member.opening);
  }

  get oldest(): T | undefined {
    const entry = this.#heap.popDue(Number.POSITIVE_INFINITY);
    if (entry === undefined) return undefined;
    this.#heap.set(entry, entry.member.id);
    return entry.member;
  }
}
