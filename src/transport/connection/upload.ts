import type { Duplex } from "node:stream";
import { BodyLengthError, type EncodedRequest, type RequestWriter } from "../../http1/index.js";
import type { BodySource } from "../../message/index.js";
import { nextTick, nextTurn } from "../../runtime/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { Exchange } from "../exchange/index.js";
import { trailersOf, uploadFailure } from "./upload-failure.js";

interface UploadHandlers {
  /** Bytes were handed to the socket. */
  progress(bytes: number): void;
  /**
   * Everything is there but the source's word that it ends. Calls {@link Upload.release} after
   * {@link END_OF_SOURCE_MS}; returns whether it will.
   */
  endAwaited(): boolean;
  done(): void;
  failed(cause: CloseCause, error: unknown): void;
  /** A write failed; called before the socket closes over it. */
  writeFailed(): void;
}

/** How long a source that gave all that was declared has to say that it ends; Go waits as long for a first byte. */
export const END_OF_SOURCE_MS = 200;
/** So many bytes are a batch: more in one call gains nothing. */
const BATCH_BYTES = 256 * 1024;
/** After so many batches that went at once, 1 MiB, the event loop has a turn. */
const TURN_AFTER_FLUSHES = 4;

/**
 * Sends a request whose body does not go out with its head: the head at once, so that the server can answer
 * early, then each chunk as its source gives it, at the pace the socket takes it. What is written is the
 * {@link RequestWriter}'s to decide; this decides when.
 */
export class Upload {
  readonly #socket: Duplex;
  readonly #exchange: Exchange;
  readonly #source: BodySource;
  readonly #writer: RequestWriter;
  readonly #handlers: UploadHandlers;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #stopped = false;
  #overdue = false;
  /** Bytes that this handed to the socket, and have still to be reported. */
  #unreported = 0;
  /** Bytes that wait for the end of the batch. */
  #batched = 0;
  #flushes = 0;
  readonly #onPause = (): void => this.#flush();
  #wake: (() => void) | undefined;
  /** Set while the body waits for the server to ask for it. */
  #letBodyGo: (() => void) | undefined;
  readonly #onDrain = (): void => this.#wakeUp();
  readonly #onWritten = (error?: Error | null): void => {
    if (error !== undefined && error !== null && !this.#stopped) this.#handlers.writeFailed();
  };

  constructor(socket: Duplex, exchange: Exchange, request: EncodedRequest, handlers: UploadHandlers) {
    this.#socket = socket;
    this.#exchange = exchange;
    this.#source = exchange.outgoing.source as BodySource;
    this.#writer = request.writer((data) => this.#write(data));
    this.#handlers = handlers;
  }

  /** Whether the request is written whole; whether the source has more to say is of no matter then. */
  get wroteAll(): boolean {
    return this.#writer.complete;
  }

  start(): void {
    this.#socket.on("drain", this.#onDrain);
    this.#writer.begin();
    this.#report();
    if (this.#exchange.outgoing.expectWait >= 0) this.#letBodyGo = () => this.#begin();
    else this.#begin();
  }

  /** Whether the body waits for a 100, or for the end of the wait (RFC 9110 §10.1.1). */
  get held(): boolean {
    return this.#letBodyGo !== undefined;
  }

  /** Sends the body that was held. */
  proceed(): void {
    const letGo = this.#letBodyGo;
    if (letGo === undefined) return;
    this.#letBodyGo = undefined;
    this.#handlers.progress(0);
    letGo();
  }

  /** Whether only the source's end is missing. */
  get awaitsEnd(): boolean {
    return this.#writer.held;
  }

  /** Writes what waits for the source's end: what is declared is all there. `overdue`: the source had its time. */
  release(overdue = false): void {
    if (!this.#writer.held || this.#stopped) return;
    this.#overdue = overdue;
    this.#writer.release();
    this.#report();
  }

  #begin(): void {
    const { runInContext } = this.#exchange;
    if (runInContext === undefined) void this.#run();
    else runInContext(() => void this.#run());
  }

  /** The exchange is over and the request written whole: the source may run to its end, unheard. */
  letGo(): void {
    // One that did not end in its time might never do.
    if (this.#overdue) this.stop();
    else if (!this.#stopped) this.#finish();
  }

  /** Ends it early, and the source with it. */
  stop(): void {
    if (this.#stopped) return;
    this.#finish();
    const iterator = this.#iterator;
    if (iterator === undefined) void this.#source.cancel();
    else void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }

  async #run(): Promise<void> {
    const writer = this.#writer;
    try {
      this.#exchange.bodyOpened = true;
      const iterator = this.#source.open();
      this.#iterator = iterator;
      for (;;) {
        if (writer.held && !this.#handlers.endAwaited()) this.release();
        const next = await iterator.next();
        if (this.#stopped) {
          if (next.done !== true) await iterator.return?.();
          return;
        }
        if (next.done === true) break;
        this.#writeChunk(next.value);
        // What the socket holds counts as well, or a source that pauses after each chunk would never be held back.
        if (this.#socket.writableLength >= BATCH_BYTES) await this.#flushed();
        if (this.#stopped) return;
      }
      const trailers = await trailersOf(this.#exchange);
      if (this.#stopped) return;
      writer.end(trailers);
      this.#report();
    } catch (error) {
      if (!this.#stopped) this.#failed(error);
      return;
    }
    this.#finish();
    this.#handlers.done();
  }

  #failed(error: unknown): void {
    const iterator = this.#iterator;
    const sent = this.#writer.given;
    this.#finish();
    if (error instanceof BodyLengthError) void Promise.resolve(iterator?.return?.()).catch(() => undefined);
    const failure = uploadFailure(this.#exchange, error, sent);
    this.#handlers.failed(failure.cause, failure.error);
  }

  /**
   * Chunks that the source gives in one go leave in one system call: they gather until the source pauses or there
   * are enough of them. One call of 256 KiB costs little more than half of four of 64 KiB.
   */
  #writeChunk(chunk: Uint8Array): void {
    if (this.#batched === 0) {
      this.#socket.cork();
      nextTick(this.#onPause);
    }
    this.#batched += chunk.byteLength;
    this.#writer.chunk(chunk);
    this.#report();
  }

  /** Lets the batch go, and waits while the socket has not taken it. */
  async #flushed(): Promise<void> {
    this.#flush();
    if (this.#socket.writableLength > 0) {
      await this.#drained();
    } else if (++this.#flushes % TURN_AFTER_FLUSHES === 0) {
      // A fast peer takes everything at once; other connections want their turn too.
      await new Promise<void>((resolve) => {
        nextTurn(resolve);
      });
    }
  }

  #flush(): void {
    if (this.#batched === 0) return;
    this.#batched = 0;
    this.#socket.uncork();
  }

  #write(data: string | Uint8Array): void {
    this.#unreported += data.length;
    if (typeof data === "string") this.#socket.write(data, "latin1", this.#onWritten);
    else this.#socket.write(data, this.#onWritten);
  }

  #report(): void {
    const written = this.#unreported;
    this.#unreported = 0;
    this.#exchange.bytesWritten += written;
    this.#handlers.progress(written);
  }

  #drained(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    this.#handlers.progress(0);
    wake?.();
  }

  #finish(): void {
    this.#letBodyGo = undefined;
    this.#flush();
    this.#stopped = true;
    this.#socket.off("drain", this.#onDrain);
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** Whether bytes of the request have still to reach the kernel. */
export function isUnsent(upload: Upload | undefined, socket: Duplex): boolean {
  return (upload !== undefined && !upload.wroteAll) || socket.writableLength > 0;
}
