import { fileSystem, nodeRuntime, openPrivate, type RuntimeTimer } from "../../runtime/index.js";

const { closeSync, write, writeSync } = fileSystem;

/** Text is written when there is this much of it, or this long (milliseconds) after it came. */
const BATCH = 64 * 1024;
const DELAY = 200;
/** What a disk that is too slow may leave waiting in memory; beyond, lines are dropped and counted. */
const MAX_WAITING = 8 * 1024 * 1024;

/**
 * A file of lines, written from behind: never more than one write under way, each at its own position, so that at
 * the exit of the process what is under way can be written again without harm, and the rest after it.
 */
export class LineFile {
  readonly #fd: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #position = 0;
  #writing: Buffer | undefined;
  #timer: RuntimeTimer | undefined;
  #idle: (() => void)[] = [];
  #closed = false;
  /** Lines that were dropped because the disk was too slow. */
  dropped = 0;
  /** The first error of writing; nothing is written after it. */
  error: Error | undefined = undefined;
  readonly #atExit = (): void => this.#flushNow();

  /** @throws the system's error when the file cannot be written. */
  constructor(path: string) {
    this.#fd = openPrivate(path, "w");
    process.on("exit", this.#atExit);
  }

  line(text: string): void {
    if (this.#closed || this.error !== undefined) return;
    if (this.#waitingBytes + text.length > MAX_WAITING) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push(text, "\n");
    this.#waitingBytes += text.length + 1;
    if (this.#waitingBytes >= BATCH) this.#write();
    else if (this.#timer === undefined) {
      this.#timer = nodeRuntime.setTimer(() => this.#write(), DELAY);
      this.#timer.setRef(false);
    }
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#write();
    while (this.#writing !== undefined) await new Promise<void>((resolve) => this.#idle.push(resolve));
    process.off("exit", this.#atExit);
    closeSync(this.#fd);
    if (this.error !== undefined) throw this.error;
  }

  #take(): Buffer {
    const bytes = Buffer.from(this.#waiting.join(""));
    this.#waiting = [];
    this.#waitingBytes = 0;
    return bytes;
  }

  #write(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    if (this.#writing !== undefined || this.#waiting.length === 0 || this.error !== undefined) return;
    this.#put(this.#take());
  }

  #put(bytes: Buffer): void {
    this.#writing = bytes;
    write(this.#fd, bytes, 0, bytes.length, this.#position, (error, written) => {
      this.#writing = undefined;
      if (error !== null) {
        this.error = error;
      } else {
        this.#position += written;
        if (written < bytes.length) this.#put(bytes.subarray(written));
        else if (this.#closed || this.#waitingBytes >= BATCH) this.#write();
      }
      if (this.#writing === undefined) for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  /** The process ends: no callback will come any more. */
  #flushNow(): void {
    try {
      for (const bytes of [this.#writing, this.#take()]) {
        if (bytes === undefined || bytes.length === 0) continue;
        writeSync(this.#fd, bytes, 0, bytes.length, this.#position);
        this.#position += bytes.length;
      }
    } catch {
      // At exit there is nobody left to tell; what was written before is there.
    }
  }
}
