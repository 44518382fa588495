import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { DialResult } from "../dial/index.js";
import { emergencyRead } from "./emergency-read.js";
import { resetBehindEnd } from "./probe.js";
import { ReadTarget } from "./read-target.js";

/** Who is told what comes in over a wire. */
export interface WireSink {
  /** Takes the first bytes of the buffer; returns whether to go on reading. Never throws. */
  received(buffer: Buffer, bytes: number): boolean;
  /** The buffer the next read should go to, where what is under way has one of its own. */
  nextBuffer(): Buffer | undefined;
  /** The peer ended its side. Told once. */
  ended(): void;
  failed(error: NodeJS.ErrnoException): void;
}

/** A byte pipe over a socket that reads into our buffers, or over any Duplex. */
export class Wire {
  /** Set before the first byte can come. */
  #sink!: WireSink;
  readonly #target = new ReadTarget();
  #sawEnd = false;
  socket: Duplex | undefined = undefined;
  /** Whether reading has stopped because the sink wanted no more. */
  paused = false;

  /** `onread.buffer`. Node's own type does not know that `undefined` keeps the buffer. */
  readonly buffer = (): Uint8Array => this.#target.take() as Uint8Array;

  /** `onread.callback`. A throw in it would be an uncaught exception. */
  readonly read = (bytes: number, buffer: Uint8Array): boolean => {
    const more = this.#sink.received(buffer as Buffer, bytes);
    if (!more) this.paused = true;
    this.#target.choose(this.#sink.nextBuffer());
    return more;
  };

  /** The dial is done; `sink` is told what comes in. */
  attach({ socket, usesOnread }: DialResult, sink: WireSink): void {
    this.#sink = sink;
    this.socket = socket;
    this.#target.opened();
    const ended = (): void => this.#ended();
    socket.on("error", (error: Error) => this.#sink.failed(error));
    socket.on("end", ended);
    socket.on("close", ended);
    if (usesOnread) return;
    socket.on("data", (chunk: Buffer) => {
      if (this.#sink.received(chunk, chunk.length)) return;
      this.paused = true;
      socket.pause();
    });
  }

  /** From now on another is told; the process stays alive for it, as for any stream of its owner's. */
  handTo(sink: WireSink): void {
    this.#sink = sink;
    (this.socket as Partial<Socket> | undefined)?.ref?.();
  }

  resume(): void {
    this.paused = false;
    this.socket?.resume();
  }

  /**
   * Reads what the kernel still holds, now; for when Node is about to close the socket over an error of writing.
   * `goOn` says after each read whether more is wanted. Returns whether the peer's orderly end was met.
   */
  readRest(goOn: () => boolean): boolean {
    if (this.socket === undefined) return false;
    return emergencyRead(this.socket, (buffer, bytes) => {
      this.#sink.received(buffer, bytes);
      return goOn();
    });
  }

  destroy(): void {
    this.socket?.destroy();
  }

  #ended(): void {
    if (this.#sawEnd) return;
    this.#sawEnd = true;
    const reset = resetBehindEnd(this.socket);
    if (reset === undefined) this.#sink.ended();
    else this.#sink.failed(reset);
  }
}
