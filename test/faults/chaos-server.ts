import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { turns } from "../transport/support.js";

/** What a server adds that nobody asked for: another answer, the half of one, an end of the line, noise. */
const UNASKED: readonly string[] = [
  "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Id: evil\r\n\r\nEVIL",
  "HTTP/1.1 204 No Content\r\nX-Id: evil\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Le",
  "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
  "\r\n",
  "\0\0\0\0",
];
/** Of these a client can tell, whenever they come, that they are no answer. */
const NOISE: readonly string[] = ["\r\n", "\r\n\r\n", "noise", "\x15\x03\x03\x00"];
const SIZES: readonly number[] = [0, 1, 10, 1000, 16_000, 20_000, 65_000, 70_000, 300_000];
/** An answer that is in the kernel as a whole as soon as it is written, and so is what is written behind it. */
const AT_ONCE = 60_000;

interface Answer {
  readonly bytes: Buffer;
  /** Whether the end of the connection is its end. */
  readonly untilClose: boolean;
}

/**
 * Answers each request with its own id, and does to each answer what a bad server or a bad way may: resets, ends and
 * stalls at any byte, drips, and unsolicited bytes in front of the next answer.
 */
export class ChaosServer implements AsyncDisposable {
  readonly #random: () => number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #secure: boolean;
  /** The request whose answer was begun last on a connection. */
  readonly #answering = new WeakMap<Socket, string>();
  /** How often each request came whole. */
  readonly arrivals: Map<string, number> = new Map();

  private constructor(random: () => number, certificate: { key: string; cert: string } | undefined) {
    this.#random = random;
    this.#secure = certificate !== undefined;
    const accept = (socket: Socket): void => this.#accept(socket);
    this.#server = certificate === undefined ? createServer(accept) : createTlsServer(certificate, accept);
    this.#server.on("tlsClientError", () => undefined);
  }

  static async start(
    random: () => number,
    certificate?: { key: string; cert: string },
  ): Promise<ChaosServer> {
    const server = new ChaosServer(random, certificate);
    await once(server.#server.listen(0), "listening");
    return server;
  }

  get origin(): string {
    const { port } = this.#server.address() as AddressInfo;
    return this.#secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)] as T;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    const fate = this.#random();
    if (fate < 0.02) this.#reset(socket);
    else if (fate < 0.04) socket.end();
    let text = "";
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
      const request = /^(\S+) \/(\S+) [\s\S]*?\r\n\r\n/.exec(text);
      if (request === null) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(request[0])?.[1] ?? 0);
      const chunked = /\r\ntransfer-encoding: chunked/i.test(request[0]);
      if (chunked ? !text.endsWith("0\r\n\r\n") : text.length < request[0].length + length) return;
      text = "";
      const [, method = "", id = ""] = request;
      this.arrivals.set(id, (this.arrivals.get(id) ?? 0) + 1);
      void this.#answer(socket, method, id);
    });
  }

  #reset(socket: Socket): void {
    if (this.#secure)
      socket.destroy(); // a TLS socket cannot be reset by itself
    else socket.resetAndDestroy();
  }

  #made(method: string, id: string): Answer {
    const status = this.#pick([200, 200, 200, 200, 204, 304, 404]);
    const body = `${id}:`.padEnd(id.length + 1 + this.#pick(SIZES), "x");
    const fields = `X-Id: ${id}\r\n${this.#random() < 0.1 ? "Connection: close\r\n" : ""}`;
    const early = this.#random() < 0.1 ? "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" : "";
    const head = (more: string): string => `${early}HTTP/1.1 ${status} X\r\n${fields}${more}\r\n`;
    const framing = this.#random();
    if (method === "HEAD" || status === 204 || status === 304) {
      const announced = status === 204 ? "" : `Content-Length: ${body.length}\r\n`;
      return { bytes: Buffer.from(head(announced)), untilClose: false };
    }
    if (framing < 0.6)
      return { bytes: Buffer.from(head(`Content-Length: ${body.length}\r\n`) + body), untilClose: false };
    if (framing > 0.9) return { bytes: Buffer.from(head("X-Until: close\r\n") + body), untilClose: true };
    let chunks = "";
    for (let at = 0; at < body.length; ) {
      const chunk = body.slice(at, at + 1 + Math.floor(this.#random() * 9000));
      chunks += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
      at += chunk.length;
    }
    const trailers = this.#random() < 0.3 ? "X-Sum: 1\r\n" : "";
    return {
      bytes: Buffer.from(`${head("Transfer-Encoding: chunked\r\n")}${chunks}0\r\n${trailers}\r\n`),
      untilClose: false,
    };
  }

  async #answer(socket: Socket, method: string, id: string): Promise<void> {
    const { bytes, untilClose } = this.#made(method, id);
    await turns(Math.floor(this.#random() * 4));
    if (socket.destroyed) return;
    this.#answering.set(socket, id);
    const at = Math.floor(this.#random() * bytes.length);
    const fault = this.#random();
    if (fault < 0.05) {
      socket.write(bytes.subarray(0, at));
      await turns(2);
      this.#reset(socket);
    } else if (fault < 0.1) {
      socket.end(bytes.subarray(0, at));
    } else if (fault < 0.13) {
      socket.write(bytes.subarray(0, at)); // and no more
    } else if (fault < 0.18) {
      for (let i = 0; i < Math.min(bytes.length, 150) && !socket.destroyed; i += 1) {
        socket.write(bytes.subarray(i, i + 1));
        await turns(1);
      }
      if (!socket.destroyed) this.#end(socket, bytes.subarray(150), untilClose);
    } else if (untilClose) {
      this.#end(socket, bytes, untilClose); // whatever came behind it would be its own
    } else if (fault < 0.24) {
      socket.write(Buffer.concat([bytes, Buffer.from(this.#pick(UNASKED))]));
    } else if (fault < 0.3 && !this.#secure && bytes.length < AT_ONCE) {
      socket.write(bytes);
      socket.write(this.#pick(UNASKED));
    } else if (fault < 0.36) {
      socket.write(bytes);
      await turns(Math.floor(this.#random() * 6));
      // In front of the next answer, or between two requests; within an answer it would be a part of that.
      if (!socket.destroyed && this.#answering.get(socket) === id) socket.write(this.#pick(NOISE));
    } else {
      this.#end(socket, bytes, untilClose);
    }
  }

  /** The answer as it should be; the connection may end with it. */
  #end(socket: Socket, bytes: Buffer, untilClose: boolean): void {
    if (untilClose || this.#random() < 0.08) socket.end(bytes);
    else socket.write(bytes);
  }
}
