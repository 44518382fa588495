import { Duplex } from "node:stream";
import { NetworkError } from "../../errors/index.js";
import { CANCEL, type Http2Session, type Http2Stream, NO_ERROR } from "../../http2/index.js";
import type { Exchange } from "../exchange/index.js";
import { failHandedOut } from "./upgraded.js";

/** Whether the response, whose head is in, opens the tunnel that the request asked for (RFC 8441 section 5). */
export function opensTunnel({ status, outgoing }: Exchange): boolean {
  return outgoing.protocol !== undefined && status >= 200 && status < 300;
}

/** What a tunnel needs of its connection. */
export interface Http2TunnelHost {
  now(): number;
  /** The tunnel has taken what it was given, so that credit may be due. */
  credited(): void;
}

/** A stream of HTTP/2 as a stream of Node's: what `response.upgraded` is there. */
export class Http2Tunnel<Owner> extends Duplex {
  readonly #session: Http2Session<Owner>;
  readonly #stream: Http2Stream<Owner>;
  readonly #host: Http2TunnelHost;
  /** Octets that wait to be read; their credit waits too. */
  #unpaid = 0;
  #sent: ((error?: Error) => void) | undefined;
  #finished: ((error?: Error) => void) | undefined;
  /** The server's side has ended in order. */
  #sawEnd = false;

  constructor(session: Http2Session<Owner>, stream: Http2Stream<Owner>, host: Http2TunnelHost) {
    super({ allowHalfOpen: true });
    this.#session = session;
    this.#stream = stream;
    this.#host = host;
  }

  // ── from the connection ──────────────────────────────────────────────────────────────────────────────────

  received(buffer: Buffer, start: number, end: number): void {
    this.#unpaid += end - start;
    if (this.push(Buffer.from(buffer.subarray(start, end)))) this.#pay();
  }

  ended(): void {
    this.#sawEnd = true;
    if (!this.destroyed) this.push(null);
  }

  /** What was written has left, and there is credit for more. */
  sent(): void {
    const sent = this.#sent;
    this.#sent = undefined;
    sent?.();
  }

  /** The end of this side has left. */
  finished(): void {
    this.sent();
    const finished = this.#finished;
    this.#finished = undefined;
    finished?.();
  }

  failed(error: Error): void {
    failHandedOut(this, error);
  }

  /** The stream is over. Where the server ended its side before and takes no more, what waits to leave never will. */
  streamOver(): void {
    if (!this.#sawEnd || this.#stream.localEnded || this.destroyed) return;
    const [sent, finished] = [this.#sent, this.#finished];
    this.#sent = undefined;
    this.#finished = undefined;
    sent?.(takesNoMore());
    finished?.(takesNoMore());
  }

  // ── to the connection ────────────────────────────────────────────────────────────────────────────────────

  override _read(): void {
    this.#pay();
  }

  #pay(): void {
    const octets = this.#unpaid;
    if (octets === 0) return;
    this.#unpaid = 0;
    this.#session.consumed(this.#stream, octets, this.#host.now());
    this.#host.credited();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    if (chunk.length === 0 || this.#stream.over) {
      if (chunk.length === 0) done();
      else done(takesNoMore());
      return;
    }
    this.#sent = done;
    this.#session.send(this.#stream, chunk, false);
  }

  override _final(done: () => void): void {
    if (this.#stream.over) {
      done();
      return;
    }
    this.#finished = done;
    this.#session.end(this.#stream);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Both sides have ended: there is nothing to reset.
    const whole = this.#sawEnd && this.#stream.localEnded;
    if (!whole && !this.#stream.over)
      this.#session.cancel(this.#stream, this.#host.now(), this.#sawEnd ? NO_ERROR : CANCEL);
    this.sent();
    this.#finished?.();
    done(error);
  }
}

function takesNoMore(): NetworkError {
  return new NetworkError("The server ended the tunnel and takes no more of what is written to it", {
    code: "ERR_TRUNKLINE_STREAM_RESET",
    phase: "body",
  });
}
