const iteratorPrototype: object = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

/** An iterator over the pairs as they are at each step. */
export function pairIterator<T, Iterator>(
  pairs: () => readonly (readonly [string, string])[],
  pick: (pair: readonly [string, string]) => T,
): Iterator {
  // The helpers come from the prototype, which a type cannot see.
  return new HeadersIterator(pairs, pick) as unknown as Iterator;
}

/**
 * The iterator of `Headers` (Web IDL §3.7.10 "iterator prototype object"): an index into the sorted pairs, which are
 * asked for again at each step, so that a change made while iterating is seen.
 */
class HeadersIterator<T> {
  readonly #pairs: () => readonly (readonly [string, string])[];
  readonly #pick: (pair: readonly [string, string]) => T;
  #index = 0;

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
}

// %IteratorPrototype% has the method that makes it iterable, and the helpers (map, filter, …) on the Node versions that
// have them.
Object.setPrototypeOf(HeadersIterator.prototype, iteratorPrototype);
// Web IDL's class has no constructor that a program could reach.
Reflect.deleteProperty(HeadersIterator.prototype, "constructor");
Object.defineProperty(HeadersIterator.prototype, "next", { enumerable: true });
Object.defineProperty(HeadersIterator.prototype, Symbol.toStringTag, {
  value: "Headers Iterator",
  configurable: true,
});
