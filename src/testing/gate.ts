/** A gate that a test opens once; everything that awaits its `promise` then continues. */
export interface Gate {
  /** Resolves when the gate is opened; rejects when its server closes first. */
  readonly promise: Promise<void>;
  /** Whether the gate has been opened. */
  readonly opened: boolean;
  /** Opens the gate; opening it twice does nothing. */
  open(): void;
}

export class OwnedGate implements Gate {
  readonly promise: Promise<void>;
  #opened = false;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;

  constructor() {
    let resolve: () => void = () => {};
    let reject: (error: Error) => void = () => {};
    this.promise = new Promise((yes, no) => {
      resolve = yes;
      reject = no;
    });
    // A gate that nobody waits at when its owner closes is not an unhandled rejection.
    this.promise.catch(() => {});
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get opened(): boolean {
    return this.#opened;
  }

  open(): void {
    this.#opened = true;
    this.#resolve();
  }

  abandon(error: Error): void {
    this.#reject(error);
  }
}
