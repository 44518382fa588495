import type { Duplex } from "node:stream";
import type { Http2Session, OutputChunk } from "../../http2/index.js";
import { microtask, nextTick, nextTurn } from "../../runtime/index.js";
import type { Clock } from "../upkeep/index.js";

interface Http2WriterHost {
  wrote(bytes: number): void;
  /** Whether {@link Http2Writer.turnEnds} is to come. */
  inTurn(): boolean;
}

/** Bodies are held back while the socket has more than this to write; what must not wait goes out all the same. */
const FULL_BYTES = 256 * 1024;
/** So much of bodies goes into one write. */
const BATCH_BYTES = 256 * 1024;
/** After so many batches that the kernel took at once, other connections have their turn. */
const TURN_AFTER_BATCHES = 4;

/** Writes what a session has to say: once a turn, so that all the requests of a turn leave in one system call. */
export class Http2Writer<Owner> {
  readonly #session: Http2Session<Owner>;
  readonly #socket: () => Duplex;
  readonly #clock: Clock;
  readonly #host: Http2WriterHost;
  #scheduled = false;
  /** A callback of the socket will go on with it. */
  #awaitsSocket = false;
  #batches = 0;

  constructor(session: Http2Session<Owner>, socket: () => Duplex, clock: Clock, host: Http2WriterHost) {
    this.#session = session;
    this.#socket = socket;
    this.#clock = clock;
    this.#host = host;
  }

  /**
   * Writes at the end of this turn of the event loop where that is known to come, else after all microtasks, so that
   * every request that they start is in it.
   */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (!this.#host.inTurn()) nextTick(this.#run);
  }

  /** All that was read has been taken. `more`: callers have just got answers, and may have something to add. */
  turnEnds(more: boolean): void {
    if (!this.#scheduled) return;
    // From a microtask, since those queued before the microtasks run come first.
    if (more) microtask(this.#afterMicrotasks);
    else this.flush();
  }

  readonly #afterMicrotasks = (): void => nextTick(this.#run);

  readonly #run = (): void => {
    if (this.#scheduled) this.flush();
  };

  readonly #onWritten = (): void => {
    this.#awaitsSocket = false;
    if (this.#session.hasOutput) this.schedule();
  };

  /** Writes now. */
  flush(): void {
    this.#scheduled = false;
    const socket = this.#socket();
    const full = socket.writableLength > FULL_BYTES;
    const chunks = this.#session.takeOutput(this.#clock.now(), full ? 0 : BATCH_BYTES);
    // Asked after the output is taken, since taking it may have pulled more of a body.
    const more = this.#session.hasOutput;
    if (chunks.length > 0) this.#write(socket, chunks, more);
    else if (more && full) this.#await(socket);
    if (!more) {
      this.#batches = 0;
    } else if (!this.#awaitsSocket) {
      this.#batches += 1;
      if (this.#batches % TURN_AFTER_BATCHES === 0) nextTurn(() => this.schedule());
      else this.schedule();
    }
  }

  #write(socket: Duplex, chunks: readonly OutputChunk[], more: boolean): void {
    let bytes = 0;
    if (chunks.length > 1) socket.cork();
    for (const chunk of chunks) {
      bytes += chunk.length;
      if (typeof chunk === "string") socket.write(chunk, "latin1");
      else socket.write(chunk);
    }
    if (chunks.length > 1) socket.uncork();
    if (more && socket.writableLength > 0) this.#await(socket);
    this.#host.wrote(bytes);
  }

  #await(socket: Duplex): void {
    if (this.#awaitsSocket) return;
    this.#awaitsSocket = true;
    socket.write("", this.#onWritten);
  }
}
