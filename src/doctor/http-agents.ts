import { Agent, type ClientRequest, globalAgent, type IncomingMessage } from "node:http";
import { globalAgent as globalSecureAgent } from "node:https";
import type { Socket } from "node:net";
import { codeOrName } from "../errors/index.js";
import { httpEnding, isStalled, isUnread } from "./http-ending.js";
import type { Ledger } from "./ledger.js";
import { noteFailure } from "./losses.js";
import { announcedTimeout, originOf } from "./origin.js";
import { describe } from "./owner-options.js";
import { packageOnStack } from "./package-names.js";
import { guarded, listen, redefine } from "./patch.js";
import { PoolTable } from "./pool-table.js";
import { hasHandle, isMock, namesSocketPath } from "./real-socket.js";
import { Sampler } from "./sampler.js";
import { isReady, watchDial, watchEnd } from "./sockets.js";
import { frames, placeInText, userPlace } from "./stack.js";
import type { Tally } from "./tally.js";
import type { Pool, Watched } from "./watched.js";

type Options = { host?: unknown; hostname?: unknown; port?: unknown; defaultPort?: unknown };
type Done = (error: Error | null, socket?: Socket) => void;
/** The members of an agent that its subclasses and this watch rely on; documented, or stable since Node 12. */
type AgentInside = Agent & {
  protocol?: string;
  defaultPort?: number;
  keepAlive?: boolean;
  options?: { timeout?: unknown };
  addRequest(request: ClientRequest, options: Options, ...legacy: unknown[]): void;
  createSocket(request: ClientRequest, options: Options, done: Done): void;
  reuseSocket(socket: Socket, request: ClientRequest): void;
  getName(options: object): string;
};

/** A message of a `node:http` channel; a response only where there is one. */
interface Message {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
}

const CLIENT = "node:http";

/** Watches what goes through agents of `node:http` and `node:https`, and requests that use none. */
export class HttpAgents {
  readonly #ledger: Ledger;
  readonly #sampler = new Sampler();
  readonly #bySocket = new WeakMap<object, Watched>();
  readonly #pools = new PoolTable();
  readonly #queued = new WeakMap<ClientRequest, { tally: Tally; at: number }>();
  /** Whether a request ever was queued: most programs have no limit. */
  #hasQueued = false;
  /** In a call of addRequest: whether it found a connection or dialed one, and where it was called. */
  #served = false;
  #site: string | undefined;
  #package: string | undefined;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#patchAgent();
    for (const agent of [globalAgent, globalSecureAgent]) {
      const name = agent === globalAgent ? "http.globalAgent" : "https.globalAgent";
      ledger.owners.made(agent, CLIENT, name, undefined);
    }
    listen<Message>("http.client.request.start", ({ request }) => this.#started(request));
    listen<Message>("http.client.response.finish", ({ request, response }) =>
      this.#answered(request, response),
    );
    listen<Message & { error?: unknown }>("http.client.request.error", ({ request, error }) =>
      this.#failed(request, error),
    );
  }

  /** Node has printed a warning: of listeners that pile up on a socket that is kept. */
  readonly warned: (warning: unknown) => void = guarded((warning: unknown) => {
    const { name, emitter, count, stack } = (warning ?? {}) as Record<string, unknown>;
    if (name !== "MaxListenersExceededWarning" || typeof emitter !== "object" || emitter === null) return;
    const connection = this.#bySocket.get(emitter);
    if (connection === undefined) return;
    const { tally } = connection.pool;
    tally.count("listenerWarnings");
    tally.count("listenersLeft", typeof count === "number" ? count : 0);
    tally.site("listeners-left", placeInText(String(stack)) ?? connection.site);
  });

  readonly #onFree: (socket: Socket) => void = guarded((socket: Socket) => this.#freed(socket));

