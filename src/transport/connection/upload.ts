import type { Duplex } from "node:stream";
import { chunkHeader, encodeTrailers, LAST_CHUNK, validateTrailers } from "../../http1/index.js";
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

const CRLF = "\r\n";

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
  #wake: (() => void) | undefined;
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
    const { head, runInContext } = this.#exchange;
    this.#socket.on("drain", this.#onDrain);
    this.#write(head);
    if (runInContext === undefined) void this.#run();
    else runInContext(() => void this.#run());
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
        if (this.#stopped) return;
        if (next.done === true) break;
        const chunk = next.value;
        this.#sent += chunk.byteLength;
        if (declared >= 0 && this.#sent > declared) return this.#mismatch(declared, "at least ");
        if (!this.#writeChunk(chunk, declared < 0)) await this.#drained();
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
    validateTrailers(fields);
    this.#write(`0\r\n${encodeTrailers(fields)}\r\n`);
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

  #writeChunk(chunk: Uint8Array, framed: boolean): boolean {
    if (!framed) return this.#write(chunk);
    // One system call for header, payload and end.
    this.#socket.cork();
    this.#write(chunkHeader(chunk.byteLength));
    this.#write(chunk);
    const room = this.#write(CRLF);
    this.#socket.uncork();
    return room;
  }

  #write(data: string | Uint8Array): boolean {
    const bytes = data.length;
    this.#exchange.bytesWritten += this.#iterator === undefined ? 0 : bytes;
    this.#handlers.progress(this.#iterator === undefined ? 0 : bytes);
    return typeof data === "string"
      ? this.#socket.write(data, "latin1", this.#onWritten)
      : this.#socket.write(data, this.#onWritten);
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
    this.#stopped = true;
    this.#socket.off("drain", this.#onDrain);
    this.#wake?.();
    this.#wake = undefined;
  }
}
