import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { fileSystem } from "../../runtime/index.js";
import type { DialResult } from "../dial/index.js";

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

const one = Buffer.allocUnsafeSlow(1);
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

  /** From now on another is told. */
  passTo(sink: WireSink): void {
    this.#sink = sink;
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

/** One read buffer for all sockets of the process: the parser is done with it when the callback returns. */
const READ_BUFFER_BYTES = 64 * 1024;
let shared: Buffer | undefined;

function sharedBuffer(): Buffer {
  shared ??= Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  return shared;
}

/**
 * Where a connection's next read goes: the shared buffer, or one that the body under way has for itself. Node asks
 * after each read; the answer `undefined` means "the same again" and costs nothing, so that is the usual one.
 */
class ReadTarget {
  #current: Uint8Array | undefined;
  #next: Uint8Array | undefined;
  #open = false;

  /** The dial is done; until then every attempt of its race asks, and all get the shared buffer. */
  opened(): void {
    this.#open = true;
    this.#current = sharedBuffer();
  }

  /** The answer to `onread.buffer`. */
  take(): Uint8Array | undefined {
    if (!this.#open) return sharedBuffer();
    const next = this.#next;
    if (next !== undefined) {
      this.#next = undefined;
      this.#current = next;
    }
    return next;
  }

  /** Chooses the buffer after the present callback; `undefined` for the shared one. */
  choose(wanted: Uint8Array | undefined): void {
    const target = wanted ?? sharedBuffer();
    this.#next = target === this.#current ? undefined : target;
  }
}

/** Whether it is a TLS socket. */
export function isEncrypted(socket: Duplex): boolean {
  return (socket as { readonly encrypted?: boolean }).encrypted === true;
}

/**
 * The reset that an end may hide: when it comes together with the last bytes, Node reports an ordinary end, which a
 * body without a length must not be taken for. Asked at the end, the kernel still tells the two apart.
 */
function resetBehindEnd(socket: Duplex | undefined): NodeJS.ErrnoException | undefined {
  if (socket === undefined || socket.destroyed) return undefined;
  const descriptor = descriptorOf(socket);
  if (descriptor < 0) return undefined;
  try {
    fileSystem.readSync(descriptor, one, 0, 1, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNRESET") return error as NodeJS.ErrnoException;
  }
  return undefined;
}

/** The file descriptor of a plain TCP or Unix socket; -1 where there is none to read from directly. */
export function descriptorOf(socket: Duplex): number {
  const handle = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle;
  return handle?.fd ?? -1;
}

/**
 * Reads what the kernel holds for a socket, synchronously, until there is no more or `take` returns false. Returns
 * whether the peer's orderly end was met. Only for plain sockets; on TLS the bytes would be ciphertext.
 */
function emergencyRead(socket: Duplex, take: (buffer: Buffer, bytes: number) => boolean): boolean {
  if (isEncrypted(socket)) return false;
  const descriptor = descriptorOf(socket);
  if (descriptor < 0) return false;
  const buffer = Buffer.allocUnsafe(16 * 1024);
  try {
    for (;;) {
      const bytes = fileSystem.readSync(descriptor, buffer, 0, buffer.length, null);
      if (bytes === 0) return true;
      if (!take(buffer, bytes)) return false;
    }
  } catch {
    return false; // EAGAIN: nothing more; ECONNRESET: nothing any more.
  }
}
