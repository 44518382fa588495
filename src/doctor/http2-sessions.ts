import type { ClientHttp2Session, ClientHttp2Stream, Settings } from "node:http2";
import { codeOrName } from "../errors/index.js";
import type { CloseReason } from "../trace/index.js";
import type { Ledger } from "./ledger.js";
import { originOf } from "./origin.js";
import { guarded, listen, redefine } from "./patch.js";
import { PoolTable } from "./pool-table.js";
import { Sampler } from "./sampler.js";
import { isTimeout } from "./sockets.js";
import { frames, hasUserCode, userPlace } from "./stack.js";
import { inside } from "./undici-inside.js";
import type { Watched } from "./watched.js";

const CLIENT = "node:http2";
/** What a server that sets no limit is shown with. */
const UNLIMITED = 2 ** 32 - 1;
// Error codes; a program that uses no HTTP/2 is not made to load what names them.
const REFUSED_STREAM = 7;
const ENHANCE_YOUR_CALM = 11;

interface Message {
  readonly stream: ClientHttp2Stream;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** Watches sessions of `node:http2`, from Node 22 on: got, axios, gRPC and SDKs use them for HTTP/2. */
export class Http2Sessions {
  readonly #ledger: Ledger;
  readonly #known: (socket: object) => Watched | undefined;
  readonly #sampler = new Sampler();
  readonly #sessions = new WeakMap<ClientHttp2Session, Watched | "other">();
  /** Sessions whose connections another watch has: of these the streams alone are counted here. */
  readonly #others = new WeakMap<ClientHttp2Session, Watched>();
  readonly #goneAway = new WeakSet<ClientHttp2Session>();
  readonly #pools = new PoolTable();
  readonly #streams = new WeakMap<object, number>();

  /** `known`: the connection of a socket that another watch has, since undici speaks HTTP/2 through `node:http2`. */
  constructor(ledger: Ledger, known: (socket: object) => Watched | undefined) {
    this.#ledger = ledger;
    this.#known = known;
    const on = (name: string, act: (message: Message) => void): void =>
      listen(`http2.client.stream.${name}`, act);
    on("created", ({ stream, headers }) => this.#created(stream, headers ?? {}));
    on("finish", ({ stream }) => this.#answered(stream));
    on("close", ({ stream }) => this.#closed(stream));
  }

  #connectionOf(stream: ClientHttp2Stream): Watched | undefined {
    const { session } = stream;
    const known = session === undefined ? undefined : this.#sessions.get(session as ClientHttp2Session);
    return known === "other" ? undefined : known;
  }

  #created(stream: ClientHttp2Stream, headers: Readonly<Record<string, unknown>>): void {
    const session = stream.session as ClientHttp2Session | undefined;
    if (session === undefined) return;
    const place = this.#sampler.next() ? userPlace(frames(this.#created)) : undefined;
    let connection = this.#sessions.get(session);
    if (connection === undefined) {
      connection = this.#adopt(session, headers, place) ?? "other";
      this.#sessions.set(session, connection);
    }
    if (connection === "other") {
      const other = this.#others.get(session);
      if (other !== undefined) this.#begins(stream, other);
      return;
    }
    connection.site = place;
    connection.pool.tally.demanded();
    this.#begins(stream, connection);
    if (connection.established) this.#ledger.begins(connection, stream);
    else session.once("connect", () => this.#ledger.begins(connection, stream));
  }

  #adopt(
    session: ClientHttp2Session,
    headers: Readonly<Record<string, unknown>>,
    place: string | undefined,
  ): Watched | undefined {
    const socket = inside(session, "socket");
    const other = typeof socket === "object" && socket !== null ? this.#known(socket) : undefined;
    if (other !== undefined) {
      this.#others.set(session, other);
      this.#watchLimit(session, other);
      return undefined;
    }
    const match = /^(.*?)(?::(\d+))?$/.exec(String(headers[":authority"] ?? "localhost"));
    const tally = this.#ledger.tally(
      originOf(`${String(headers[":scheme"] ?? "https")}:`, match?.[1], match?.[2]),
      CLIENT,
    );
    // Any session to an origin could have carried the request.
    const pool = this.#pools.get(this, tally.origin, () => this.#ledger.pool(tally, undefined));
    pool.owner = this.#ledger.owners.made(session, CLIENT, "Session", place);
    const connection = this.#ledger.dial(pool, () => false);
    session.once("goaway", () => this.#goneAway.add(session));
    this.#watchEnd(session, connection);
    this.#watchLimit(session, connection);
    if (session.connecting) session.once("connect", () => this.#open(connection));
    else this.#open(connection);
    return connection;
  }

  /** How many streams the server allows, as it said and will say. */
  #watchLimit(session: ClientHttp2Session, { pool }: Watched): void {
    const said = ({ maxConcurrentStreams: limit = UNLIMITED }: Settings): void => {
      if (limit > 0 && limit < UNLIMITED) pool.tally.least("streamLimit", limit);
    };
    session.on("remoteSettings", said);
    // Those of a session that is used already have come.
    const known = session.connecting ? undefined : session.remoteSettings;
    if (known !== undefined) said(known);
  }

  #begins(stream: ClientHttp2Stream, connection: Watched): void {
    const { tally } = connection.pool;
    tally.most("streamsAtOnce", this.#add(tally, 1));
    tally.most("streamsOnOne", this.#add(connection, 1));
    this.#whenOver(stream, connection);
  }

  /** So many streams of it are under way. */
  #add(to: object, count: number): number {
    const now = (this.#streams.get(to) ?? 0) + count;
    this.#streams.set(to, now);
    return now;
  }

  /** Before the program hears of it: what it sends next comes after. A stream that is not read to its end has a close only. */
  #whenOver(stream: ClientHttp2Stream, connection: Watched): void {
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      this.#add(connection, -1);
      this.#add(connection.pool.tally, -1);
    };
    stream.once("end", end);
    stream.once("close", end);
  }