  #patchAgent(): void {
    const watch = this;
    const prototype = Agent.prototype as AgentInside;
    const { addRequest, createSocket, reuseSocket } = prototype;
    const placeOf = guarded((above: CallableFunction) => {
      const sites = frames(above);
      this.#package = packageOnStack(sites);
      return userPlace(sites);
    });
    const { emit } = prototype;
    const freed = this.#onFree;
    // Not a listener: whoever prints an agent, or counts its listeners, sees what there is without us.
    redefine(
      prototype,
      "emit",
      function (this: AgentInside, event: string, a?: unknown, b?: unknown): boolean {
        // All events of an agent have two values at most, and this one comes with each request.
        if (event !== "free") return emit.apply(this, arguments as unknown as [string]);
        // Before the agent's own listener, which may close the connection.
        freed(a as Socket);
        return emit.call(this, event, a, b);
      },
    );
    const maybeQueued = guarded(this.#maybeQueued.bind(this));
    const dial = guarded(this.#dial.bind(this));
    const dialed = guarded(this.#dialed.bind(this));
    redefine(
      prototype,
      "addRequest",
      function (this: AgentInside, request: ClientRequest, options: Options, ...legacy: unknown[]): void {
        const outerServed = watch.#served;
        const outerSite = watch.#site;
        const outerPackage = watch.#package;
        watch.#served = false;
        watch.#package = undefined;
        watch.#site = watch.#sampler.next() ? placeOf(prototype.addRequest) : undefined;
        try {
          addRequest.call(this, request, options, ...legacy);
          if (!watch.#served) maybeQueued(this, request, options);
        } finally {
          watch.#served = outerServed;
          watch.#site = outerSite;
          watch.#package = outerPackage;
        }
      },
    );
    redefine(
      prototype,
      "createSocket",
      function (this: AgentInside, request: ClientRequest, options: Options, done: Done): void {
        const connection = dial(this, options, request);
        watch.#served = true;
        try {
          createSocket.call(this, request, options, (error, socket) => {
            if (connection !== undefined) dialed(connection, error, socket);
            done(error, socket);
          });
        } catch (error) {
          if (connection !== undefined) watch.#abandon(connection);
          throw error;
        }
      },
    );
    redefine(
      prototype,
      "reuseSocket",
      function (this: AgentInside, socket: Socket, request: ClientRequest): void {
        watch.#served = true;
        const connection = watch.#bySocket.get(socket);
        if (connection !== undefined) {
          connection.site = watch.#site;
          if (watch.#package !== undefined) connection.pool.tally.sentBy(watch.#package);
          watch.#take(connection, request);
        }
        reuseSocket.call(this, socket, request);
      },
    );
  }

  #dial(agent: AgentInside, options: Options, request: ClientRequest): Watched {
    const connection = this.#ledger.dial(
      this.#poolOf(agent, options, request),
      unread,
      agent.keepAlive === true ? undefined : "keep-alive-off",
    );
    connection.site = this.#site;
    if (this.#package !== undefined) connection.pool.tally.sentBy(this.#package);
    this.#take(connection, request);
    return connection;
  }

  #poolOf(agent: AgentInside, options: Options, request: ClientRequest): Pool {
    const tally = this.#tallyOf(agent, options, request);
    // The name says with which TLS identity, local address and family, too.
    return this.#pools.get(agent, agent.getName({ ...options, ...agent.options }), () => {
      tally.most("idleTimeout", idleTimeoutOf(agent));
      tally.most("maxConnectionsPerOrigin", agent.maxSockets);
      tally.most("maxConnections", agent.maxTotalSockets);
      if (agent.keepAlive === true) tally.most("maxIdleConnectionsPerOrigin", agent.maxFreeSockets);
      const owner = this.#ledger.owners.of(agent);
      if (owner !== undefined) owner.options ??= describe(ownOptions(agent), AGENT_DEFAULTS);
      return this.#ledger.pool(tally, owner);
    });
  }

