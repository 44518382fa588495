import type { Socket } from "node:net";
import { forwardedHead } from "./head-rewriter.js";
import type { ObservedConnection } from "./observed-connection.js";
import type { OriginLog } from "./origin-log.js";
import { refusal } from "./refusal.js";
import { MAX_HEAD } from "./request-follower.js";
import { tunnel } from "./tunnel.js";
import { type Dial, dial, dialError, parseTarget, type Target } from "./upstream.js";

/** What a session needs of the proxy it belongs to. */
interface ForwardHost {
  log(origin: string): OriginLog;
  track(socket: Socket): void;
  /** A request came that was not made for a proxy. */
  misdirected(): void;
  /** The client and all servers of the session are gone. */
  over(): void;
}

/** A connection to a server that the session's client has used. */
interface Leg {
  readonly origin: string;
  readonly upstream: Dial;
  readonly connection: ObservedConnection;
  readonly log: OriginLog;
}

const CR = 0x0d;
const LF = 0x0a;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * One client of a forward proxy. A connection to each server that it names is made once and kept as long as the
 * client keeps its own, so that the two live and end together.
 */
export class ForwardSession {
  readonly #client: Socket;
  readonly #host: ForwardHost;
  readonly #legs = new Map<string, Leg>();
  #current: Leg | undefined;
  /** The bytes of a request that has no server yet. */
  #pending: Buffer = NOTHING;
  /** A server is dialed; bytes wait for it. */
  #dialing = false;
  #ended: "fin" | "reset" | undefined;
  /** The client and the servers that are not gone. */
  #open = 1;

  constructor(client: Socket, host: ForwardHost) {
    this.#client = client;
    this.#host = host;
  }

  start(): void {
    this.#client.on("data", this.#onData);
    this.#client.on("end", this.#onEnd);
    this.#client.on("error", this.#onError);
    this.#client.on("close", this.#onClose);
    this.#client.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    const leg = this.#current;
    if (leg !== undefined && this.#pending.length === 0 && !leg.connection.betweenRequests) {
      this.#send(leg, chunk);
      return;
    }
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    if (!this.#dialing) this.#route();
  };

  readonly #onEnd = (): void => this.#clientEnded("fin");
  readonly #onError = (): void => this.#clientEnded("reset");
  readonly #onClose = (): void => {
    this.#clientEnded("reset");
    this.#gone();
  };

  /** Sends what has come to the server that its first line names, once that is complete. */
  #route(): void {
    let start = 0;
    while (this.#pending[start] === CR || this.#pending[start] === LF) start += 1;
    const end = this.#pending.indexOf(LF, start);
    if (end < 0) {
      if (this.#pending.length > MAX_HEAD) this.#refuse(400, "the first line of the request is too long");
      return;
    }
    const [method = "", uri = ""] = this.#pending.toString("latin1", start, end).trimEnd().split(" ");
    if (method === "CONNECT") {
      this.#connect(uri);
      return;
    }
    const target =
      /^http:\/\//i.test(uri) && URL.canParse(uri) ? parseTarget(`http://${new URL(uri).host}`) : "";
    if (typeof target === "string") {
      this.#host.misdirected();
      this.#refuse(
        400,
        "this is a proxy: it accepts requests with a full URL (http://host/path) and CONNECT",
      );
      return;
    }
    const known = this.#legs.get(target.origin);
    if (known === undefined) void this.#dial(target);
    else this.#flush(known);
  }

