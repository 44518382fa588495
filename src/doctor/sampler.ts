/** The first calls, which are all there are of a small program… */
const FIRST = 64;
/** …then one in so many: a stack costs some ten microseconds. */
const ONE_IN = 256;

/** Which calls have their call site taken. */
export class Sampler {
  #seen = 0;

  next(): boolean {
    this.#seen++;
    return this.#seen <= FIRST || this.#seen % ONE_IN === 0;
  }
}
