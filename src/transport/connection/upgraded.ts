import { Duplex } from "node:stream";
import { nextTurn } from "../../runtime/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { Exchange } from "../exchange/index.js";
import type { Wire, WireSink } from "./wire.js";

export const UPGRADED: CloseCause = {
  reason: "upgraded",
  by: "server",
  evidence: "the server switched protocols (101, or 2xx to CONNECT); the caller now owns the connection",
};

/** Whether the response, whose head is in, turns the connection into the tunnel that the request asked for. */
export function isHandOver({ method, status, outgoing }: Exchange): boolean {
  return method === "CONNECT" ? status >= 200 && status < 300 : status === 101 && outgoing.upgrade;
}

/**
 * Ends a stream that was handed to the caller. An error that came in the same read as the response is told in a later
 * turn: before, the caller cannot have listened, and an error that nobody listens for ends the process.
 */
export function failHandedOut(stream: Duplex, error: Error): void {
  if (stream.listenerCount("error") > 0) stream.destroy(error);
  else nextTurn(() => stream.destroy(error));
}

/**
 * The connection after an upgrade: a stream of its own, since a socket that reads into our buffers gives nothing to
 * 'data' and `pipe`. It begins with the bytes that came behind the response's head.
 */
export class UpgradedStream extends Duplex implements WireSink {
  readonly #wire: Wire;

  constructor(wire: Wire, rest: Buffer) {
    super({ allowHalfOpen: true });
    this.#wire = wire;
    wire.handTo(this);
    if (rest.length > 0) this.push(Buffer.from(rest));
  }

  // ── from the wire ────────────────────────────────────────────────────────────────────────────────────────

  received(buffer: Buffer, bytes: number): boolean {
    return this.push(Buffer.from(buffer.subarray(0, bytes)));
  }

  nextBuffer(): undefined {
    return undefined;
  }

  ended(): void {
    if (!this.destroyed) this.push(null);
  }

  failed(error: NodeJS.ErrnoException): void {
    failHandedOut(this, error);
  }

  // ── to the wire ──────────────────────────────────────────────────────────────────────────────────────────

  override _read(): void {
    if (this.#wire.paused) this.#wire.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#wire.destroy();
    done(error);
  }

  get #socket(): Duplex {
    return this.#wire.socket as Duplex;
  }
}
