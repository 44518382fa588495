import { Duplex } from "node:stream";
import { systemError } from "./fake-network.js";
import type { FakeSocket } from "./fake-socket.js";
import { type Done, Window } from "./fake-window.js";

/** The far end of a fake connection: a stream that a test reads and writes as the server would. */
export class FakePeer extends Duplex {
  /** The client's end. */
  readonly client: FakeSocket;
  readonly #received: Buffer[] = [];
  readonly #window = new Window();
  #unread: (() => void)[] = [];

  constructor(client: FakeSocket) {
    super({ allowHalfOpen: true });
    this.client = client;
    this.on("error", () => {});
    // Flowing from the start, so that a test which only looks at `received` does not hold the client back.
    this.resume();
  }

  /** Every byte the client has sent so far, read or not. */
  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  /** Resets the connection. */
  reset(): void {
    this.client.send(() => this.client.destroy(systemError("ECONNRESET", "read", "")));
    this.destroy();
  }

  /** For the client's end: its bytes have come. */
  arrive(bytes: Buffer, consumed: () => void): void {
    this.#received.push(bytes);
    if (this.destroyed || this.push(bytes)) consumed();
    else this.#unread.push(consumed);
  }

  override _read(): void {
    for (const consumed of this.#unread.splice(0)) consumed();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    // A copy: the caller may use its buffer again once the write is done.
    const bytes = Buffer.from(chunk);
    const consumed = this.#window.take(bytes.length, done);
    this.client.send(() => this.client.arrive(bytes, consumed));
  }

  override _final(done: Done): void {
    this.client.send(() => this.client.arriveEnd());
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished) this.client.send(() => this.client.arriveEnd());
    done(error);
  }
}
