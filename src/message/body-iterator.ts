import type { BodyReader } from "./body-reader.js";

type Step = IteratorResult<Uint8Array, undefined>;

/**
 * Iterates over a body. By hand and not as an async generator, which makes three promises more for each chunk.
 */
export class BodyIterator implements AsyncIterableIterator<Uint8Array, undefined, undefined> {
  readonly #body: BodyReader | undefined;
  #refusal: Promise<never> | undefined;

  /** Without a body it is at its end at once; with a refusal its first step fails with that. */
  constructor(body: BodyReader | undefined, refusal: Promise<never> | undefined) {
    this.#body = body;
    this.#refusal = refusal;
    refusal?.catch(() => undefined);
  }

  next(): Promise<Step> {
    const refusal = this.#refusal;
    if (refusal !== undefined) {
      this.#refusal = undefined;
      return refusal;
    }
    return this.#body?.next() ?? Promise.resolve({ value: undefined, done: true });
  }

  /** The loop was left early. */
  async return(): Promise<Step> {
    await this.#body?.cancel(undefined);
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
