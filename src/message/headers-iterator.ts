const iteratorPrototype: object = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

/** What iterates `Headers`, as the platform's types have it: with the helpers where there are any. */
export type PairIterator<T> = IteratorObject<T, undefined, unknown>;

/** An iterator over the pairs as they are at each step. */
export function pairIterator<T>(
  pairs: () => readonly (readonly [string, string])[],
  pick: (pair: readonly [string, string]) => T,
): PairIterator<T> {
  // The helpers come from the prototype, which a type cannot see.
  return new HeadersIterator(pairs, pick) as IterableIterator<T, undefined> as PairIterator<T>;
}

/**
 * The iterator of `Headers` (Web IDL §3.7.9 "pair iterators"): an index into the sorted pairs, which are asked
 * for again at each step, so that a change made while iterating is seen.
 */
class HeadersIterator<T> implements IterableIterator<T> {
  readonly #pairs: () => readonly (readonly [string, string])[];
  readonly #pick: (pair: readonly [string, string]) => T;
  #index = 0;

  static {
    // %IteratorPrototype% brings the helpers (map, filter, …) on the Node versions that have them.
    Object.setPrototypeOf(HeadersIterator.prototype, iteratorPrototype);
  }

  constructor(
    pairs: () => readonly (readonly [string, string])[],
    pick: (pair: readonly [string, string]) => T,
  ) {
    this.#pairs = pairs;
    this.#pick = pick;
  }

  next(): IteratorResult<T, undefined> {
    const pair = this.#pairs()[this.#index];
    if (pair === undefined) return { done: true, value: undefined };
    this.#index++;
    return { done: false, value: this.#pick(pair) };
  }

  [Symbol.iterator](): this {
    return this;
  }

  get [Symbol.toStringTag](): string {
    return "Headers Iterator";
  }
}
