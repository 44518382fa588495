import { createServer, type Server, type Socket } from "node:net";
import {
  createServer as createTlsServer,
  type TLSSocket,
  type TlsOptions,
  type Server as TlsServer,
} from "node:tls";
import { type Gate, OwnedGate } from "./gate.js";
import { originOf, portOf } from "./listening-at.js";
import { WireConnection, type WireConnectionEvents } from "./wire-connection.js";
import { ConnectionOver, WireFailure } from "./wire-errors.js";
import { answerEach, runScript, type WireScript } from "./wire-script.js";

/** How a scripted server listens, and what its connections do. */
export interface WireServerOptions {
  /** The script of connections without one of their own; default {@link answerEach}. */
  readonly script?: WireScript;
  /** Speaks TLS, with these `node:tls` server options (`key`, `cert`, `ca`, `ALPNProtocols`, …); default: plain TCP. */
  readonly tls?: TlsOptions;
  /** The address to listen on; default `127.0.0.1`. */
  readonly host?: string;
  /** The port to listen on; default 0, any free one. */
  readonly port?: number;
  /** A Unix socket path to listen on instead. */
  readonly path?: string;
  /** Whether a connection stays writable after the peer's FIN; default false: the server then closes its side too. */
  readonly halfOpen?: boolean;
  /** Milliseconds that `expect`, `until` and the `waitFor…` methods wait before they fail; default 10,000. */
  readonly patience?: number;
}

/** Something that happened on the server's side. */
export interface WireEvent {
  /** Milliseconds since the server started. */
  readonly at: number;
  /** The connection's number, from 1 in the order of acceptance. */
  readonly connection: number;
  /** What happened. */
  readonly event:
    | "accepted"
    | "secured"
    | "tls-failed"
    | "request"
    | "reply"
    | "fin-received"
    | "fin-sent"
    | "reset-sent"
    | "closed"
    | "script-failed";
  /** Details; absent when there are none. */
  readonly detail?: string;
}

/** How long `close()` waits for scripts whose connections it has just ended. */
const SCRIPT_GRACE = 200;

/**
 * A TCP or TLS server that does exactly what its scripts say, byte by byte, and counts its connections.
 *
 * ```ts
 * await using server = await WireServer.start();
 * server.onConnection(1, async (connection) => {
 *   await connection.readRequest();
 *   await connection.replyOk("hello");
 *   await connection.end();
 * });
 * ```
 * A script that fails destroys its connection and makes `close()` reject with what went wrong.
 */
export class WireServer {
  readonly #options: WireServerOptions;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #startedAt = performance.now();
  readonly #own = new Map<number, WireScript>();
  readonly #raw = new Set<Socket>();
  readonly #byId = new Map<number, WireConnection>();
  readonly #handshakes = new Map<number, { id: number; raw: Socket }>();
  readonly #scripts = new Set<Promise<void>>();
  readonly #gates = new Set<OwnedGate>();
  readonly #watchers = new Set<() => void>();
  #default: WireScript;
  #accepted = 0;
  #requests = 0;
  #closing: Promise<void> | undefined;
  /** Everything that happened, in order. */
  readonly log: WireEvent[] = [];
  /** What scripts threw, in order. */
  readonly failures: Error[] = [];

