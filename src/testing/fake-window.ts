export type Done = (error?: Error | null) => void;

/** What a direction of a link holds, as the kernel's buffers do, before its writer has to wait. */
const WINDOW_BYTES = 65_536;

/** Counts the bytes of one direction that were written and not read yet. */
export class Window {
  #inFlight = 0;

  /** Takes a write in: `done` is called at once where there is room. Returns what to call when it was read. */
  take(bytes: number, done: Done): () => void {
    this.#inFlight += bytes;
    const room = this.#inFlight <= WINDOW_BYTES;
    if (room) done();
    return () => {
      this.#inFlight -= bytes;
      if (!room) done();
    };
  }
}
