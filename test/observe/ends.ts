import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What a server saw on its connections: bytes, and how each ended, in order. */
export interface ServerView {
  readonly received: string;
  readonly end: "fin" | "reset" | "open" | "ended-by-server";
}

/** A bare TCP server that writes down what it sees and does what the script says. */
export class EndsServer {
  readonly #server: Server;
  readonly views: { received: string; end: ServerView["end"]; socket: Socket }[] = [];
  readonly #watchers = new Set<() => void>();

  private constructor(script: (socket: Socket, received: string) => void) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const view = { received: "", end: "open" as ServerView["end"], socket };
      this.views.push(view);
      socket.on("data", (chunk: Buffer) => {
        view.received += chunk.toString("latin1");
        script(socket, view.received);
        this.#changed();
      });
      socket.on("end", () => {
        view.end = "fin";
        this.#changed();
      });
      socket.on("error", () => {
        view.end = "reset";
        this.#changed();
      });
      socket.on("close", () => {
        if (view.end === "open") view.end = "ended-by-server";
        this.#changed();
      });
      this.#changed();
    });
  }

  static async start(script: (socket: Socket, received: string) => void): Promise<EndsServer> {
    const server = new EndsServer(script);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when the views satisfy the condition. */
  async until(condition: (views: readonly ServerView[]) => boolean): Promise<void> {
    if (condition(this.views)) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!condition(this.views)) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.views) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #changed(): void {
    for (const look of this.#watchers) look();
  }
}

/** What a client saw: all bytes, and whether a FIN or a reset came after them. */
export interface ClientView {
  readonly received: string;
  readonly end: "fin" | "reset";
}

/** A bare TCP client. */
export class EndsClient {
  readonly socket: Socket;
  received = "";
  readonly over: Promise<ClientView>;
  readonly #watchers = new Set<() => void>();

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
    this.over = new Promise((resolve) => {
      this.socket.on("data", (chunk: Buffer) => {
        this.received += chunk.toString("latin1");
        for (const look of this.#watchers) look();
      });
      this.socket.once("end", () => resolve({ received: this.received, end: "fin" }));
      this.socket.once("error", () => resolve({ received: this.received, end: "reset" }));
    });
  }

  async until(text: string): Promise<void> {
    if (this.received.includes(text)) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!this.received.includes(text)) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }
}
