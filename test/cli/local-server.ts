import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What one request looked like to the server. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A server for the program to talk to, which counts its connections. */
export class LocalServer {
  readonly #server: Server;
  connections = 0;
  readonly seen: Seen[] = [];
  /** Resolves when the first request for `/stall` has its first byte of the answer. */
  readonly stalled: Promise<void>;

  private constructor() {
    let stall: () => void = () => {};
    this.stalled = new Promise((resolve) => {
      stall = resolve;
    });
    this.#server = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = "", url = "", headers } = request;
      this.seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      switch (url) {
        case "/binary":
          response.setHeader("content-type", "image/png");
          return response.end(LocalServer.binary);
        case "/missing":
          return response.writeHead(404).end("no such thing\n");
        case "/cut":
          response.writeHead(200, { "content-length": 100 });
          response.write("only this");
          return setImmediate(() => request.socket.destroy());
        case "/stall":
          response.write("first");
          return stall();
        case "/some-fail":
          return this.seen.length % 2 === 0 ? response.end("ok") : request.socket.destroy();
        case "/big":
          return response.end(Buffer.alloc(8 * 1024 * 1024, "x"));
        default:
          return response.end("hello\n");
      }
    });
    this.#server.on("connection", () => this.connections++);
  }

  /** A body that is not text: every byte value, four times. */
  static readonly binary: Buffer = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));

  static async start(): Promise<LocalServer> {
    const server = new LocalServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