  async #dial(target: Target): Promise<void> {
    const log = this.#host.log(target.origin);
    const started = performance.now();
    const life = log.dialed(started);
    const upstream = dial(target);
    this.#host.track(upstream.socket);
    upstream.socket.on("error", () => {});
    this.#dialing = true;
    try {
      const times = await upstream.done;
      const connection = log.accept(life, times, forwardedHead);
      const leg: Leg = { origin: target.origin, upstream, connection, log };
      this.#carry(leg);
      this.#flush(leg);
    } catch (error) {
      const { code, sentence } = dialError(error, target);
      log.dialFailed(code, performance.now() - started);
      this.#refuse(502, sentence);
    } finally {
      this.#dialing = false;
    }
  }

  /** Brings the server's side of a leg to the client. */
  #carry(leg: Leg): void {
    const { upstream, connection, log, origin } = leg;
    const { socket } = upstream;
    const client = this.#client;
    this.#legs.set(origin, leg);
    this.#open += 1;
    const resume = (): void => {
      socket.resume();
    };
    socket.on("data", (chunk: Buffer) => {
      connection.fromServer(chunk, performance.now());
      if (client.destroyed || client.writableEnded || client.write(chunk)) return;
      socket.pause();
      client.once("drain", resume);
    });
    socket.on("end", () => {
      connection.ended("server", false, performance.now());
      this.#drop(leg);
      if (this.#current === leg && !client.destroyed) client.end();
      socket.end();
    });
    socket.on("error", () => {
      connection.ended("server", true, performance.now());
      this.#drop(leg);
      if (this.#current === leg && !client.destroyed) client.resetAndDestroy();
    });
    socket.on("close", () => {
      client.off("drain", resume);
      this.#drop(leg);
      log.closed(connection);
      this.#gone();
    });
  }

  #drop(leg: Leg): void {
    if (this.#legs.get(leg.origin) === leg) this.#legs.delete(leg.origin);
  }

  #flush(leg: Leg): void {
    this.#current = leg;
    const bytes = this.#pending;
    this.#pending = NOTHING;
    this.#send(leg, bytes);
    if (this.#ended !== undefined) this.#end(leg, this.#ended);
  }

  #send({ connection, upstream: { socket } }: Leg, chunk: Buffer): void {
    const bytes = connection.fromClient(chunk, performance.now());
    if (bytes.length === 0 || socket.destroyed || socket.writableEnded || socket.write(bytes)) return;
    this.#client.pause();
    socket.once("drain", () => this.#client.resume());
    // A server that is gone must not leave the client paused.
    socket.once("close", () => this.#client.resume());
  }

  #clientEnded(how: "fin" | "reset"): void {
    if (this.#ended !== undefined) return;
    this.#ended = how;
    for (const leg of this.#legs.values()) this.#end(leg, how);
    // Without a server there is nobody to answer what the client may still wait for.
    if (this.#legs.size === 0 && !this.#dialing) this.#client.end();
  }

  #end({ connection, upstream }: Leg, how: "fin" | "reset"): void {
    const held = connection.ended("client", how === "reset", performance.now());
    if (upstream.socket.destroyed) return;
    if (how === "reset") {
      upstream.reset();
    } else if (!upstream.socket.writableEnded) {
      if (held.length > 0) upstream.socket.write(held);
      upstream.socket.end();
    }
  }

  /** A tunnel: from here on the bytes of the client are not this session's. */
  #connect(authority: string): void {
    const end = this.#pending.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#pending.length > MAX_HEAD) this.#refuse(400, "the head of the request is too long");
      return;
    }
    const target = /^(?:\[[0-9a-f:.]+\]|[^:/?#@[\]]+):\d+$/i.test(authority)
      ? parseTarget(`http://${authority}`)
      : "";
    if (typeof target === "string") {
      this.#refuse(400, "CONNECT needs a host and a port");
      return;
    }
    const client = this.#client;
    client.pause();
    client.off("data", this.#onData).off("end", this.#onEnd);
    client.off("error", this.#onError).off("close", this.#onClose);
    for (const leg of this.#legs.values()) this.#end(leg, "fin");
    const rest = this.#pending.subarray(end + 4);
    this.#pending = NOTHING;
    void tunnel(client, rest, { target, authority, host: this.#host, over: () => this.#gone() });
  }

  #refuse(status: 400 | 502, sentence: string): void {
    this.#pending = NOTHING;
    if (!this.#client.destroyed && !this.#client.writableEnded) this.#client.end(refusal(status, sentence));
  }

  #gone(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#host.over();
  }
}
