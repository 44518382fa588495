import type { ConnectionOver } from "./wire-errors.js";

/** The bytes a peer has sent and nobody has consumed yet. */
export class Incoming {
  #chunks: Buffer[] = [];
  #length = 0;
  #over: ConnectionOver | undefined;
  #wake: (() => void)[] = [];

  /** Unconsumed bytes. */
  get length(): number {
    return this.#length;
  }

  /** Why nothing more will come, once nothing more will. */
  get over(): ConnectionOver | undefined {
    return this.#over;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#notify();
  }

  finish(over: ConnectionOver): void {
    this.#over ??= over;
    this.#notify();
  }

  /** All unconsumed bytes, left in place. */
  peek(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks, this.#length)];
    return this.#chunks[0] as Buffer;
  }

  /** Consumes exactly `count` bytes, of which so many must be there. */
  take(count: number): Buffer {
    const all = this.peek();
    this.#length = all.length - count;
    this.#chunks = this.#length > 0 ? [all.subarray(count)] : [];
    return all.subarray(0, count);
  }

  /** Resolves at the next arrival or at the end. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
