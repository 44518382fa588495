import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Gate } from "./gate.js";
import { Incoming } from "./incoming.js";
import { showBytes, showDifference } from "./show-bytes.js";
import { ConnectionOver, WireFailure } from "./wire-errors.js";
import { readBody, readHead, type WireBody, type WireHead, type WireRequest } from "./wire-request.js";

/**
 * How a connection ended: the peer closed it first (`fin`), the peer reset it (`reset`), the script closed it first
 * (`end`), the script reset it (`reset-sent`), the server was closed (`server-close`), or the TLS handshake failed
 * (`tls-failed`).
 */
export type WireEnding = "fin" | "reset" | "end" | "reset-sent" | "server-close" | "tls-failed";

/**
 * What `WireConnection.expect` waits for: exact bytes, a pattern over the bytes as latin1 text, or a function that returns
 * how many bytes to take (`true`: all; `false`: not yet).
 */
export type Expected = string | Uint8Array | RegExp | ((received: Buffer) => boolean | number);

/** How `WireConnection.drip` cuts bytes into pieces, and what each piece waits for. */
export interface DripOptions {
  /** Bytes in each piece; default 1. */
  readonly size?: number;
  /** Awaited before each piece; a function gets the number of bytes already sent. A gate holds back all but the first. */
  readonly gate?: Gate | ((sent: number) => void | Promise<void>);
}

/** Extra response headers: a record, or a list (name, value, name, value, …) to repeat names. */
export type ExtraHeaders = Readonly<Record<string, string | number>> | readonly string[];

export interface WireConnectionEvents {
  log(
    event: "request" | "reply" | "fin-sent" | "reset-sent" | "fin-received" | "closed",
    detail?: string,
  ): void;
  readonly patience: number;
}

