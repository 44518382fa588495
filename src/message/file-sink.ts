import type { BodySink } from "./body-feed.js";
import type { BodyReader } from "./body-reader.js";

const fs = (): typeof import("node:fs") => process.getBuiltinModule("node:fs");

/** Large reads and writes cost least for each byte; this much is written at once. */
const BUFFER_BYTES = 256 * 1024;
const WRITE_BYTES = 192 * 1024;
/** A read into less than this is not worth its call. */
const LEAST_TARGET = 32 * 1024;
/** Buffers of one download: one is read into while the others are written. */
const BUFFERS = 4;

/** The callback in the async context of now: bytes come in that of the connection. */
function inContext(callback: (bytes: number) => void): (bytes: number) => void {
  const resource = new (process.getBuiltinModule("node:async_hooks").AsyncResource)("TRUNKLINE_PROGRESS");
  return (bytes) => resource.runInAsyncScope(callback, undefined, bytes);
}

interface Settle {
  resolve(bytes: number): void;
  reject(error: unknown): void;
}

/** Reads a body into a few buffers that are used again and again, and writes them to an open file. */
export class FileSink implements BodySink {
  readonly #reader: BodyReader;
  readonly #file: number;
  readonly #onBytes: ((bytes: number) => void) | undefined;
  readonly #settle: Settle;
  readonly #free: Buffer[] = [];
  #made = 0;
  #current: Buffer | undefined;
  #filled = 0;
  /** What was given for the present read, and where it begins in the current buffer. */
  #target: Buffer | undefined;
  #targetStart = 0;
  #position: number;
  #writing = 0;
  #waits = false;
  #ended = false;
  #over = false;
  #failure: { readonly error: unknown } | undefined;
  #bytes = 0;

  /** Resolves with the bytes of the body when the last of them is written at `position` and behind. */
  static pour(
    reader: BodyReader,
    file: number,
    position: number,
    onBytes?: (bytes: number) => void,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      const told = onBytes && inContext(onBytes);
      reader.pourInto(new FileSink(reader, file, position, told, { resolve, reject }));
    });
  }

  private constructor(
    reader: BodyReader,
    file: number,
    position: number,
    onBytes: ((bytes: number) => void) | undefined,
    settle: Settle,
  ) {
    this.#reader = reader;
    this.#file = file;
    this.#position = position;
    this.#onBytes = onBytes;
    this.#settle = settle;
  }

  get wantsMore(): boolean {
    this.#waits = !this.#over && this.#current === undefined && !this.#takeBuffer();
    return !this.#waits;
  }

  target(): Buffer | undefined {
    this.#target = undefined;
    if (this.#current === undefined && !this.#takeBuffer()) return undefined;
    const current = this.#current as Buffer;
    if (current.length - this.#filled < LEAST_TARGET) return undefined;
    this.#target = current.subarray(this.#filled);
    this.#targetStart = this.#filled;
    return this.#target;
  }

  write(buffer: Buffer, start: number, end: number): void {
    if (this.#over) return;
    this.#bytes += end - start;
    if (buffer === this.#target && this.#current !== undefined) {
      const from = this.#targetStart + start;
      if (from !== this.#filled) this.#current.copyWithin(this.#filled, from, this.#targetStart + end);
      this.#filled += end - start;
    } else {
      this.#copy(buffer, start, end);
    }
    if (this.#filled >= WRITE_BYTES) this.#submit();
    try {
      this.#onBytes?.(this.#bytes);
    } catch (error) {
      this.#finish(error);
    }
  }

  end(): void {
    this.#ended = true;
    if (this.#filled > 0) this.#submit();
    else if (this.#writing === 0) this.#finish(undefined);
  }

  fail(error: unknown): void {
    this.#over = true;
    // What was read up to here is worth keeping: a download may go on from it.
    if (this.#filled > 0) this.#submit();
    this.#failure = { error };
    if (this.#writing === 0) this.#settle.reject(error);
  }

  /** Bytes that came elsewhere: before the first target, or where there was no room. */
  #copy(buffer: Buffer, start: number, end: number): void {
    for (let from = start; from < end; ) {
      // Beyond the four only what one read still brings.
      if (this.#current === undefined && !this.#takeBuffer())
        this.#current = Buffer.allocUnsafeSlow(BUFFER_BYTES);
      const copied = buffer.copy(this.#current as Buffer, this.#filled, from, end);
      from += copied;
      this.#filled += copied;
      if (this.#filled === BUFFER_BYTES) this.#submit();
    }
  }

  #takeBuffer(): boolean {
    let buffer = this.#free.pop();
    if (buffer === undefined && this.#made < BUFFERS) {
      buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
      this.#made += 1;
    }
    if (buffer === undefined) return false;
    this.#current = buffer;
    this.#filled = 0;
    return true;
  }

  #submit(): void {
    const buffer = this.#current as Buffer;
    const length = this.#filled;
    this.#current = undefined;
    this.#target = undefined;
    this.#filled = 0;
    this.#writing += 1;
    const position = this.#position;
    this.#position += length;
    this.#writeOut(buffer, 0, length, position);
  }

  #writeOut(buffer: Buffer, offset: number, length: number, position: number): void {
    fs().write(this.#file, buffer, offset, length, position, (error, written) => {
      if (error === null && written < length) {
        this.#writeOut(buffer, offset + written, length - written, position + written);
        return;
      }
      this.#writing -= 1;
      this.#free.push(buffer);
      if (this.#failure !== undefined) {
        if (this.#writing === 0) this.#settle.reject(this.#failure.error);
      } else if (error !== null) this.#finish(error);
      else if (this.#ended) {
        if (this.#writing === 0) this.#finish(undefined);
      } else if (this.#waits) {
        this.#waits = false;
        this.#reader.resume();
      }
    });
  }

  #finish(error: unknown): void {
    if (error === undefined) {
      this.#settle.resolve(this.#bytes);
      return;
    }
    this.#over = true;
    this.#failure = { error };
    void this.#reader.cancel(error);
    if (this.#writing === 0) this.#settle.reject(error);
  }
}
