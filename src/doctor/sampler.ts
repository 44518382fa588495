/** The first calls, which are all there are of a small program… */
const FIRST = 64;
/** …then one in so many: below fetch a stack costs a hundred microseconds. */
const ONE_IN = 1024;

/** Which calls have their call site taken. */
export class Sampler {
  #seen = 0;

  next(): boolean {
    this.#seen++;
    return this.#seen <= FIRST || this.#seen % ONE_IN === 0;
  }
}
