import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A server that counts requests, and the connections that carried them. */
export class CountingServer {
  readonly #server: Server;
  readonly #used = new Set<Socket>();
  requests = 0;

  private constructor() {
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.requests += 1;
      this.#used.add(request.socket);
      request.resume();
      response.setHeader("content-type", "application/json");
      response.end('{"ok":true,"data":"forty-six bytes of an answer"}');
    });
  }

  static async start(): Promise<CountingServer> {
    const server = new CountingServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#used.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
