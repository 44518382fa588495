import { Worker } from "node:worker_threads";
import type { ServersAnswer, ServersRequest } from "./servers.js";

type Ask = ServersRequest extends infer Each
  ? Each extends ServersRequest
    ? Omit<Each, "id">
    : never
  : never;

/** A server of the demo, seen from the clients' thread. */
interface DemoServer {
  readonly origin: string;
  /** What the server has counted itself. */
  count(): Promise<{ connections: number; requests: number }>;
  /** Ends the server and every connection to it. */
  close(): Promise<unknown>;
}

/** The thread in which the demo's servers run. */
export class ServerHost {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(answer: ServersAnswer): void; reject(error: Error): void }>();
  #next = 1;

  /** @param program The file whose worker role is to serve: the program itself. */
  constructor(program: URL) {
    this.#worker = new Worker(program, { workerData: { role: "demo-servers" }, argv: [] });
    this.#worker.on("message", (answer: ServersAnswer) => {
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
    this.#worker.on("error", (error: Error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  /** A new server on a port of its own, so that one scenario's connections cannot serve another. */
  async open(): Promise<DemoServer> {
    const { port } = await this.#ask({ ask: "open" });
    return {
      origin: `http://127.0.0.1:${port}`,
      count: () => this.#ask({ ask: "count", port }),
      close: () => this.#ask({ ask: "close", port }),
    };
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(ask: Ask): Promise<ServersAnswer> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...ask });
    });
  }
}
