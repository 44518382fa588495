import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import { type Route, routes } from "./friendly-routes.js";
import { originOf, portOf } from "./listening-at.js";

/** How a friendly server listens, and how it treats its connections. */
export interface FriendlyServerOptions {
  /** Speaks HTTPS, with these `node:tls` server options; default: plain HTTP. */
  readonly tls?: TlsOptions;
  /** The address to listen on; default `127.0.0.1`. */
  readonly host?: string;
  /** The port to listen on; default 0, any free one. */
  readonly port?: number;
  /** A Unix socket path to listen on instead. */
  readonly path?: string;
  /** Milliseconds to keep an idle connection; 0 keeps it for ever. Default 60,000. */
  readonly keepAliveTimeout?: number;
  /** The requests after which a connection closes; default: no limit. */
  readonly maxRequestsPerConnection?: number;
  /** Headers for every response; default none. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Your own routes, by the first segment of the path; they win over the built-in ones. */
  readonly routes?: Readonly<Record<string, Route>>;
}

/**
 * A real `node:http` or `node:https` server that counts its connections.
 *
 * It answers `/json`, `/echo`, `/bytes/N`, `/chunked/N`, `/delay/MS`, `/drip/N?ms=`, `/status/N`, `/close`,
 * `/redirect/N?to=&status=`, `/headers/N`, `/encoded/gzip|deflate|br`, `/trailers` and `/hints` (with a 103 first); `/`
 * lists them.
 */
export class FriendlyServer {
  readonly #options: FriendlyServerOptions;
  readonly #server: Server | HttpsServer;
  readonly #sockets = new Set<Socket>();
  #ids = new WeakMap<Socket, number>();
  #perConnection: number[] = [];
  #accepted = 0;
  #requests = 0;
  #mostOpen = 0;
  #closing: Promise<void> | undefined;

  private constructor(options: FriendlyServerOptions) {
    this.#options = options;
    const answer = (request: IncomingMessage, response: ServerResponse): void =>
      this.#answer(request, response);
    const { keepAliveTimeout = 60_000, maxRequestsPerConnection = 0 } = options;
    const server =
      options.tls === undefined
        ? createServer({ keepAliveTimeout }, answer)
        : createHttpsServer({ ...options.tls, keepAliveTimeout }, answer);
    this.#server = server;
    server.maxRequestsPerSocket = maxRequestsPerConnection;
    server.on("connection", (socket: Socket) => this.#accept(socket));
  }

  /** Starts a server; resolves when it listens. */
  static async start(options: FriendlyServerOptions = {}): Promise<FriendlyServer> {
    const friendly = new FriendlyServer(options);
    const { host = "127.0.0.1", port = 0, path } = options;
    await new Promise<void>((resolve, reject) => {
      friendly.#server.once("error", reject);
      friendly.#server.listen(path === undefined ? { host, port, backlog: 4096 } : { path }, () => {
        friendly.#server.off("error", reject);
        resolve();
      });
    });
    return friendly;
  }

  /** The TCP port; 0 on a Unix socket. */
  get port(): number {
    return portOf(this.#server);
  }

  /** The server's origin: `http://127.0.0.1:40123`, or `http://localhost` on a Unix socket; with TLS, `https:`. */
  get origin(): string {
    return originOf(this.#server, this.#options.tls !== undefined, this.#options);
  }

  /** The URL of `path` on this server; default `/`. */
  url(path = "/"): string {
    return this.origin + path;
  }

  /** TCP connections accepted since the start or {@link resetCounts}. */
  get connections(): number {
    return this.#accepted;
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** The most connections that were open at once since the start or {@link resetCounts}. */
  get mostOpen(): number {
    return this.#mostOpen;
  }

  /** Requests received since the start or {@link resetCounts}. */
  get requests(): number {
    return this.#requests;
  }

  /** The requests of each connection that had any, in the order of their first request. */
  get requestsPerConnection(): readonly number[] {
    return [...this.#perConnection];
  }

  /** Counts from zero again. Connections that stay open count as open, but not as accepted. */
  resetCounts(): void {
    this.#accepted = 0;
    this.#requests = 0;
    this.#perConnection = [];
    this.#ids = new WeakMap();
    this.#mostOpen = this.#sockets.size;
  }

  /** Closes every connection, also those with a request under way, and stops listening. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
      for (const socket of this.#sockets) socket.destroy();
    });
    return this.#closing;
  }

  /** The same as `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(socket: Socket): void {
    this.#accepted += 1;
    this.#sockets.add(socket);
    this.#mostOpen = Math.max(this.#mostOpen, this.#sockets.size);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #count(socket: Socket): void {
    this.#requests += 1;
    let id = this.#ids.get(socket);
    if (id === undefined) {
      id = this.#perConnection.push(0) - 1;
      this.#ids.set(socket, id);
    }
    this.#perConnection[id] = (this.#perConnection[id] ?? 0) + 1;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#count(request.socket);
    const { headers } = this.#options;
    if (headers !== undefined)
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const url = new URL(request.url ?? "/", "http://localhost");
    const [, name = "", ...rest] = url.pathname.split("/");
    const route = this.#options.routes?.[name] ?? (Object.hasOwn(routes, name) ? routes[name] : undefined);
    if (route === undefined) {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end(`nothing at ${url.pathname}; GET / lists what there is\n`);
      return;
    }
    // Not awaited where it need not be: most routes answer at once, and the demo measures.
    const answered = route(request, response, rest.join("/"), url.searchParams);
    answered?.catch(() => response.destroy());
  }
}
