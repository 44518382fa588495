import type { Duplex } from "node:stream";
import { BodyDecoder, DEFAULT_MAX_HEAD_BYTES, ResponseHeadParser } from "../../http1/index.js";
import { type Headers, headersFromBlock } from "../../message/index.js";
import type { Runtime, RuntimeTimer } from "../../runtime/index.js";

/** Bytes of an error page that are waited for. */
const MAX_BODY = 4096;
/** How long, in milliseconds, after its head: what explains an error must not delay it. */
const BODY_PATIENCE = 250;

/** A proxy's answer to CONNECT. */
export interface ConnectReply {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** The start of the body, where the tunnel was refused. */
  readonly body: string;
  /** Whether it was refused, read to its end, and the proxy keeps the connection open for another request. */
  readonly kept: boolean;
}

interface ConnectHandlers {
  /** The answer is in; where it is a success, the stream carries the tunnel from here on and is paused. */
  replied(reply: ConnectReply): void;
  /** What came is not HTTP. */
  broken(error: unknown): void;
  /** The stream ended before the answer; the error, where there was one. */
  closed(error: unknown): void;
}

/** Sends one CONNECT request on a stream and reads the answer. */
export class ConnectTunnel {
  readonly #socket: Duplex;
  readonly #runtime: Runtime;
  readonly #handlers: ConnectHandlers;
  readonly #parser = new ResponseHeadParser(DEFAULT_MAX_HEAD_BYTES);
  #refused: Omit<ConnectReply, "body" | "kept"> | undefined;
  #body = "";
  readonly #decoder = new BodyDecoder();
  /** Whether all of the answer has come, and nothing behind it. */
  #whole = false;
  #timer: RuntimeTimer | undefined;
  #ended = false;

  constructor(socket: Duplex, runtime: Runtime, handlers: ConnectHandlers) {
    this.#socket = socket;
    this.#runtime = runtime;
    this.#handlers = handlers;
  }

  start(head: string): void {
    const socket = this.#socket;
    this.#parser.begin("CONNECT");
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onEnd);
    socket.on("error", this.#onError);
    socket.write(head, "latin1");
    if (socket.isPaused()) socket.resume();
  }

  /** Stops listening; the stream is the caller's again. */
  detach(): void {
    const socket = this.#socket;
    this.#timer?.clear();
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("close", this.#onEnd);
    socket.off("error", this.#onError);
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      this.#take(chunk);
    } catch (error) {
      this.detach();
      if (this.#refused === undefined) this.#handlers.broken(error);
      else this.#endBody(); // the refusal is what matters, not its body
    }
  };

  #take(chunk: Buffer): void {
    let start = 0;
    const parser = this.#parser;
    while (this.#refused === undefined) {
      start = parser.parse(chunk, start, chunk.length);
      if (start < 0) return;
      if (parser.informational) continue;
      const { status, statusText } = parser;
      const reply = { status, statusText, headers: headersFromBlock(parser.block, parser.headersStart) };
      if (status >= 200 && status < 300) {
        this.detach();
        this.#socket.pause();
        // The target spoke first: what it said belongs to whoever gets the tunnel.
        if (start < chunk.length) this.#socket.unshift(chunk.subarray(start));
        this.#handlers.replied({ ...reply, body: "", kept: false });
        return;
      }
      this.#refused = reply;
      this.#decoder.begin(parser.bodyKind, parser.contentLength);
      this.#timer = this.#runtime.setTimer(this.#endBody, BODY_PATIENCE);
      this.#timer.setRef(false);
    }
    this.#takeBody(chunk, start);
  }

  #takeBody(chunk: Buffer, start: number): void {
    const after = this.#decoder.decode(chunk, start, chunk.length, (bytes, from, to) => {
      this.#body += bytes.toString("utf8", from, to);
    });
    const { done } = this.#decoder;
    this.#whole = done && after === chunk.length; // what is left over is nothing of the answer's
    if (done || this.#body.length >= MAX_BODY) this.#endBody();
  }

  readonly #endBody = (): void => {
    this.detach();
    if (this.#refused === undefined) return;
    const kept = this.#whole && this.#parser.keepAlive && !this.#ended;
    // Paused, it loses nothing until somebody listens again.
    if (kept) this.#socket.pause();
    this.#handlers.replied({ ...this.#refused, body: this.#body, kept });
  };

  readonly #onEnd = (): void => this.#over(undefined);
  readonly #onError = (error: unknown): void => this.#over(error);

  #over(error: unknown): void {
    this.#ended = true;
    if (this.#refused !== undefined) {
      this.#endBody();
      return;
    }
    this.detach();
    this.#handlers.closed(error);
  }
}
