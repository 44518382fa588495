import type { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { codeOrName } from "../errors/index.js";
import { ownerKey } from "../explain/index.js";
import { fromBuiltIn } from "./constructions.js";
import type { Ledger } from "./ledger.js";
import { noteFailure } from "./losses.js";
import { announcedTimeout, originOf, originText } from "./origin.js";
import { describe } from "./owner-options.js";
import { packageOnStack } from "./package-names.js";
import { listen, redefine } from "./patch.js";
import { PoolTable } from "./pool-table.js";
import { Sampler } from "./sampler.js";
import { isByTimer, isTimeout, watchDial, watchEnd } from "./sockets.js";
import { frames, userPlace } from "./stack.js";
import type { Tally } from "./tally.js";
import { isPaused, type UndiciResponse, undiciEnding } from "./undici-ending.js";
import { UndiciFamily, watchQueue } from "./undici-family.js";
import { field, inside, type UndiciRequest } from "./undici-inside.js";
import { BUFFERED, type Pool, Watched } from "./watched.js";

interface ConnectParams {
  readonly host?: unknown;
  readonly hostname?: unknown;
  readonly protocol?: unknown;
  readonly port?: unknown;
}
interface ConnectMessage {
  readonly connectParams: ConnectParams;
  readonly connector: object;
  readonly socket?: Socket;
  readonly error?: unknown;
}

/** What undici itself puts among the options of a dispatcher. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  interceptors: undefined,
  factory: undefined,
  maxOrigins: Number.POSITIVE_INFINITY,
  url: undefined,
  protocol: undefined,
  origin: undefined,
};

/** A request that waits less than this (milliseconds) counts as not waiting. */
const WAITED = 2;

/** On requests that Trunkline publishes. */
const TRUNKLINES = Symbol.for("trunkline.published");
const STATE = Symbol("state");
const SITE = Symbol("site");
const CREATED = Symbol("created");
/** What is kept on a request; undici's requests are never seen by the program. */
interface Marked extends UndiciRequest {
  /** Its counters while it waits, its connection from when it is sent, nothing when it is over. */
  [STATE]?: Tally | Watched | undefined;
  [SITE]?: string | undefined;
  /** When it was made. */
  [CREATED]?: number;
}

/** Watches every undici in the process: the one in Node behind the global fetch, and those of npm. */
export class Undici {
  readonly #ledger: Ledger;
  readonly #sampler = new Sampler();
  readonly #tallies = new Map<string, Map<unknown, Tally>>();
  readonly #clients = new WeakMap<object, string>();
  readonly #bySocket = new WeakMap<object, Watched>();
  readonly #pools = new PoolTable();
  readonly #dials = new WeakMap<object, Watched[]>();
  readonly #poolOfClient = new WeakMap<object, Pool>();
  /** Whose the connections of a connector are: an agent's or a pool's where one was found. */
  readonly #holders = new WeakMap<object, object>();
  readonly #family = new UndiciFamily();
  /** A dial whose socket is about to be made. */
  #dialing: { connection: Watched; hostname: unknown } | undefined;
  /** The client of the request that was made last, which is the one that dials. */
  #lastClient = "undici";

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    const on = <T>(name: string, act: (message: T) => void): void =>
      listen<T>(`undici:${name}`, (message) => {
        // Trunkline publishes its requests there too; they are counted by the channels of its own.
        if (!isTrunklines(message)) act(message);
      });
    on<{ request: Marked }>("request:create", ({ request }) => this.#created(request));
    on<{ request: Marked; socket: object }>("client:sendHeaders", ({ request, socket }) =>
      this.#sent(request, socket),
    );
    on<{ request: Marked; response: UndiciResponse }>("request:headers", ({ request, response }) =>
      this.#answered(request, response),
    );
    on<{ request: Marked }>("request:trailers", ({ request }) => this.#over(request));
    on<{ request: Marked; error?: unknown }>("request:error", ({ request, error }) =>
      this.#over(request, { code: codeOrName(error) ?? "ERROR", error }),
    );
    on<ConnectMessage>("client:beforeConnect", (message) => this.#dial(message));
    on<ConnectMessage>("client:connected", (message) => this.#connected(message));
    on<ConnectMessage>("client:connectError", (message) => this.#failed(message));
    this.#patchConnect();
  }

  /** The connection of a socket, where that is one of undici's. */
  connectionOf(socket: object): Watched | undefined {
    return this.#bySocket.get(socket);
  }

  /** A dispatcher was made: it says whose clients connect. */
  watchDispatcher(dispatcher: EventEmitter): void {
    this.#family.made(dispatcher);
    dispatcher.prependListener("connect", (_origin: unknown, targets: unknown) => {
      if (!Array.isArray(targets)) return;
      this.#connectedFor(dispatcher, targets as unknown[]);
    });
  }

  #created(request: Marked): void {
    const client = this.#clientOf(request.constructor);
    this.#lastClient = client;
    // The way through a proxy, which a ProxyAgent asks for: what the program sends goes through it.
    if (request.method === "CONNECT") return;
    const tally = this.#tallyOf(request.origin, client);
    request[STATE] = tally;
    request[CREATED] = this.#ledger.now();
    tally.demanded();
    if (!this.#sampler.next()) return;
    const sites = frames(this.#created);
    request[SITE] = userPlace(sites);
    const sender = packageOnStack(sites);
    if (sender !== undefined && !/^undici/.test(sender)) tally.sentBy(sender);
  }

  /** Which copy a request is of, found once for each copy. */
  #clientOf(made: object): string {
    let client = this.#clients.get(made);
    if (client === undefined) {
      client = fromBuiltIn(this.#clientOf) ? "fetch" : "undici";
      this.#clients.set(made, client);
    }
    return client;
  }

  #tallyOf(origin: unknown, client: string): Tally {
    let byOrigin = this.#tallies.get(client);
    if (byOrigin === undefined) this.#tallies.set(client, (byOrigin = new Map()));
    // Strings are found without being parsed; a crawler's are not kept for ever.
    if (byOrigin.size > 5000) byOrigin.clear();
    let tally = byOrigin.get(origin);
    if (tally === undefined)
      byOrigin.set(
        typeof origin === "string" ? origin : originText(origin),
        (tally = this.#ledger.tally(originText(origin), client)),
      );
    return tally;
  }

  #dial({ connectParams, connector }: ConnectMessage): void {
    const origin = originOf(
      String(connectParams.protocol ?? "http:"),
      connectParams.hostname ?? connectParams.host,
      connectParams.port,
    );
    const pool = this.#poolAt(this.#holderOf(connector), origin);
    const undiciPool = this.#family.poolOfNewest();
    if (undiciPool !== undefined) watchQueue(undiciPool, pool.tally, this.#ledger.now);
    const connection = this.#ledger.dial(pool, unread);
    const dials = this.#dials.get(connector);
    if (dials === undefined) this.#dials.set(connector, [connection]);
    else dials.push(connection);
    this.#dialing = { connection, hostname: connectParams.hostname };
  }

  #poolAt(holder: object, origin: string): Pool {
    return this.#pools.get(holder, origin, () => {
      const pool = this.#ledger.pool(this.#tallyOf(origin, this.#lastClient), undefined);
      pool.holder = holder;
      return pool;
    });
  }

  /**
   * Whose connections those of a connector can stand in for: up to undici 6 a pool's clients share their connector,
   * later each has its own. A client that a pool has just made dials in the same call.
   */
  #holderOf(connector: object): object {
    let holder = this.#holders.get(connector);
    if (holder !== undefined) return holder;
    holder = this.#family.holderOfNewest() ?? connector;
    this.#holders.set(connector, holder);
    return holder;
  }

  /** Undici shows a socket when it is connected; how that went is seen on the socket it makes meanwhile. */
  #patchConnect(): void {
    const watch = this;
    const prototype = Socket.prototype as unknown as { connect(this: Socket, ...args: unknown[]): Socket };
    const original = prototype.connect;
    const connect = function connect(this: Socket, ...args: unknown[]): Socket {
      const dialing = watch.#dialing;
      if (dialing === undefined) return original.apply(this, args);
      const result = original.apply(this, args);
      try {
        const [first] = args;
        const options = (Array.isArray(first) ? first[0] : first) as { host?: unknown } | undefined;
        if (options?.host === dialing.hostname) {
          watch.#dialing = undefined;
          watchDial(watch.#ledger, dialing.connection, this);
        }
      } catch {
        // What cannot be watched must not hurt the program.
      }
      return result;
    };
    redefine(prototype, "connect", connect);
  }

  #taken({ connectParams, connector, socket }: ConnectMessage): Watched | undefined {
    const dials = this.#dials.get(connector);
    if (dials === undefined) return undefined;
    const origin = originOf(
      String(connectParams.protocol ?? "http:"),
      connectParams.hostname ?? connectParams.host,
      connectParams.port,
    );
    const own = dials.findIndex((dial) => socket !== undefined && dial.socket === socket);
    const at = own >= 0 ? own : dials.findIndex((dial) => dial.pool.tally.origin === origin);
    return at < 0 ? undefined : dials.splice(at, 1)[0];
  }

  #connected(message: ConnectMessage): void {
    this.#dialing = undefined;
    const connection = this.#taken(message);
    const { socket } = message;
    if (connection === undefined || socket === undefined) return;
    this.#attach(connection, socket);
    const client = inside(socket, "client");
    if (typeof client !== "object" || client === null) return;
    this.#poolOfClient.set(client, connection.pool);
    const timeout = inside(client, "default keep alive timeout") ?? inside(client, "keep alive timeout");
    connection.pool.tally.most("idleTimeout", timeout);
  }

  #attach(connection: Watched, socket: Socket): void {
    connection.socket = socket;
    this.#bySocket.set(socket, connection);
    watchEnd(this.#ledger, connection, socket, this.#ending, () => {});
    this.#ledger.established(connection);
    // Absent without TLS; false where nothing was agreed on.
    const protocol = (socket as { alpnProtocol?: unknown }).alpnProtocol;
    if (protocol === undefined || protocol === null) return;
    connection.pool.tally.count(protocol === "h2" ? "http2Connections" : "http1Connections");
  }

  readonly #ending = (
    connection: Watched,
    error: unknown,
    sites: readonly NodeJS.CallSite[],
  ): ReturnType<typeof undiciEnding> => {
    const reason = undiciEnding(connection, error, sites);
    if (reason === "transport-closed") {
      const { closed, destroyed } = (connection.pool.holder ?? { closed: true }) as Record<string, unknown>;
      // Newer versions drop a client of an agent's, and with it its connection, although nobody asked for it.
      if (closed === false && destroyed === false) return "surplus";
      connection.pool.tally.site("pool-destroyed", userPlace(sites));
    }
    if (reason === "limit-exceeded") connection.pool.tally.count("headsTooLarge");
    return reason;
  };

  #failed(message: ConnectMessage): void {
    this.#dialing = undefined;
    const connection = this.#taken(message);
    if (connection === undefined) return;
    // After an aborted request undici dials again, though nobody may wait for it.
    const unwanted = connection.pool.tally.demand === 0 || codeOrName(message.error) === "UND_ERR_DESTROYED";
    if (unwanted) this.#ledger.givenUp(connection);
    else this.#ledger.failed(connection, codeOrName(message.error) ?? "ERROR");
  }

  /** The listeners run from the client outwards, so the last one is the owner the program has. */
  #connectedFor(dispatcher: EventEmitter, targets: unknown[]): void {
    const client = targets.at(-1);
    const pool = typeof client === "object" && client !== null ? this.#poolOfClient.get(client) : undefined;
    if (pool === undefined) return;
    const owner = this.#ledger.owners.of(dispatcher);
    const single = targets.length === 1 && owner !== undefined;
    const limit = single ? 1 : inside(dispatcher, "connections");
    pool.tally.most("maxConnectionsPerOrigin", limit);
    if (owner === undefined) return;
    // The first connection of a pool comes before its owner is known; the ledger counts the others.
    if (pool.owner === undefined) {
      owner.connections++;
      pool.tally.owned(ownerKey(owner));
    }
    owner.options ??= describe(inside(dispatcher, "options"), DEFAULTS);
    pool.owner = owner;
    pool.single = single;
  }

  #sent(request: Marked, socket: object): void {
    let connection = this.#bySocket.get(socket);
    if (request.method === "CONNECT") {
      if (connection !== undefined) this.#ledger.isHop(connection);
      return;
    }
    if (connection === undefined) {
      // Made before anybody watched, or by a connector of the program's own.
      connection = this.#ledger.dial(
        this.#ledger.pool(this.#tallyOf(request.origin, this.#clientOf(request.constructor)), undefined),
        unread,
      );
      if ((socket as Socket).bytesWritten > 0) this.#ledger.known(connection);
      this.#attach(connection, socket as Socket);
    }
    connection.site = request[SITE];
    // What waits for a Client's one connection waits for the requests before it.
    if (connection.pool.single && connection.requests > 0) {
      const waited = this.#ledger.now() - Math.max(request[CREATED] ?? 0, connection.times.startedAt);
      if (waited >= WAITED) {
        connection.pool.tally.count("queued");
        connection.pool.tally.count("queuedMs", waited);
      }
    }
    request[STATE] = connection;
    this.#ledger.begins(connection, request);
  }

  #answered(request: Marked, response: UndiciResponse): void {
    const connection = request[STATE];
    if (!(connection instanceof Watched)) return;
    this.#ledger.answered(connection, response);
    if (connection.requests !== 1) return;
    const announced = announcedTimeout(field(response.headers, "keep-alive"));
    if (announced !== undefined) connection.pool.tally.least("announcedIdleLimit", announced);
  }

  /** A request is over: answered, or failed. */
  #over(request: Marked, failed?: { readonly code: string; readonly error: unknown }): void {
    const state = request[STATE];
    if (state === undefined) return;
    request[STATE] = undefined;
    const connection = state instanceof Watched ? state : undefined;
    const tally = state instanceof Watched ? state.pool.tally : state;
    tally.demand--;
    if (failed === undefined) {
      if (connection !== undefined) this.#ledger.ends(connection);
    } else if (connection !== undefined) {
      // The connection is about to close, and should still know what it carried.
      noteFailure(this.#ledger, connection, failed.code);
    } else {
      this.#ledger.requestFailed(tally, failed.code);
      if (tally.dialing > 0 && (isTimeout(failed.error) || isByTimer(frames(this.#over))))
        this.#ledger.requestCutOff(tally, request[CREATED] ?? this.#ledger.now());
    }
  }
}

/** Whether it is about a request of Trunkline's, of any copy. */
function isTrunklines(message: unknown): boolean {
  const { request } = message as { readonly request?: object };
  return typeof request === "object" && TRUNKLINES in request;
}

function unread(connection: Watched, bytes: number): boolean {
  return bytes <= BUFFERED && isPaused(connection);
}
