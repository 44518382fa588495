import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Evidence } from "../explain/index.js";
import { evidenceOf } from "./evidence.js";
import { Ledger } from "./ledger.js";
import type { ObservedConnection } from "./observed-connection.js";
import type { Observer, ObserverCounts } from "./observer.js";
import { relay } from "./relay.js";
import { type Dial, dial, type Target } from "./upstream.js";

export interface ReverseProxyOptions {
  readonly target: Target;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Leaves Host as the client wrote it, with the observer's own address; default false. */
  readonly keepHost?: boolean;
}

/**
 * A proxy that a client takes for the server: one connection to the target for each of the client's, made when the
 * client connects, with the same bytes and the same ends. Only Host is rewritten, from the proxy's address to the
 * target's, so that the server sees what it would have seen.
 */
export class ReverseProxy implements Observer {
  readonly #options: ReverseProxyOptions;
  readonly #server: Server;
  readonly #ledger: Ledger;
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<() => void>();
  #open = 0;
  #failures = 0;
  #refused = 0;

  private constructor(options: ReverseProxyOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.target.origin);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) =>
      this.#accept(client),
    );
  }

  /** Starts to listen; rejects with the system's error when it cannot. */
  static async start(options: ReverseProxyOptions): Promise<ReverseProxy> {
    const proxy = new ReverseProxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen({ host: options.host ?? "127.0.0.1", port: options.port ?? 0 }, () => {
        proxy.#server.off("error", reject);
        proxy.#server.on("error", () => (proxy.#refused += 1));
        resolve();
      });
    });
    return proxy;
  }

  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    const any = address === "::" || address === "0.0.0.0";
    const host = any ? "localhost" : family === "IPv6" ? `[${address}]` : address;
    return `http://${host}:${port}`;
  }

  get counts(): ObserverCounts {
    const { opened, requests } = this.#ledger;
    return { connections: opened, requests, open: this.#open };
  }

  get notices(): readonly string[] {
    const { opaque } = this.#ledger;
    const { target } = this.#options;
    return [
      ...(opaque["tls"] === undefined
        ? []
        : [
            `${opaque["tls"]} connections spoke TLS to the observer, so their requests could not be seen; give the client ${this.url}, the observer itself makes TLS to an https target`,
          ]),
      ...(opaque["http2"] === undefined
        ? []
        : [`${opaque["http2"]} connections spoke HTTP/2, whose requests are not counted`]),
      ...(opaque["not-http"] === undefined
        ? []
        : [
            `${opaque["not-http"]} connections carried what is not HTTP/1, from where on requests are not counted`,
          ]),
      ...(this.#refused === 0
        ? []
        : [
            `${this.#refused} connections could not be accepted, most likely for want of open files (ulimit -n)`,
          ]),
      ...(this.#failures === 0
        ? []
        : [`${this.#failures} connections could not be passed on to ${target.origin} and were reset`]),
    ];
  }

  /** What was seen so far. Connections that are idle are taken to stay so. */
  evidence(): Evidence {
    return evidenceOf([this.#ledger], `observer ${process.pid}`);
  }

  /** Resolves when no connection is open, or after so many milliseconds. */
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

  #accept(client: Socket): void {
    this.#open += 1;
    const started = performance.now();
    const upstream = dial(this.#options.target);
    const life = this.#ledger.dialed(started);
    this.#track(client);
    this.#track(upstream.socket);
    const ignore = (): void => {};
    client.on("error", ignore);
    upstream.socket.on("error", ignore);
    upstream.done.then(
      (times) => {
        client.off("error", ignore);
        upstream.socket.off("error", ignore);
        this.#carry(client, upstream, this.#ledger.accept(life, times, this.#renameHost(client)));
      },
      (error: NodeJS.ErrnoException) => {
        this.#failures += 1;
        const inner = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error;
        this.#ledger.dialFailed(inner.code ?? "unknown", performance.now() - started);
        // A direct client would have met the error; a reset is the nearest there is after its connect succeeded.
        client.resetAndDestroy();
        this.#closed();
      },
    );
  }

  #carry(client: Socket, upstream: Dial, connection: ObservedConnection): void {
    const gone = client.destroyed;
    relay({ socket: client, reset: () => client.resetAndDestroy() }, upstream, {
      fromClient: (chunk) => connection.fromClient(chunk, performance.now()),
      fromServer: (chunk) => connection.fromServer(chunk, performance.now()),
      ended: (side, reset) => connection.ended(side, reset, performance.now()),
      closed: () => {
        this.#ledger.closed(connection);
        this.#closed();
      },
    });
    // Gone while the target was dialed: its events have passed, so they are told here.
    if (gone) {
      connection.ended("client", true, performance.now());
      client.emit("close");
    }
    client.resume();
  }

  #closed(): void {
    this.#open -= 1;
    for (const look of this.#watchers) look();
  }

  /** Host names the proxy only because the client was pointed here: then the server gets its own name. */
  #renameHost(client: Socket): ((host: string) => string | undefined) | undefined {
    const { keepHost, target, host: given } = this.#options;
    if (keepHost === true) return undefined;
    const { port } = this.#server.address() as AddressInfo;
    const address = client.localAddress ?? "";
    const own = new Set(
      [given ?? "127.0.0.1", address, address.replace(/^::ffff:/, ""), "localhost", "127.0.0.1", "::1"].map(
        (name) => `${name.includes(":") ? `[${name}]` : name}:${port}`.toLowerCase(),
      ),
    );
    return (host) => (own.has(host.toLowerCase()) ? target.authority : undefined);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