  #tallyOf(agent: AgentInside, options: Options, request: ClientRequest): Tally {
    // An agent for proxies says http: of itself, whatever it tunnels.
    const protocol = request.protocol ?? agent.protocol ?? "http:";
    const port = options.port ?? options.defaultPort ?? agent.defaultPort;
    const path = namesSocketPath(options) ?? namesSocketPath(agent.options);
    const origin =
      path === undefined ? originOf(protocol, options.host ?? options.hostname, port) : `unix:${path}`;
    return this.#ledger.tally(origin, CLIENT);
  }

  #tallyOfRequest(request: ClientRequest): Tally {
    const { host, port } = hostOf(request);
    return this.#ledger.tally(originOf(request.protocol, host, port), CLIENT);
  }

  #dialed(connection: Watched, error: Error | null, socket: Socket | undefined): void {
    if (socket === undefined) {
      this.#giveBack(connection);
      this.#ledger.failed(connection, codeOrName(error) ?? "ERROR");
      return;
    }
    this.#watch(connection, socket);
  }

  #watch(connection: Watched, socket: Socket): void {
    this.#bySocket.set(socket, connection);
    connection.real = hasHandle(socket);
    watchDial(this.#ledger, connection, socket);
    watchEnd(this.#ledger, connection, socket, this.#ending, () => this.#giveBack(connection));
    const ready = (): void => {
      // Whether something answers in its place is known only with the answer.
      if (isMock(socket)) return;
      this.#established(connection);
      if (connection.request !== undefined) this.#ledger.begins(connection, connection.request);
    };
    if (isReady(socket)) ready();
    else
      socket.once(
        (socket as { encrypted?: boolean }).encrypted === true ? "secureConnect" : "connect",
        ready,
      );
  }

  readonly #ending: typeof httpEnding = (connection, error, sites, read) => {
    const { takenBy } = connection as { takenBy: ClientRequest | undefined };
    // Its head was sent, but not yet all of its body.
    if (connection.taken && takenBy?.headersSent === true) this.#begins(connection, takenBy);
    const reason = httpEnding(connection, error, sites, read);
    // Node says so on the response alone.
    if (reason === "server-closed-mid-response" && (error === undefined || error === null))
      this.#ledger.requestFailed(connection.pool.tally, "ECONNRESET");
    if (reason === "transport-closed") connection.pool.tally.site("pool-destroyed", userPlace(sites));
    return reason;
  };

  #started(request: ClientRequest): void {
    this.#unqueue(request, true);
    const { socket } = request;
    if (socket === null || socket === undefined) return;
    const connection = this.#bySocket.get(socket) ?? this.#adopt(request, socket);
    // It was on its way and is over, whatever is still handed over.
    if (connection.closed && connection.request === request) return;
    this.#take(connection, request);
    // Node says so when all of the request is handed over, which may be long before it can go out.
    if (connection.established) this.#begins(connection, request);
    else connection.request = request;
  }

  /** A request is on its way; what it still has to send may come later, its answer earlier. */
  #begins(connection: Watched, request: ClientRequest): void {
    if (connection.active === 0) this.#ledger.begins(connection, request);
  }

  /** A socket that no agent of Node dialed: the caller's own, or one made before anybody watched. */
  #adopt(request: ClientRequest, socket: Socket): Watched {
    const agent = (request as { agent?: unknown }).agent;
    const known = agent instanceof Agent ? (agent as AgentInside) : undefined;
    const pool =
      known === undefined ? this.#poolOfOther(agent, request) : this.#poolOf(known, hostOf(request), request);
    const once = known?.keepAlive !== true && request.getHeader("upgrade") === undefined;
    const connection = this.#ledger.dial(pool, unread, once ? "keep-alive-off" : undefined);
    if (socket.bytesWritten > 0 && isReady(socket)) this.#ledger.known(connection);
    this.#watch(connection, socket);
    return connection;
  }

  /** The pool of an agent that is none of Node's, or of a request that uses none. */
  #poolOfOther(agent: unknown, request: ClientRequest): Pool {
    const tally = this.#tallyOfRequest(request);
    if (typeof agent !== "object" || agent === null) return this.#ledger.pool(tally, undefined);
    return this.#pools.get(agent, tally.origin, () =>
      this.#ledger.pool(tally, this.#ledger.owners.of(agent)),
    );
  }

  #answered(request: ClientRequest, response: IncomingMessage): void {
    const { socket } = request;
    const connection = socket === null || socket === undefined ? undefined : this.#bySocket.get(socket);
    if (connection === undefined) return;
    if (!connection.established && !this.#isReal(connection)) return;
    this.#begins(connection, request);
    this.#ledger.answered(connection, response);
    // A server says the same each time, and to read the fields costs.
    if (connection.requests !== 1) return;
    const announced = announcedTimeout(response.headers["keep-alive"] as string | undefined);
    if (announced !== undefined) connection.pool.tally.least("announcedIdleLimit", announced);
  }

  /** A request without a connection was answered: by an interceptor, unless that has made one in the end. */
  #isReal(connection: Watched): boolean {
    if (connection.closed) return false;
    if (isMock(connection.socket)) {
      connection.pool.tally.count("mocked");
      this.#giveBack(connection);
      this.#ledger.neverWas(connection);
      return false;
    }
    this.#established(connection);
    return true;
  }

  #established(connection: Watched): void {
    const { tally } = connection.pool;
    this.#ledger.established(connection);
    const { agent } = (connection.takenBy ?? {}) as { agent?: unknown };
    // It is the interceptor's way of letting a request pass, and not the program's agent.
    if (agent instanceof Agent && INTERCEPTOR.test(agent.constructor.name)) tally.count("passedOn");
    // Node's own agents offer HTTP/1.1 alone.
    if (tally.origin.startsWith("https:")) tally.count("withoutHttp2");
  }

  #failed(request: ClientRequest, error: unknown): void {
    this.#unqueue(request, false);
    const { socket } = request;
    const code = codeOrName(error) ?? "ERROR";
    const connection = socket === null || socket === undefined ? undefined : this.#bySocket.get(socket);
    // Without a socket none was made: the origin is all that is known.
    if (connection === undefined) this.#ledger.requestFailed(this.#tallyOfRequest(request), code);
    else if (connection.real || !isMock(connection.socket)) noteFailure(this.#ledger, connection, code);
  }

  #freed(socket: Socket): void {
    const connection = this.#bySocket.get(socket);
    if (connection === undefined) return;
    this.#giveBack(connection);
    this.#ledger.ends(connection);
  }

  #take(connection: Watched, request: ClientRequest): void {
    if (connection.taken) return;
    connection.taken = true;
    connection.takenBy = request;
    connection.takenAt = this.#ledger.now();
    connection.pool.tally.demanded();
  }

  #giveBack(connection: Watched): void {
    if (!connection.taken) return;
    connection.taken = false;
    connection.pool.tally.demand--;
  }

  #abandon(connection: Watched): void {
    this.#giveBack(connection);
    this.#ledger.givenUp(connection);
  }

  /** A request that got no connection waits in the agent's queue, unless an agent of another kind has it. */
  #maybeQueued(agent: AgentInside, request: ClientRequest, options: Options): void {
    if (!Object.values(agent.requests).some((queue) => queue?.at(-1) === (request as unknown))) return;
    const tally = this.#tallyOf(agent, options, request);
    this.#hasQueued = true;
    this.#queued.set(request, { tally, at: this.#ledger.now() });
    tally.demanded();
  }

  #unqueue(request: ClientRequest, served: boolean): void {
    if (!this.#hasQueued) return;
    const waited = this.#queued.get(request);
    if (waited === undefined) return;
    this.#queued.delete(request);
    waited.tally.demand--;
    if (!served) return;
    waited.tally.count("queued");
    waited.tally.count("queuedMs", this.#ledger.now() - waited.at);
  }
}

