import { BodyLengthError } from "../../http1/index.js";
import type { Http2Session, Http2Stream } from "../../http2/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { Exchange } from "../exchange/index.js";
import { trailersOf, uploadFailure } from "./upload-failure.js";

interface Http2UploadHandlers {
  /** Bytes were given to the session. */
  progress(bytes: number): void;
  done(): void;
  failed(cause: CloseCause, error: unknown): void;
}

/** So much of a body waits at most to be written, where the server gives credit for it. */
const BATCH_BYTES = 256 * 1024;

/**
 * Sends a body that does not go out with its head. The source is asked for more only when what it gave has left and
 * there is credit, so that a stream that stands still holds no data.
 */
export class Http2Upload<Owner> {
  readonly #session: Http2Session<Owner>;
  readonly #stream: Http2Stream<Owner>;
  readonly #exchange: Exchange;
  readonly #handlers: Http2UploadHandlers;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  /** The bytes that the head announced; -1 for any. */
  readonly #declared: number;
  #given = 0;
  #last: Uint8Array | undefined;
  #stopped = false;
  /** All has been given; when the last of it has left, the upload is done. */
  #ending = false;
  #wake: (() => void) | undefined;
  /** Whether the body waits for the server to ask for it (RFC 9110 §10.1.1). */
  held: boolean;

  constructor(
    session: Http2Session<Owner>,
    stream: Http2Stream<Owner>,
    exchange: Exchange,
    handlers: Http2UploadHandlers,
  ) {
    const { framing, expectWait } = exchange.outgoing;
    this.#session = session;
    this.#stream = stream;
    this.#exchange = exchange;
    this.#handlers = handlers;
    this.#declared = framing.kind === "none" ? 0 : framing.length;
    this.held = expectWait >= 0;
  }

  start(): void {
    if (!this.held) this.#begin();
  }

  /** Sends the body that was held. */
  proceed(): void {
    if (!this.held || this.#stopped) return;
    this.held = false;
    this.#handlers.progress(0);
    this.#begin();
  }

  /** The end of the body has left. */
  sent(): void {
    if (!this.#ending) return;
    this.#ending = false;
    this.#handlers.done();
  }

  /** What was given has left. */
  writable(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Ends it early, and the source with it, unless that was not begun: it may be sent on another connection. */
  stop(): void {
    this.#ending = false;
    if (this.#stopped) return;
    this.#stopped = true;
    void Promise.resolve(this.#iterator?.return?.()).catch(() => undefined);
    this.writable();
  }

  #begin(): void {
    const { runInContext } = this.#exchange;
    if (runInContext === undefined) void this.#run();
    else runInContext(() => void this.#run());
  }

  async #run(): Promise<void> {
    try {
      this.#exchange.bodyOpened = true;
      const iterator = this.#exchange.outgoing.source?.open();
      this.#iterator = iterator;
      for (let next = await iterator?.next(); next?.done === false; next = await iterator?.next()) {
        if (this.#stopped) {
          await iterator?.return?.();
          return;
        }
        await this.#give(next.value);
        if (this.#stopped) return;
      }
      if (this.#stopped) return;
      if (this.#declared >= 0 && this.#given < this.#declared) {
        throw new BodyLengthError(this.#declared, this.#given, false);
      }
      const trailers = await trailersOf(this.#exchange);
      if (this.#stopped) return;
      this.#stopped = true;
      this.#ending = true;
      if (this.#last !== undefined) this.#hand(this.#last, trailers.length === 0);
      this.#session.end(this.#stream, trailers);
    } catch (error) {
      if (this.#stopped) return;
      if (error instanceof BodyLengthError) {
        void Promise.resolve(this.#iterator?.return?.()).catch(() => undefined);
      }
      this.#stopped = true;
      const failure = uploadFailure(this.#exchange, error, this.#given);
      this.#handlers.failed(failure.cause, failure.error);
    }
  }

  /**
   * Gives the session a chunk, and waits while it has enough. What completes an announced length is held until the
   * source has ended: a body that turns out to be longer must not reach the server as a whole request.
   */
  async #give(chunk: Uint8Array): Promise<void> {
    const { byteLength } = chunk;
    this.#given += byteLength;
    if (this.#declared >= 0 && this.#given > this.#declared) {
      throw new BodyLengthError(this.#declared, this.#given, true);
    }
    // In pieces, so that it is seen to move while there is much of it.
    let at = 0;
    for (; byteLength - at > BATCH_BYTES; at += BATCH_BYTES) {
      this.#hand(chunk.subarray(at, at + BATCH_BYTES), false);
      await this.#room();
      if (this.#stopped) return;
    }
    const rest = at === 0 ? chunk : chunk.subarray(at);
    if (this.#given === this.#declared) {
      this.#last = rest;
    } else if (rest.byteLength > 0) {
      this.#hand(rest, false);
      await this.#room();
    }
  }

  /** Waits until the session has little of what was given, and credit for more; undefined where that is so. */
  #room(): Promise<void> | undefined {
    const { queued, sendWindow } = this.#stream;
    if (queued < BATCH_BYTES && queued < sendWindow) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #hand(chunk: Uint8Array, end: boolean): void {
    this.#session.send(this.#stream, chunk, end);
    this.#exchange.bytesWritten += chunk.byteLength;
    this.#handlers.progress(chunk.byteLength);
  }
}
