import type { Socket } from "node:net";
import { plural } from "../errors/index.js";
import type { Facts } from "../explain/index.js";
import { factsOf } from "./facts.js";
import { ForwardSession } from "./forward-session.js";
import { Listener } from "./listener.js";
import { type Observer, type ObserverCounts, opaqueNotices } from "./observer.js";
import { OriginLog } from "./origin-log.js";

interface ForwardProxyOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
}

/** Origins with an account of their own; the connections of more are passed on and not counted. */
const MAX_ORIGINS = 1_000;

/**
 * A proxy that clients are configured with (`HTTP_PROXY`), for those that cannot be pointed elsewhere. Requests by whole URL
 * are read; tunnels (CONNECT) are passed on, and what is in them is read where it is plain HTTP/1.
 */
export class ForwardProxy implements Observer {
  readonly #logs = new Map<string, OriginLog>();
  readonly #listener: Listener;
  #uncounted = 0;
  #misdirected = 0;

  private constructor() {
    this.#listener = new Listener((client) => this.#accept(client));
  }

  /** Starts to listen; rejects with the system's error when it cannot. */
  static async start(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
    const proxy = new ForwardProxy();
    await proxy.#listener.listen(options.host ?? "127.0.0.1", options.port ?? 0);
    return proxy;
  }

  get url(): string {
    return this.#listener.url;
  }

  get counts(): ObserverCounts {
    let [connections, requests] = [0, 0];
    for (const log of this.#logs.values()) {
      connections += log.opened;
      requests += log.requests;
    }
    return { connections, requests, open: this.#listener.open };
  }

  get notices(): readonly string[] {
    const opaque: Record<string, number> = {};
    for (const log of this.#logs.values())
      for (const [what, count] of Object.entries(log.opaque)) opaque[what] = (opaque[what] ?? 0) + count;
    const { tls } = opaque;
    const seen = this.#logs.size > 0;
    return [
      seen
        ? "seen as a proxy: a client may treat connections to a proxy differently from connections to servers, so --target shows more"
        : "no request came to the proxy: most clients, including Go's, go directly to localhost, and some ignore HTTP_PROXY; use --target for those",
      ...(tls === undefined
        ? []
        : [`${plural(tls, "tunnel")} carried TLS: connections are counted, but requests are not visible`]),
      ...opaqueNotices(opaque),
      ...this.#listener.notices,
      ...(this.#misdirected === 0
        ? []
        : [
            `the proxy answered ${plural(this.#misdirected, "request")} with 400, meant for a server and not for a proxy`,
          ]),
      ...(this.#uncounted === 0
        ? []
        : [`not counted: ${plural(this.#uncounted, "connection")} to further origins`]),
    ];
  }

  facts(): Facts {
    return factsOf([...this.#logs.values()], `observer ${process.pid}`);
  }

  settled(milliseconds: number): Promise<void> {
    return this.#listener.settled(milliseconds);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  #accept(client: Socket): void {
    const session = new ForwardSession(client, {
      log: (origin) => this.#log(origin),
      track: (socket) => this.#listener.track(socket),
      misdirected: () => {
        this.#misdirected += 1;
      },
      over: () => this.#listener.over(),
    });
    session.start();
  }

  #log(origin: string): OriginLog {
    let log = this.#logs.get(origin);
    if (log === undefined) {
      log = new OriginLog(origin);
      if (this.#logs.size < MAX_ORIGINS) this.#logs.set(origin, log);
      else this.#uncounted += 1;
    }
    return log;
  }
}
