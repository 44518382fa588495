import type { Member } from "../pool/index.js";
import type { Runtime } from "../runtime/index.js";
import type { Connection } from "./connection/index.js";
import { Dialer, type DialHandlers } from "./dial/index.js";
import type { Settings } from "./options.js";
import { pick } from "./pick.js";

/** The transport's dialing: from a member of the pool to the dial that makes its connection. */
export class Dials {
  readonly #dialer: Dialer;
  readonly #settings: Settings;
  readonly #routeName: string;

  constructor(settings: Settings, runtime: Runtime) {
    const { connectTimeout, tlsTimeout, happyEyeballs, options } = settings;
    this.#settings = settings;
    this.#dialer = new Dialer(
      {
        connectTimeout,
        tlsTimeout,
        happyEyeballs,
        ...pick(options, "lookup", "localAddress", "socketPath", "tls", "allowAddress", "dial"),
      },
      runtime,
    );
    const { socketPath, localAddress } = options;
    this.#routeName = `${socketPath === undefined ? "direct" : `unix:${socketPath}`}${localAddress === undefined ? "" : ` local:${localAddress}`}`;
  }

  /** Starts the dial. It does not keep the process alive: whoever waits for it does. */
  start(member: Member<Connection>, connection: Connection, handlers: DialHandlers): void {
    const { origin } = member.route;
    const url = new URL(origin);
    const secure = url.protocol === "https:";
    const pending = this.#dialer.dial(
      {
        host: url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname,
        port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
        tls: secure,
        origin,
        ...pick(this.#settings.options, "socketPath"),
      },
      { buffer: connection.buffer, callback: connection.read },
      handlers,
    );
    pending.setRef(false);
    connection.opening.pending = pending;
  }

  /** The route of an origin, in the words of a connection's record. */
  routeOf(origin: string): string {
    const custom = origin.startsWith("https:") && this.#settings.options.tls !== undefined;
    return custom ? `${this.#routeName} tls:custom` : this.#routeName;
  }

  close(): void {
    this.#dialer.close();
  }
}
