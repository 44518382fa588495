import type { Http2Stream } from "./stream.js";

/** Places at first; a power of two. */
const FIRST_SIZE = 8;
/** The table does not grow beyond this: one stream that stays open must not make it. */
const LARGEST_SIZE = 4_096;

/**
 * The open streams by their ids. Ids follow each other, so a ring finds them without hashing; a stream that is still
 * open when the ring comes round to its place moves aside.
 *
 * Not a `Map`, since one that streams enter and leave all the time is made anew every so often, and V8 chains each old
 * table to the next: once one is in the old generation, all the streams after it stay in memory until a full collection.
 */
export class StreamTable<Owner> {
  #ring: (Http2Stream<Owner> | undefined)[] = new Array(FIRST_SIZE).fill(undefined);
  #aside: Map<number, Http2Stream<Owner>> | undefined;
  size = 0;

  get(id: number): Http2Stream<Owner> | undefined {
    const stream = this.#ring[(id >>> 1) & (this.#ring.length - 1)];
    return stream !== undefined && stream.id === id ? stream : this.#aside?.get(id);
  }

  /** Takes up a stream that has just got its id. */
  add(stream: Http2Stream<Owner>): void {
    while (this.size * 2 >= this.#ring.length && this.#ring.length < LARGEST_SIZE) this.#grow();
    const place = (stream.id >>> 1) & (this.#ring.length - 1);
    const before = this.#ring[place];
    if (before !== undefined) {
      this.#aside ??= new Map();
      this.#aside.set(before.id, before);
    }
    this.#ring[place] = stream;
    this.size += 1;
  }

  delete(id: number): void {
    const place = (id >>> 1) & (this.#ring.length - 1);
    if (this.#ring[place]?.id === id) this.#ring[place] = undefined;
    else if (this.#aside?.delete(id) !== true) return;
    this.size -= 1;
  }

  /** All of them, by id. */
  values(): Http2Stream<Owner>[] {
    const all = this.#ring.filter((stream) => stream !== undefined);
    if (this.#aside !== undefined) all.push(...this.#aside.values());
    return all.sort((a, b) => a.id - b.id);
  }

  #grow(): void {
    const old = this.#ring;
    this.#ring = new Array(old.length * 2).fill(undefined);
    for (const stream of old) {
      if (stream !== undefined) this.#ring[(stream.id >>> 1) & (this.#ring.length - 1)] = stream;
    }
  }
}
