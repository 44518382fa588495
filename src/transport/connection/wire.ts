import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { DialResult } from "../dial/index.js";
import { descriptorOf, emergencyRead } from "./emergency-read.js";
import { isEncrypted, resetBehindEnd } from "./probe.js";
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

/** A read of a stream that gave so many bytes may have left others behind; a TLS record has as many at most. */
const FULL_CHUNK_BYTES = 16 * 1024;

/** A byte pipe over a socket that reads into our buffers, or over any Duplex. */
export class Wire {
  /** Set before the first byte can come. */
  #sink!: WireSink;
  readonly #target = new ReadTarget();
  #sawEnd = false;
  socket: Duplex | undefined = undefined;
  /** Whether reading has stopped because the sink wanted no more. */
  paused = false;
  /** Whether more may lie behind what was read last: it filled its buffer. */
  mayHoldMore = false;
  /** The socket below TLS, which counts the bytes that came in, sealed. */
  #below: { readonly bytesRead: number } | undefined;
  #sealedMark = -1;

  /** `onread.buffer`. Node's own type does not know that `undefined` keeps the buffer. */
  readonly buffer = (): Uint8Array => this.#target.take() as Uint8Array;

  /** `onread.callback`. A throw in it would be an uncaught exception. */
  readonly read = (bytes: number, buffer: Uint8Array): boolean => {
    this.mayHoldMore = bytes === buffer.length;
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
    this.#below = belowTls(socket);
    const ended = (): void => this.#ended();
    socket.on("error", (error: Error) => this.#sink.failed(error));
    socket.on("end", ended);
    socket.on("close", ended);
    if (usesOnread) return;
    socket.on("data", (chunk: Buffer) => {
      this.mayHoldMore = chunk.length >= FULL_CHUNK_BYTES;
      if (this.#sink.received(chunk, chunk.length)) return;
      this.paused = true;
      socket.pause();
    });
  }

  /** Whether what comes in goes through TLS, over a socket whose bytes are counted. */
  get isSealed(): boolean {
    return this.#below !== undefined;
  }

  /** Notes what has come in under TLS by now, for {@link cameBeforeMark}. */
  markSealed(): void {
    if (this.#below !== undefined) this.#sealedMark = this.#below.bytesRead;
  }

  /**
   * Whether the first bytes after the mark had come in before it: TLS hands out a record at a time, the caller's code
   * may run in between, and nothing has come in under TLS since.
   */
  cameBeforeMark(): boolean {
    if (this.#sealedMark < 0) return false;
    const before = this.#below?.bytesRead === this.#sealedMark;
    this.#sealedMark = -1;
    return before;
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

/** The handle of the kernel's socket below TLS, or below TLS in TLS; undefined where there is none. */
function belowTls(socket: Duplex): { readonly bytesRead: number } | undefined {
  if (!isEncrypted(socket) || descriptorOf(socket) < 0) return undefined;
  let handle = (socket as { readonly _handle?: Handle | null })._handle;
  while (handle?._parent !== undefined) handle = handle._parent;
  return typeof handle?.bytesRead === "number" ? (handle as { readonly bytesRead: number }) : undefined;
}

interface Handle {
  readonly _parent?: Handle;
  readonly bytesRead?: number;
}