  private constructor(options: WireServerOptions) {
    this.#options = options;
    this.#default = options.script ?? answerEach;
    this.#server = createServer({ allowHalfOpen: options.halfOpen ?? false, noDelay: true }, (socket) =>
      this.#accept(socket),
    );
    if (options.tls !== undefined) {
      this.#tls = createTlsServer(options.tls, (socket) => this.#secured(socket));
      this.#tls.on("tlsClientError", (error, socket) => this.#insecure(error, socket));
    }
  }

  /** Starts a server; resolves when it listens. */
  static async start(options: WireServerOptions = {}): Promise<WireServer> {
    if (options.tls !== undefined && options.path !== undefined) {
      throw new TypeError("WireServer speaks TLS on a TCP port only: leave out tls or path");
    }
    const server = new WireServer(options);
    const { host = "127.0.0.1", port = 0, path } = options;
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject);
      server.#server.listen(path === undefined ? { host, port } : { path }, () => {
        server.#server.off("error", reject);
        resolve();
      });
    });
    return server;
  }

  /** The TCP port; 0 on a Unix socket. */
  get port(): number {
    return portOf(this.#server);
  }

  /** The server's origin: `http://127.0.0.1:40123`, or `http://localhost` on a Unix socket; with TLS, `https:`. */
  get origin(): string {
    return originOf(this.#server, this.#tls !== undefined, this.#options);
  }

  /** The URL of `path` on this server; default `/`. */
  url(path = "/"): string {
    return this.origin + path;
  }

  /** Connections accepted so far, closed ones included. */
  get connections(): number {
    return this.#accepted;
  }

  /** Connections open now. */
  get open(): number {
    return this.#raw.size;
  }

  /** Request heads that scripts have read so far, on all connections. */
  get requests(): number {
    return this.#requests;
  }

  /** Sets the script of later connections without one of their own. */
  script(script: WireScript): this {
    this.#default = script;
    return this;
  }

  /** Sets the script of the connection with this number, 1 for the first. */
  onConnection(number: number, script: WireScript): this {
    if (number <= this.#accepted)
      throw new RangeError(`connection ${number} was already accepted: set its script before`);
    this.#own.set(number, script);
    return this;
  }

  /** Makes a gate for scripts to wait at; `close()` ends those that still wait. */
  gate(): Gate {
    const gate = new OwnedGate();
    this.#gates.add(gate);
    return gate;
  }

  /** Resolves with the connection of this number (1 for the first) once it is accepted and, with TLS, secured. */
  async connection(number: number): Promise<WireConnection> {
    await this.until(() => this.#byId.has(number), `connection ${number}`);
    return this.#byId.get(number) as WireConnection;
  }

  /** Resolves when `count` connections have been accepted in total. */
  waitForConnections(count: number): Promise<void> {
    return this.until(() => this.#accepted >= count, `${count} connections`);
  }

  /** Resolves when exactly `count` connections are open. */
  waitForOpen(count: number): Promise<void> {
    return this.until(() => this.#raw.size === count, `${count} open connections`);
  }

  /** Resolves when scripts have read `count` requests in total. */
  waitForRequests(count: number): Promise<void> {
    return this.until(() => this.#requests >= count, `${count} requests`);
  }

  /** Resolves when the condition holds, which is tried at each event of {@link log}; rejects after `patience`. */
  until(condition: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        this.#watchers.delete(watch);
        if (error === undefined) resolve();
        else reject(error);
      };
      const counts = (): string =>
        `accepted ${this.#accepted}, open ${this.#raw.size}, requests ${this.#requests}`;
      const watch = (): void => {
        if (condition()) settle();
        else if (this.#closing)
          settle(new ConnectionOver(`the server was closed while waiting for ${what}`, "server"));
      };
      const { patience = 10_000 } = this.#options;
      const timer = setTimeout(
        () => settle(new WireFailure(`waited ${patience} ms for ${what}; the server has ${counts()}`)),
        patience,
      );
      this.#watchers.add(watch);
      watch();
    });
  }

  /**
   * Closes every connection, ends every script and stops listening. Rejects with what a script threw, or with an
   * `AggregateError` when several did.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The same as `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    // `#closing` is set only after this first turn, and what follows looks at it.
    await Promise.resolve();
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const over = new ConnectionOver("the server was closed", "server");
    for (const connection of this.#byId.values()) connection.destroy("server-close");
    for (const raw of this.#raw) raw.destroy();
    for (const gate of this.#gates) gate.abandon(over);
    this.#changed();
    await stopped;
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SCRIPT_GRACE);
    });
    // A script may wait for something the server does not own; such a one is left behind.
    await Promise.race([Promise.allSettled(this.#scripts), grace]);
    clearTimeout(timer);
    const [failure, ...more] = this.failures;
    if (more.length > 0) {
      const messages = this.failures.map((error) => error.message).join("\n");
      throw new AggregateError(this.failures, `${this.failures.length} scripts failed:\n${messages}`);
    }
    if (failure !== undefined) throw failure;
  }

  #accept(raw: Socket): void {
    if (this.#closing) {
      raw.destroy();
      return;
    }
    const id = ++this.#accepted;
    this.#raw.add(raw);
    raw.on("error", () => {});
    const { remotePort = -1 } = raw;
    raw.once("close", () => {
      this.#raw.delete(raw);
      if (this.#handshakes.get(remotePort)?.raw === raw) {
        this.#handshakes.delete(remotePort);
        this.#log(id, "tls-failed", "closed");
      }
      this.#changed();
    });
    this.#log(id, "accepted");
    if (this.#tls === undefined) {
      this.#run(id, raw, raw);
    } else {
      // The TLS socket that comes of this has the same remote port; nothing public ties it to `raw` otherwise.
      this.#handshakes.set(remotePort, { id, raw });
      this.#tls.emit("connection", raw);
    }
  }

  #secured(socket: TLSSocket): void {
    const handshake = this.#handshakeOf(socket);
    if (handshake === undefined) return;
    this.#log(
      handshake.id,
      "secured",
      `${socket.getProtocol()}${socket.isSessionReused() ? " resumed" : ""}`,
    );
    this.#run(handshake.id, socket, handshake.raw);
  }

  #insecure(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const handshake = this.#handshakeOf(socket);
    if (handshake === undefined) return;
    this.#log(handshake.id, "tls-failed", error.code ?? error.message);
    handshake.raw.destroy();
  }

  #handshakeOf(socket: TLSSocket): { id: number; raw: Socket } | undefined {
    const port = socket.remotePort ?? -1;
    const handshake = this.#handshakes.get(port);
    this.#handshakes.delete(port);
    return handshake;
  }

  #run(id: number, socket: Socket | TLSSocket, raw: Socket): void {
    const events: WireConnectionEvents = {
      log: (event, detail) => {
        if (event === "request") this.#requests += 1;
        this.#log(id, event, detail);
      },
      patience: this.#options.patience ?? 10_000,
    };
    const connection = new WireConnection(id, socket, raw, events);
    this.#byId.set(id, connection);
    this.#changed();
    const script = runScript(connection, this.#own.get(id) ?? this.#default)
      .catch((thrown: unknown) => {
        if (thrown instanceof ConnectionOver) return;
        const failure =
          thrown instanceof Error
            ? thrown
            : new Error(`connection ${id}: its script threw ${String(thrown)}`);
        this.failures.push(failure);
        this.#log(id, "script-failed", failure.message);
        connection.destroy("end");
      })
      .finally(() => this.#scripts.delete(script));
    this.#scripts.add(script);
  }

  #log(connection: number, event: WireEvent["event"], detail?: string): void {
    const at = performance.now() - this.#startedAt;
    this.log.push(detail === undefined ? { at, connection, event } : { at, connection, event, detail });
    this.#changed();
  }

  #changed(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}