const toBytes = (data: string | Uint8Array): Buffer =>
  typeof data === "string"
    ? Buffer.from(data, "utf8")
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** A response head for a body of known length. */
const okHead = (length: number, headers: ExtraHeaders = {}): string => {
  const flat = Array.isArray(headers) ? (headers as readonly string[]) : Object.entries(headers).flat();
  let head = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n`;
  for (let index = 0; index < flat.length; index += 2) head += `${flat[index]}: ${flat[index + 1]}\r\n`;
  return `${head}\r\n`;
};

/** One accepted connection, from the server's side, for a script to drive. */
export class WireConnection {
  /** The connection's number, from 1 in the order of acceptance. */
  readonly id: number;
  /** Resolves with how the connection ended when its socket has closed; never rejects. */
  readonly closed: Promise<WireEnding>;
  /** The socket itself (a `TLSSocket` with TLS), for everything else. */
  readonly socket: Socket | TLSSocket;
  readonly #raw: Socket;
  readonly #events: WireConnectionEvents;
  readonly #incoming = new Incoming();
  #bytesRead = 0;
  #bytesWritten = 0;
  #requests = 0;
  #ending: WireEnding | undefined;

  /** @internal */
  constructor(id: number, socket: Socket | TLSSocket, raw: Socket, events: WireConnectionEvents) {
    this.id = id;
    this.socket = socket;
    this.#raw = raw;
    this.#events = events;
    socket.on("data", (chunk: Buffer) => {
      this.#bytesRead += chunk.length;
      this.#incoming.push(chunk);
    });
    socket.on("end", () => {
      this.#ending ??= "fin";
      events.log("fin-received");
      this.#incoming.finish(new ConnectionOver(`connection ${id}: the peer closed its side`, "peer"));
    });
    socket.on("error", () => {
      if (this.#ending !== "reset-sent" && this.#ending !== "server-close") this.#ending = "reset";
    });
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        const ending = this.#ending ?? "reset";
        const by = ending === "fin" || ending === "reset" ? "peer" : "server";
        const how = ending === "reset" ? "the peer reset the connection" : "the connection was closed";
        this.#incoming.finish(new ConnectionOver(`connection ${id}: ${how}`, by));
        events.log("closed", ending);
        resolve(ending);
      });
    });
  }

  /** Bytes received so far; with TLS, after decryption. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Bytes handed to the socket so far; with TLS, before encryption. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** Requests read so far with {@link readRequest}, {@link readHead} or {@link noteRequest}. */
  get requests(): number {
    return this.#requests;
  }

  /** The bytes that were received and not consumed yet. */
  get unread(): Buffer {
    return this.#incoming.peek();
  }

  /**
   * Waits until the received bytes match, consumes them, and returns them. Bytes that were received earlier count.
   * Rejects with a {@link WireFailure} that shows both byte strings at the first byte that differs, when the peer closes
   * first, or when nothing has matched within the server's `patience`.
   */
  async expect(expected: Expected): Promise<Buffer> {
    let patient = true;
    let stop: () => void = () => {};
    const impatience = new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        patient = false;
        resolve();
      }, this.#events.patience);
      stop = () => clearTimeout(timer);
    });
    try {
      for (;;) {
        const received = this.#incoming.peek();
        const length = this.#matched(expected, received);
        if (length >= 0) return this.#incoming.take(length);
        const over = this.#incoming.over;
        if (over?.by === "server") throw over;
        if (over !== undefined) throw this.#mismatch(expected, received, `${over.message} first`);
        if (!patient)
          throw this.#mismatch(expected, received, `nothing more came in ${this.#events.patience} ms`);
        await Promise.race([this.#incoming.changed(), impatience]);
      }
    } finally {
      stop();
    }
  }

  /** Reads a request's head but not its body. Waits without limit, because a kept connection may stay idle. */
  async readHead(): Promise<WireHead> {
    const head = await readHead(this.#incoming);
    this.#requests += 1;
    this.#events.log("request", `${head.method} ${head.target}`);
    return head;
  }

  /**
   * Takes the bytes that have arrived and are not consumed yet. Waits for some without limit, because an idle connection
   * may be silent. Rejects with {@link ConnectionOver} when the connection ends first.
   */
  async readSome(): Promise<Buffer> {
    while (this.#incoming.length === 0) {
      if (this.#incoming.over !== undefined) throw this.#incoming.over;
      await this.#incoming.changed();
    }
    return this.#incoming.take(this.#incoming.length);
  }

  /** Counts and logs a request that was not read with {@link readHead}, such as an HTTP/2 one. */
  noteRequest(what: string): void {
    this.#requests += 1;
    this.#events.log("request", what);
  }

  /** Reads the body that belongs to a head. */
  readBody(head: WireHead): Promise<WireBody> {
    return readBody(this.#incoming, head);
  }

  /**
   * Reads a request with its body. Rejects with {@link ConnectionOver}, which is not a failure, when the peer closes
   * before the first byte; with {@link WireFailure} when it closes part-way or sends something that is not a request.
   */
  async readRequest(): Promise<WireRequest> {
    const head = await this.readHead();
    const { body, trailers, raw } = await this.readBody(head);
    return { ...head, body, trailers, raw: Buffer.concat([head.raw, raw]) };
  }

  /** Reads request after request until the peer closes the connection. */
  async *eachRequest(): AsyncGenerator<WireRequest, void, undefined> {
    for (;;) {
      let request: WireRequest;
      try {
        request = await this.readRequest();
      } catch (error) {
        if (error instanceof ConnectionOver) return;
        throw error;
      }
      yield request;
    }
  }

  /** Writes bytes (a string as UTF-8) in one write; resolves when the system has taken them. */
  async reply(data: string | Uint8Array): Promise<void> {
    const bytes = toBytes(data);
    this.#events.log("reply", `${bytes.length} bytes`);
    await this.#write(bytes);
  }

  /** Writes a 200 response with a `Content-Length`, its head and body in one write. */
  replyOk(body: string | Uint8Array = "", headers?: ExtraHeaders): Promise<void> {
    const bytes = toBytes(body);
    return this.reply(Buffer.concat([Buffer.from(okHead(bytes.length, headers), "latin1"), bytes]));
  }

  /** Writes bytes a few at a time, each piece in its own TCP segment and turn of the event loop. */
  async drip(data: string | Uint8Array, options: DripOptions = {}): Promise<void> {
    const bytes = toBytes(data);
    const { size = 1, gate } = options;
    this.#events.log("reply", `${bytes.length} bytes, ${size} at a time`);
    for (let sent = 0; sent < bytes.length; sent += size) {
      if (typeof gate === "function") await gate(sent);
      else if (gate !== undefined && sent > 0) await gate.promise;
      await this.#write(bytes.subarray(sent, sent + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Closes the connection as servers do: a FIN after everything written; what the peer sends later is answered by a reset. */
  async end(): Promise<void> {
    await this.#finish();
    this.socket.destroy();
  }

  /** Sends a FIN and keeps reading. (To keep writing after the peer's FIN, set the server's `halfOpen`.) */
  async halfClose(): Promise<void> {
    await this.#finish();
  }

  /**
   * Resets the connection (RST). It first waits two turns of the event loop, so that a peer in this process can read what
   * was written before: libuv reports a reset that arrives together with bytes as an ordinary end. With `atOnce` it does
   * not wait, and what is not sent yet is lost.
   */
  async reset(options: { readonly atOnce?: boolean } = {}): Promise<void> {
    if (options.atOnce !== true) await twoTurns();
    if (this.socket.destroyed) return;
    this.#ending = "reset-sent";
    this.#events.log("reset-sent");
    this.#raw.resetAndDestroy();
  }

  /** Sends nothing more; resolves when the peer or the server ends the connection. */
  async stall(): Promise<void> {
    while (this.#incoming.over === undefined) await this.#incoming.changed();
  }

  /** Stops reading, so that the peer's writes fill the system's buffers and meet back-pressure. */
  pause(): void {
    this.socket.pause();
  }

  /** Reads again after `pause()`. */
  resume(): void {
    this.socket.resume();
  }

  /** For the server: ends the connection because the server, its script, or its handshake is over. @internal */
  destroy(ending: WireEnding): void {
    this.#ending ??= ending;
    this.#incoming.finish(new ConnectionOver(`connection ${this.id}: the server was closed`, "server"));
    this.socket.destroy();
    this.#raw.destroy();
  }

  #finish(): Promise<void> {
    this.#ending ??= "end";
    this.#events.log("fin-sent");
    return new Promise((resolve) => {
      if (this.socket.writableFinished || this.socket.destroyed) resolve();
      else {
        this.socket.once("close", () => resolve());
        this.socket.end(() => resolve());
      }
    });
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (): void =>
        reject(
          new ConnectionOver(
            `connection ${this.id}: it ended before ${bytes.length} bytes were sent`,
            "peer",
          ),
        );
      if (!this.socket.writable) return over();
      this.#bytesWritten += bytes.length;
      this.socket.write(bytes, (error) => (error ? over() : resolve()));
    });
  }

  #matched(expected: Expected, received: Buffer): number {
    if (expected instanceof RegExp) {
      const match = new RegExp(expected.source, expected.flags.replace(/[gy]/g, "")).exec(
        received.toString("latin1"),
      );
      return match === null ? -1 : match.index + match[0].length;
    }
    if (typeof expected === "function") {
      const taken = expected(received);
      return taken === true ? received.length : taken === false ? -1 : taken;
    }
    const wanted = toBytes(expected);
    const length = Math.min(wanted.length, received.length);
    if (wanted.compare(received, 0, length, 0, length) !== 0) {
      throw new WireFailure(
        `connection ${this.id}: the peer sent something else, ${showDifference(wanted, received)}`,
      );
    }
    return received.length < wanted.length ? -1 : wanted.length;
  }

  #mismatch(expected: Expected, received: Buffer, why: string): WireFailure {
    const wanted =
      expected instanceof RegExp
        ? String(expected)
        : typeof expected === "function"
          ? `a match of ${expected.name || "the given function"}`
          : showBytes(toBytes(expected));
    return new WireFailure(
      `connection ${this.id}: ${why}:\n  expected ${wanted}\n  received ${showBytes(received)}`,
    );
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Two turns of the event loop: one may begin in the middle of a turn's reads, the second has then read everything. */
const twoTurns = async (): Promise<void> => {
  await turn();
  await turn();
};
