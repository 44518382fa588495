import type { Socket } from "node:net";
import { plural } from "../errors/index.js";
import type { Facts } from "../explain/index.js";
import { factsOf } from "./facts.js";
import { type HeadRewriter, hostRenamer } from "./head-rewriter.js";
import { Listener } from "./listener.js";
import type { ObservedConnection } from "./observed-connection.js";
import { type Observer, type ObserverCounts, opaqueNotices } from "./observer.js";
import { OriginLog } from "./origin-log.js";
import { relay } from "./relay.js";
import { type Dial, dial, dialError, type Target } from "./upstream.js";

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
  readonly #log: OriginLog;
  readonly #listener: Listener;
  #failures = 0;

  private constructor(options: ReverseProxyOptions) {
    this.#options = options;
    this.#log = new OriginLog(options.target.origin);
    this.#listener = new Listener((client) => this.#accept(client));
  }

  /** Starts to listen; rejects with the system's error when it cannot. */
  static async start(options: ReverseProxyOptions): Promise<ReverseProxy> {
    const proxy = new ReverseProxy(options);
    await proxy.#listener.listen(options.host ?? "127.0.0.1", options.port ?? 0);
    return proxy;
  }

  get url(): string {
    return this.#listener.url;
  }

  get counts(): ObserverCounts {
    const { opened, requests } = this.#log;
    return { connections: opened, requests, open: this.#listener.open };
  }

  get notices(): readonly string[] {
    const { opaque } = this.#log;
    const { target } = this.#options;
    return [
      ...(opaque["tls"] === undefined
        ? []
        : [
            `${plural(opaque["tls"], "connection")} spoke TLS to the observer, so requests were not visible; give the client ${this.url} and let the observer add TLS for an https target`,
          ]),
      ...opaqueNotices(opaque),
      ...this.#listener.notices,
      ...(this.#failures === 0
        ? []
        : [
            `the observer could not pass ${plural(this.#failures, "connection")} on to ${target.origin}, and sent the client a reset`,
          ]),
    ];
  }

  facts(): Facts {
    return factsOf([this.#log], `observer ${process.pid}`);
  }

  settled(milliseconds: number): Promise<void> {
    return this.#listener.settled(milliseconds);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  #accept(client: Socket): void {
    const { target } = this.#options;
    const started = performance.now();
    const upstream = dial(target);
    const life = this.#log.dialed(started);
    this.#listener.track(upstream.socket);
    const ignore = (): void => {};
    client.on("error", ignore);
    upstream.socket.on("error", ignore);
    upstream.done.then(
      (times) => {
        client.off("error", ignore);
        upstream.socket.off("error", ignore);
        this.#carry(client, upstream, this.#log.accept(life, times, this.#rewriter(client)));
      },
      (error: unknown) => {
        this.#failures += 1;
        this.#log.dialFailed(dialError(error, target).code, performance.now() - started);
        // A direct client would have met the error; a reset is the nearest there is after its connect succeeded.
        client.resetAndDestroy();
        this.#listener.over();
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
        this.#log.closed(connection);
        this.#listener.over();
      },
    });
    // Gone while the target was dialed: its events have passed, so they are replayed here.
    if (gone) {
      connection.ended("client", true, performance.now());
      client.emit("close");
    }
    client.resume();
  }

  /** Host names the proxy only because the client was pointed here: then the server gets its own name. */
  #rewriter(client: Socket): HeadRewriter | undefined {
    const { keepHost, target, host: given } = this.#options;
    if (keepHost === true) return undefined;
    const { port } = this.#listener;
    const address = client.localAddress ?? "";
    const own = new Set(
      [given ?? "127.0.0.1", address, address.replace(/^::ffff:/, ""), "localhost", "127.0.0.1", "::1"].map(
        (name) => `${name.includes(":") ? `[${name}]` : name}:${port}`.toLowerCase(),
      ),
    );
    return hostRenamer((host) => (own.has(host.toLowerCase()) ? target.authority : undefined));
  }
}