/** How long an agent keeps idle connections: agentkeepalive has an option of its own for that. */
function idleTimeoutOf({ options }: AgentInside): unknown {
  const { freeSocketTimeout, timeout } = (options ?? {}) as {
    freeSocketTimeout?: unknown;
    timeout?: unknown;
  };
  return freeSocketTimeout ?? timeout;
}

/** The agents of msw's interceptors. */
const INTERCEPTOR = /^MockHttps?Agent$|^MockAgent$/;

/** The options that the program gave: agentkeepalive works out a time limit from another, and puts it among them. */
function ownOptions({ options }: AgentInside): object | undefined {
  const { freeSocketTimeout, timeout } = (options ?? {}) as Record<string, unknown>;
  const isWorkedOut =
    typeof freeSocketTimeout === "number" && timeout === Math.max(freeSocketTimeout * 2, 8000);
  return isWorkedOut ? { ...options, timeout: undefined } : options;
}

/** What Node itself puts among the options of an agent. */
const AGENT_DEFAULTS: Readonly<Record<string, unknown>> = {
  socketActiveTTL: 0,
  path: null,
  noDelay: true,
  scheduling: "lifo",
  defaultPort: undefined,
  protocol: undefined,
};

function unread(connection: Watched, bytes: number): boolean {
  const response = connection.response as IncomingMessage;
  return isUnread(response) || isStalled(response, bytes);
}

/** Host and port as the request's own Host field has them: the request itself does not keep its port. */
function hostOf(request: ClientRequest): Options {
  const field = request.getHeader("host");
  const match = /^(.+?)(?::(\d+))?$/.exec(typeof field === "string" ? field : request.host);
  return { host: match?.[1] ?? request.host, port: match?.[2] ?? (request.protocol === "https:" ? 443 : 80) };
}
