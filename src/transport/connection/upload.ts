import type { Duplex } from "node:stream";
import { CHUNK_END, chunkHeader, encodeTrailers, LAST_CHUNK } from "../../http1/index.js";
import { createHeaders, rawHeaders } from "../../message/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { Exchange } from "../exchange.js";
import { bodyFailed } from "../failures.js";

export interface UploadHandlers {
  /** Bytes were handed to the socket. */
  progress(bytes: number): void;
  done(): void;
  failed(cause: CloseCause, error: unknown): void;
  /** A write failed; called before the socket closes over it. */
  writeFailed(): void;
}

/** So many bytes are a batch: more in one call gains nothing. */
const BATCH_BYTES = 256 * 1024;
/** After so many batches that went at once, 1 MiB, the event loop has a turn. */
const TURN_AFTER_FLUSHES = 4;

/**
 * Sends a request whose body does not go out with its head: the head at once, so that the server can answer
 * early, then each chunk as its source gives it, at the pace the socket takes it.
 */
export class Upload {
  readonly #socket: Duplex;
  readonly #exchange: Exchange;
  readonly #handlers: UploadHandlers;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #stopped = false;
  #sent = 0;
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

  constructor(socket: Duplex, exchange: Exchange, handlers: UploadHandlers) {
    this.#socket = socket;
    this.#exchange = exchange;
    this.#handlers = handlers;
  }

  /** Whether all bytes that were declared are written; whether the source has more to say is of no matter then. */
  get wroteAll(): boolean {
    return this.#exchange.uploadLength >= 0 && this.#sent === this.#exchange.uploadLength;
  }

  start(): void {
    const { head } = this.#exchange;
    this.#socket.on("drain", this.#onDrain);
    this.#write(head);
    this.#handlers.progress(0);
    if (this.#exchange.expectWait >= 0) this.#letBodyGo = () => this.#begin();
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

  #begin(): void {
    const { runInContext } = this.#exchange;
    if (runInContext === undefined) void this.#run();
    else runInContext(() => void this.#run());
  }

  /** The exchange is over and all that was declared is written: the source may run to its end, unheard. */
  letGo(): void {
    if (!this.#stopped) this.#finish();
  }

  /** Ends it early, and the source with it. */
  stop(): void {
    if (this.#stopped) return;
    this.#finish();
    const iterator = this.#iterator;
    if (iterator === undefined) void this.#exchange.upload?.cancel();
    else void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }

  async #run(): Promise<void> {
    const exchange = this.#exchange;
    const declared = exchange.uploadLength;
    try {
      const iterator = (exchange.upload as NonNullable<Exchange["upload"]>).open();
      this.#iterator = iterator;
      for (;;) {
        const next = await iterator.next();
        if (this.#stopped) {
          if (next.done !== true) await iterator.return?.();
          return;
        }
        if (next.done === true) break;
        const chunk = next.value;
        if (chunk.byteLength === 0) continue; // as a chunk it would end the body
        this.#sent += chunk.byteLength;
        if (declared >= 0 && this.#sent > declared) return this.#mismatch(declared, "at least ");
        this.#writeChunk(chunk, declared < 0);
        // What the socket holds counts as well, or a source that pauses after each chunk would never be held back.
        if (this.#socket.writableLength >= BATCH_BYTES) await this.#flushed();
        if (this.#stopped) return;
      }
      if (declared >= 0 && this.#sent < declared) return this.#mismatch(declared, "");
      if (declared < 0) await this.#end();
      if (this.#stopped) return;
    } catch (error) {
      if (this.#stopped) return;
      this.#finish();
      const why = error instanceof Error ? error.message : String(error);
      this.#handlers.failed(
        {
          reason: "request-body-failed",
          by: "caller",
          evidence: `the request body failed after ${this.#sent} bytes`,
        },
        bodyFailed(exchange, `the request body could not be read: ${why}`, error),
      );
      return;
    }
    this.#finish();
    this.#handlers.done();
  }

  async #end(): Promise<void> {
    const { trailers } = this.#exchange.request;
    if (trailers === undefined) {
      this.#write(LAST_CHUNK);
      return;
    }
    const given = typeof trailers === "function" ? await trailers() : trailers;
    if (this.#stopped) return;
    const fields = rawHeaders(createHeaders(given));
    this.#write(encodeTrailers(fields));
  }

  #mismatch(declared: number, atLeast: string): void {
    const sent = this.#sent;
    const iterator = this.#iterator;
    this.#finish();
    void Promise.resolve(iterator?.return?.()).catch(() => undefined);
    this.#handlers.failed(
      {
        reason: "request-body-failed",
        by: "caller",
        evidence: `the request declared ${declared} bytes and its body had ${atLeast}${sent}`,
      },
      bodyFailed(
        this.#exchange,
        `Content-Length is ${declared} but the body has ${atLeast}${sent} bytes; leave Content-Length out, or make them agree`,
        undefined,
        "ERR_TRUNKLINE_BODY_LENGTH",
      ),
    );
  }

  /**
   * Chunks that the source gives in one go leave in one system call: they gather until the source pauses or there
   * are enough of them. One call of 256 KiB costs little more than half of four of 64 KiB.
   */
  #writeChunk(chunk: Uint8Array, framed: boolean): void {
    if (this.#batched === 0) {
      this.#socket.cork();
      process.nextTick(this.#onPause);
    }
    this.#batched += chunk.byteLength;
    if (framed) this.#write(chunkHeader(chunk.byteLength));
    this.#write(chunk);
    if (framed) this.#write(CHUNK_END);
    this.#handlers.progress(chunk.byteLength);
  }

  /** Lets the batch go, and waits while the socket has not taken it. */
  async #flushed(): Promise<void> {
    this.#flush();
    if (this.#socket.writableLength > 0) {
      await this.#drained();
    } else if (++this.#flushes % TURN_AFTER_FLUSHES === 0) {
      // A fast peer takes everything at once; other connections want their turn too.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  #flush(): void {
    if (this.#batched === 0) return;
    this.#batched = 0;
    this.#socket.uncork();
  }

  #write(data: string | Uint8Array): void {
    if (this.#iterator !== undefined) this.#exchange.bytesWritten += data.length;
    if (typeof data === "string") this.#socket.write(data, "latin1", this.#onWritten);
    else this.#socket.write(data, this.#onWritten);
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
