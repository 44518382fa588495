import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./fault.js";
import { FaultFlow } from "./fault-flow.js";
import { seededRandom } from "./seeded-random.js";

/** Where a fault proxy stands, and what it does to each connection. */
export interface FaultProxyOptions {
  /** Where connections go: a port of 127.0.0.1, or a host and a port. */
  readonly target: number | { readonly host: string; readonly port: number };
  /** What is done to each connection; a function gets its number (1 for the first) and a seeded source of randomness. */
  readonly faults?: Fault | ((connection: number, random: () => number) => Fault);
  /** Of everything drawn at random; default 1. The same seed draws the same for a connection of the same number. */
  readonly seed?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
}

/** Milliseconds between the last byte and a reset, in which a client in any process reads that byte. */
const RESET_AFTER = 5;

/** Something the proxy did, in order. */
export interface FaultEvent {
  /** The number of the connection, from 1 in the order they were accepted. */
  readonly connection: number;
  /** What happened. */
  readonly event:
    | "accepted"
    | "limit-up"
    | "limit-down"
    | "reset"
    | "black-hole"
    | "target-failed"
    | "closed";
  /** More about it, where there is more to say. */
  readonly detail?: string;
}

/**
 * A TCP proxy that does harm on purpose: delay, drip, cut, reset, half-close, black hole. It knows no HTTP, so it
 * stands before a TLS server as well.
 *
 * ```ts
 * await using proxy = await FaultProxy.start({
 *   target: server.port,
 *   faults: { down: { limit: { bytes: 40, action: "reset" } } },
 * });
 * ```
 */
export class FaultProxy {
  readonly #options: FaultProxyOptions;
  readonly #sockets = new Set<Socket>();
  readonly #ending = new Set<AbortController>();
  #server: Server | undefined;
  #faults: FaultProxyOptions["faults"];
  #port: number;
  #accepted = 0;
  #open = 0;
  #bytesUp = 0;
  #bytesDown = 0;
  /** Everything the proxy did, in order. */
  readonly log: FaultEvent[] = [];

  private constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#faults = options.faults;
    this.#port = options.port ?? 0;
  }

  /** Starts listening. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await proxy.accept();
    return proxy;
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#port;
  }

  /** `http://127.0.0.1:40123`, for a target that speaks plain HTTP. */
  get origin(): string {
    return `http://${this.#host.includes(":") ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.#accepted;
  }

  /** Connections of clients that are open now. */
  get open(): number {
    return this.#open;
  }

  /** Bytes passed on to the target. */
  get bytesUp(): number {
    return this.#bytesUp;
  }

  /** Bytes passed on to clients. */
  get bytesDown(): number {
    return this.#bytesDown;
  }

  /** Sets what is done to later connections. */
  faults(faults: Fault | ((connection: number, random: () => number) => Fault)): this {
    this.#faults = faults;
    return this;
  }

  /** Stops listening, so that the system refuses new connections; those that are open stay. */
  async refuse(): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
    // The port is given up at once; the server's own `close` event would wait for its connections.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Listens again on the same port after {@link refuse}. */
  async accept(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: this.#host, port: this.#port }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Resets every open connection, as a crash of the server's machine would. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const stopped = new Promise<void>((resolve) =>
      server === undefined ? resolve() : server.close(() => resolve()),
    );
    for (const controller of this.#ending) controller.abort();
    const closed = [...this.#sockets].map(
      (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
    );
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([stopped, ...closed]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #host(): string {
    return this.#options.host ?? "127.0.0.1";
  }

  #accept(client: Socket): void {
    const id = ++this.#accepted;
    this.#open += 1;
    const { seed = 1 } = this.#options;
    const draw = (stream: number): (() => number) => seededRandom(seed * 1_000_003 + id * 3 + stream);
    const fault = typeof this.#faults === "function" ? this.#faults(id, draw(0)) : (this.#faults ?? {});
    this.#note(id, "accepted");
    this.#track(client);
    client.once("close", () => {
      this.#open -= 1;
      this.#note(id, "closed");
    });
    if (fault.reset === true) {
      this.#note(id, "reset");
      client.resetAndDestroy();
    } else if (fault.blackHole === true) {
      this.#note(id, "black-hole");
      client.resume();
      client.once("end", () => client.end());
    } else {
      this.#carry(id, client, fault, draw);
    }
  }

  #carry(id: number, client: Socket, fault: Fault, draw: (stream: number) => () => number): void {
    const { target } = this.#options;
    const where = typeof target === "number" ? { host: "127.0.0.1", port: target } : target;
    const upstream = connect({ ...where, allowHalfOpen: true, noDelay: true });
    this.#track(upstream);
    const controller = new AbortController();
    this.#ending.add(controller);
    const both = [client, upstream];
    const resetBoth = (): void => {
      for (const socket of both) socket.resetAndDestroy();
    };
    // A reset that reaches a Node client together with bytes looks to it like an ordinary end.
    const resetAfterBytes = (): void => {
      sleep(RESET_AFTER, undefined, { signal: controller.signal }).then(resetBoth, () => {});
    };
    let stalled = false;
    const finish = (): void => {
      // After a stall, one end's close does not reach the other by itself.
      if (stalled) for (const socket of both) socket.end(() => socket.destroy());
      if (!client.destroyed || !upstream.destroyed) return;
      controller.abort();
      this.#ending.delete(controller);
    };
    for (const socket of both) {
      socket.on("error", (error: NodeJS.ErrnoException) => {
        if (error.syscall === "connect") this.#note(id, "target-failed", error.code ?? error.message);
        resetBoth();
      });
      socket.once("close", finish);
    }
    const flow = (source: Socket, sink: Socket, up: boolean): void => {
      new FaultFlow(source, sink, (up ? fault.up : fault.down) ?? {}, draw(up ? 1 : 2), controller.signal, {
        passed: (bytes) => {
          if (up) this.#bytesUp += bytes;
          else this.#bytesDown += bytes;
        },
        ended: () => sink.end(),
        limit: (action) => {
          this.#note(id, up ? "limit-up" : "limit-down", action);
          if (action === "stall") stalled = true;
          else if (action === "reset") resetAfterBytes();
          else if (action === "half-close") sink.end();
          else if (action === "end") for (const socket of both) socket.end(() => socket.destroy());
        },
      });
    };
    flow(client, upstream, true);
    flow(upstream, client, false);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #note(connection: number, event: FaultEvent["event"], detail?: string): void {
    this.log.push(detail === undefined ? { connection, event } : { connection, event, detail });
  }
}
