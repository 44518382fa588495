import { createServer, type Server, type Socket } from "node:net";
import { readRequests, type Seen } from "./independent-parser.js";

interface Carried {
  bytes: Buffer;
  answered: number;
  continued: number;
}

/** Answers each request with 200 and remembers every byte of every connection. */
export class ListeningServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Map<Socket, Carried>();
  /** What each connection carried, in the order they were made. */
  #carried: Carried[] = [];
  /** Connections that were accepted. */
  accepted = 0;
  /** What no request allows. */
  readonly broken: unknown[] = [];

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<ListeningServer> {
    const server = new ListeningServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
  }

  /** What the connections carried, read anew. */
  seen(): Seen[] {
    return this.#carried.map(({ bytes }) => readRequests(bytes));
  }

  /** All bytes that came, connection by connection. */
  carried(): string {
    return this.#carried.map(({ bytes }) => bytes.toString("latin1")).join("");
  }

  /** Forgets what came; only while nothing is under way. */
  clear(): void {
    this.#carried = [...this.#sockets.values()];
    for (const carried of this.#carried) Object.assign(carried, nothing());
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size;
  }

  #serve(socket: Socket): void {
    this.accepted += 1;
    const carried = nothing();
    this.#carried.push(carried);
    this.#sockets.set(socket, carried);
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (data) => {
      carried.bytes = Buffer.concat([carried.bytes, data]);
      try {
        answer(socket, carried, readRequests(carried.bytes));
      } catch (error) {
        this.broken.push(error);
        socket.destroy();
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.keys()) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function nothing(): Carried {
  return { bytes: Buffer.alloc(0), answered: 0, continued: -1 };
}

function answer(socket: Socket, carried: Carried, { requests, rest, head }: Seen): void {
  for (; carried.answered < requests.length; carried.answered += 1) {
    const isHead = requests[carried.answered]?.method === "HEAD";
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${isHead ? 0 : 2}\r\n\r\n${isHead ? "" : "ok"}`);
  }
  if (head && carried.continued < carried.answered && /^expect: 100-continue\r$/im.test(rest)) {
    carried.continued = carried.answered;
    socket.write("HTTP/1.1 100 Continue\r\n\r\n");
  }
}
