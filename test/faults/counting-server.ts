import { seededRandom, type WireConnection, WireServer } from "../../src/testing/index.js";

/** One time that a request reached the server. */
export interface Arrival {
  readonly method: string;
  /** The server's number of the connection. */
  readonly connection: number;
  /** 1 for the first request of that connection. */
  readonly position: number;
  /** Whether the body came to its end as well. */
  whole: boolean;
}

/** The forms an answer can have on the wire. */
export type Shape = "length" | "chunked" | "until-close" | "informational";

export const SHAPES: readonly Shape[] = ["length", "chunked", "until-close", "informational"];

/** What the request `id` is answered with: different for each, so that an answer cannot pass for another's. */
export const bodyFor = (id: string): string => {
  const random = seededRandom([...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7));
  const length = 20 + Math.floor(random() * 40);
  return `${id}:${Array.from({ length }, () => Math.floor(random() * 36).toString(36)).join("")}`;
};

/** The bytes of that answer. */
export const answerFor = (id: string, shape: Shape): string => {
  const body = bodyFor(id);
  if (shape === "until-close") return `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\n\r\n${body}`;
  if (shape === "chunked") {
    const [first, rest] = [body.slice(0, 9), body.slice(9)];
    const chunks = [first, rest].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
    return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${chunks}0\r\nX-Sum: ${body.length}\r\n\r\n`;
  }
  const before = shape === "informational" ? "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" : "";
  return `${before}HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nX-Id: ${id}\r\n\r\n${body}`;
};

/**
 * A server that keeps account of every request it sees by the id in its path (`/shape/id`), and answers it in that
 * shape. It takes part-way requests as they are: what the faults before it do to connections is no failure of its own.
 */
export class CountingServer implements AsyncDisposable {
  readonly server: WireServer;
  readonly #arrivals = new Map<string, Arrival[]>();

  private constructor(server: WireServer) {
    this.server = server;
    server.script((connection) => this.#serve(connection));
  }

  static async start(): Promise<CountingServer> {
    return new CountingServer(await WireServer.start());
  }

  /** Every time the request with this id arrived, in order. */
  arrivals(id: string): readonly Arrival[] {
    return this.#arrivals.get(id) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }

  async #serve(connection: WireConnection): Promise<void> {
    try {
      for (let position = 1; ; position += 1) {
        const head = await connection.readHead();
        const [, shape = "length", id = ""] = head.target.split("/");
        const arrival: Arrival = { method: head.method, connection: connection.id, position, whole: false };
        this.#arrivals.set(id, [...this.arrivals(id), arrival]);
        await connection.readBody(head);
        arrival.whole = true;
        await connection.reply(answerFor(id, shape as Shape));
        if (shape === "until-close") return await connection.end();
      }
    } catch {
      // Cut off, which is what this is for.
      connection.destroy("end");
    }
  }
}
