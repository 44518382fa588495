import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./fault.js";
import { FaultFlow } from "./fault-flow.js";
import { seededRandom } from "./seeded-random.js";

/** What a fault proxy forwards to, and what it does to each connection. */
export interface FaultProxyOptions {
  /** Where to forward connections: a port of 127.0.0.1, or a host and a port. */
  readonly target: number | { readonly host: string; readonly port: number };
  /**
   * The fault of each connection, or a function of the connection's number (1 for the first) and a seeded random source;
   * default: none.
   */
  readonly faults?: Fault | ((connection: number, random: () => number) => Fault);
  /** The seed of everything random; default 1. A connection with the same seed and number gets the same. */
  readonly seed?: number;
  /** The address to listen on; default `127.0.0.1`. */
  readonly host?: string;
  /** The port to listen on; default 0, any free one. */
  readonly port?: number;
}

/** Milliseconds between the last byte and a reset, in which a client in any process reads that byte. */
const RESET_AFTER = 5;

/** Something the proxy did. */
export interface FaultEvent {
  /** The connection's number, from 1 in the order of acceptance. */
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
  /** Details; absent when there are none. */
  readonly detail?: string;
}

/**
 * A TCP proxy that does harm on purpose: it delays, drips, cuts, resets, half-closes or swallows. It does not know HTTP,
 * so it works in front of a TLS server too.
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

  /** Starts a proxy; resolves when it listens. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await proxy.accept();
    return proxy;
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#port;
  }

  /** The proxy's origin for a target that speaks plain HTTP: `http://127.0.0.1:40123`. */
  get origin(): string {
    return `http://${this.#host.includes(":") ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.#accepted;
  }

  /** Client connections open now. */
  get open(): number {
    return this.#open;
  }

  /** Bytes passed to the target so far. */
  get bytesUp(): number {
    return this.#bytesUp;
  }

  /** Bytes passed to clients so far. */
  get bytesDown(): number {
    return this.#bytesDown;
  }

  /** Sets the fault of connections from now on. */
  faults(faults: Fault | ((connection: number, random: () => number) => Fault)): this {
    this.#faults = faults;
    return this;
  }

  /** Stops listening, so that the system refuses new connections; open ones stay. */
  async refuse(): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
    // The port is given up at once; the server's own `close` event would wait for its connections.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Listens again on the same port, after {@link refuse}. */
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

  /** Closes every connection and stops listening. */
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

  /** The same as `close()`, for `await using`. */
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
