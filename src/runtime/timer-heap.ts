/** Something that wants to be called at a time. `at` is `Infinity` when it does not. */
export interface Timed {
  /** When to fire, in the runtime's milliseconds; change it only through {@link TimerHeap.set}. */
  at: number;
  /** The key it is filed under, at most `at`. Owned by the heap. */
  heapKey: number;
  /** Its place in the heap, -1 when it is not in it. Owned by the heap. */
  heapIndex: number;
}

/**
 * A binary heap of deadlines in which moving a deadline *later* costs two stores and no heap operation: an
 * entry stays filed under its old, earlier key and is filed again only when that key comes up. A connection
 * whose deadline moves with every request so costs one heap operation per limit, not one per request.
 */
export class TimerHeap<T extends Timed> {
  readonly #entries: T[] = [];

  /** Sets the entry's deadline; `Infinity` cancels it. */
  set(entry: T, at: number): void {
    entry.at = at;
    if (entry.heapIndex < 0) {
      if (at === Number.POSITIVE_INFINITY) return;
      entry.heapKey = at;
      entry.heapIndex = this.#entries.length;
      this.#entries.push(entry);
      this.#up(entry.heapIndex);
    } else if (at < entry.heapKey) {
      entry.heapKey = at;
      this.#up(entry.heapIndex);
    }
  }

  /** Takes the entry out, so that the heap no longer holds it. */
  remove(entry: T): void {
    entry.at = Number.POSITIVE_INFINITY;
    if (entry.heapIndex >= 0) this.#removeAt(entry.heapIndex);
  }

  /** The time before which nothing is due: `Infinity` when the heap is empty. It may be early, never late. */
  get nextAt(): number {
    return this.#entries[0]?.heapKey ?? Number.POSITIVE_INFINITY;
  }

  /** Takes out and returns one entry that is due at `now`, or `undefined` when none is left. */
  popDue(now: number): T | undefined {
    for (;;) {
      const top = this.#entries[0];
      if (top === undefined || top.heapKey > now) return undefined;
      if (top.at <= now) {
        this.#removeAt(0);
        top.at = Number.POSITIVE_INFINITY;
        return top;
      }
      if (top.at === Number.POSITIVE_INFINITY) {
        this.#removeAt(0);
      } else {
        top.heapKey = top.at;
        this.#down(0);
      }
    }
  }

  get size(): number {
    return this.#entries.length;
  }

  #removeAt(index: number): void {
    const entries = this.#entries;
    const entry = entries[index];
    const last = entries.pop();
    if (entry === undefined || last === undefined) return;
    entry.heapIndex = -1;
    if (entry === last) return;
    entries[index] = last;
    last.heapIndex = index;
    this.#down(index);
    this.#up(last.heapIndex);
  }

  #up(start: number): void {
    const entries = this.#entries;
    const entry = entries[start] as T;
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = entries[parentIndex] as T;
      if (parent.heapKey <= entry.heapKey) break;
      entries[index] = parent;
      parent.heapIndex = index;
      index = parentIndex;
    }
    entries[index] = entry;
    entry.heapIndex = index;
  }

  #down(start: number): void {
    const entries = this.#entries;
    const entry = entries[start] as T;
    const length = entries.length;
    let index = start;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= length) break;
      const right = entries[childIndex + 1];
      if (right !== undefined && right.heapKey < (entries[childIndex] as T).heapKey) childIndex += 1;
      const child = entries[childIndex] as T;
      if (child.heapKey >= entry.heapKey) break;
      entries[index] = child;
      child.heapIndex = index;
      index = childIndex;
    }
    entries[index] = entry;
    entry.heapIndex = index;
  }
}
