import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { plural } from "../errors/index.js";

/** The listening side that all observers have: the sockets of clients, and when the last of them is gone. */
export class Listener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<() => void>();
  #open = 0;
  /** Connections that the system could not give us. */
  refused = 0;

  constructor(onClient: (client: Socket) => void) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
      this.#open += 1;
      this.track(client);
      onClient(client);
    });
  }

  /** Starts to listen; rejects with the system's error when it cannot. */
  async listen(host: string, port: number): Promise<void> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, () => {
        server.off("error", reject);
        server.on("error", () => {
          this.refused += 1;
        });
        resolve();
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    const any = address === "::" || address === "0.0.0.0";
    const host = any ? "localhost" : family === "IPv6" ? `[${address}]` : address;
    return `http://${host}:${port}`;
  }

  /** Connections of clients that are not over. */
  get open(): number {
    return this.#open;
  }

  get notices(): readonly string[] {
    if (this.refused === 0) return [];
    return [
      `the observer could not accept ${plural(this.refused, "connection")}, probably because too many files were open (ulimit -n)`,
    ];
  }

  /** Ends the socket with everything else when the listener closes. */
  track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** A client's connection is over, and what it had with servers too. */
  over(): void {
    this.#open -= 1;
    for (const look of this.#watchers) look();
  }

  /** Resolves when no client's connection is open, or after so many milliseconds. */
  async settled(milliseconds: number): Promise<void> {
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      const look = (): void => {
        if (this.#open === 0) done();
      };
      const timer = setTimeout(done, milliseconds);
      this.#watchers.add(look);
    });
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await stopped;
  }
}
