import { nextTurn } from "../../runtime/index.js";

/** Nothing of a turn waits longer than this for its end, in milliseconds: what others do meanwhile may take its time. */
const LONGEST_MS = 1;

/**
 * The reads of one connection in one turn of the event loop. Over TLS each record is a read of its own, and a server
 * like Go's puts each head and each body into a record: what they ask for is done once, when the kernel's bytes are
 * used up, in place of once a record.
 */
export class Http2Turn {
  readonly #done: () => void;
  #open = false;
  #scheduled = false;
  #since = 0;

  /** `done` is called at the end of a turn, after all its reads. */
  constructor(done: () => void) {
    this.#done = done;
  }

  /** Whether `done` is to come in this turn of the event loop. */
  get open(): boolean {
    return this.#open;
  }

  /** A read has come whose work may wait for the end of the turn. */
  begin(now: number): void {
    if (this.#open) return;
    this.#open = true;
    this.#since = now;
    if (this.#scheduled) return;
    this.#scheduled = true;
    nextTurn(this.#ended);
  }

  /** Another read comes: ends a turn that takes long. */
  goesOn(now: number): void {
    if (this.#open && now - this.#since >= LONGEST_MS) this.#end();
  }

  readonly #ended = (): void => {
    this.#scheduled = false;
    if (this.#open) this.#end();
  };

  #end(): void {
    this.#open = false;
    this.#done();
  }
}