  #open(connection: Watched): void {
    const { pool } = connection;
    this.#ledger.established(connection);
    pool.tally.count("http2Connections");
    // One pool for each origin: all of its sessions.
    pool.tally.most("http2AtOnce", pool.open);
  }

  #watchEnd(session: ClientHttp2Session, connection: Watched): void {
    const original = session.destroy;
    const ends = guarded((error: unknown, above: CallableFunction) => {
      if (!connection.closed) this.#ends(session, connection, error, hasUserCode(frames(above)));
    });
    const destroy = function destroy(this: ClientHttp2Session, ...args: Parameters<typeof original>): void {
      ends(args[0], destroy);
      original.apply(this, args);
    };
    redefine(session, "destroy", destroy);
  }

  #ends(session: ClientHttp2Session, connection: Watched, error: unknown, byCaller: boolean): void {
    if (connection.established)
      this.#ledger.closes(connection, this.#reason(session, connection, error, byCaller));
    else if (error === undefined) this.#ledger.givenUp(connection);
    else this.#ledger.failed(connection, codeOrName(error) ?? "ERROR");
  }

  #reason(session: ClientHttp2Session, { active }: Watched, error: unknown, byCaller: boolean): CloseReason {
    if (this.#goneAway.has(session)) return "goaway";
    if (codeOrName(error) === "ECONNRESET") return "reset";
    if (isTimeout(error)) return "timeout";
    if (session.closed || byCaller) return "transport-closed";
    return active > 0 ? "server-closed-mid-response" : "server-closed-idle";
  }

  #answered(stream: ClientHttp2Stream): void {
    const connection = this.#connectionOf(stream);
    if (connection !== undefined) this.#ledger.answered(connection, stream);
  }

  #closed(stream: ClientHttp2Stream): void {
    const connection = this.#connectionOf(stream);
    const { rstCode } = stream;
    const { session } = stream;
    const other = session === undefined ? undefined : this.#others.get(session as ClientHttp2Session);
    const tally = (connection ?? other)?.pool.tally;
    // Others may be of the program's own making: Node sends them where a stream is destroyed.
    if (rstCode === REFUSED_STREAM) tally?.count("streamsRefused");
    else if (rstCode === ENHANCE_YOUR_CALM) tally?.reset("ENHANCE_YOUR_CALM");
    if (connection === undefined) return;
    connection.pool.tally.demand--;
    if (rstCode !== 0) connection.pool.tally.count("failed");
    this.#ledger.ends(connection);
  }
}
