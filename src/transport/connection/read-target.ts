/** One read buffer for all sockets of the process: the parser is done with it when the callback returns. */
const READ_BUFFER_BYTES = 64 * 1024;
let shared: Buffer | undefined;

function sharedBuffer(): Buffer {
  shared ??= Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  return shared;
}

/**
 * Where a connection's next read goes: the shared buffer, or one that the body under way has for itself. Node asks
 * after each read; the answer `undefined` means "the same again" and costs nothing, so that is the usual one.
 */
export class ReadTarget {
  #current: Uint8Array | undefined;
  #next: Uint8Array | undefined;
  #open = false;

  /** The dial is done; until then every attempt of its race asks, and all get the shared buffer. */
  opened(): void {
    this.#open = true;
    this.#current = sharedBuffer();
  }

  /** The answer to `onread.buffer`. */
  take(): Uint8Array | undefined {
    if (!this.#open) return sharedBuffer();
    const next = this.#next;
    if (next !== undefined) {
      this.#next = undefined;
      this.#current = next;
    }
    return next;
  }

  /** Chooses the buffer after the present callback; `undefined` for the shared one. */
  choose(wanted: Uint8Array | undefined): void {
    const target = wanted ?? sharedBuffer();
    this.#next = target === this.#current ? undefined : target;
  }
}
