import { Duplex } from "node:stream";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** What the write with this number (1 for the first) fails with. */
export interface BrittleOptions {
  readonly failAt: number;
  readonly error?: Error;
}

/** The error of a write that the kernel took nothing of. */
export function epipe(): Error {
  return Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" });
}

/** A stream for a custom `dial`: each write is taken for a request and answered, until one fails. */
export class BrittleStream extends Duplex {
  readonly writes: string[] = [];
  readonly #options: BrittleOptions;

  constructor(options: BrittleOptions = { failAt: Number.POSITIVE_INFINITY }) {
    super();
    this.#options = options;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.writes.push(chunk.toString("latin1"));
    if (this.writes.length === this.#options.failAt) {
      done(this.#options.error ?? epipe());
      return;
    }
    done();
    process.nextTick(() => this.push(OK));
  }
}
