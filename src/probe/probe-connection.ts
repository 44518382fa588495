import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { type ResponseFacts, ResponseFollower, type Target } from "../observe/index.js";

/** Milliseconds that making a connection, and one exchange on it, may take. */
const CONNECT_TIMEOUT = 10_000;
const EXCHANGE_TIMEOUT = 15_000;
/** A body beyond this is not read to its end; the connection is of no use then. */
const MAX_BODY = 4 * 1024 * 1024;

export interface OpenOptions {
  readonly address: string;
  /** Protocols to offer in TLS; default `http/1.1`. */
  readonly alpn?: readonly string[];
  /** A TLS session to resume. */
  readonly session?: Buffer;
  readonly signal?: AbortSignal;
}

/** One request and its response, as far as a probe cares. Times are milliseconds. */
export interface ProbeExchange {
  readonly facts: ResponseFacts;
  readonly bytes: number;
  /** From the request to the first byte of the response. */
  readonly waiting: number;
  /** From there to its end. */
  readonly receiving: number;
  /** The connection may be used again. */
  readonly reusable: boolean;
}

/** One HTTP/1.1 connection to look at a server with. */
export class ProbeConnection {
  readonly connect: number;
  readonly tls: number | undefined;
  /** The TLS session that the server gave last, to resume it. */
  session: Buffer | undefined;
  /** When the connection ended, by `performance.now()`. */
  endedAt: number | undefined;
  readonly #target: Target;
  readonly #socket: Socket;
  readonly #signal: AbortSignal | undefined;
  #onData: (chunk: Buffer) => void = () => {};
  #onEnd: () => void = () => {};

  private constructor(
    target: Target,
    socket: Socket,
    times: { connect: number; tls?: number },
    options: OpenOptions,
  ) {
    this.#target = target;
    this.#socket = socket;
    this.#signal = options.signal;
    this.connect = times.connect;
    this.tls = times.tls;
    socket.on("session", (session: Buffer) => {
      this.session = session;
    });
    const ended = (): void => {
      this.endedAt ??= performance.now();
      socket.destroy();
      this.#onEnd();
    };
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.once("end", ended);
    socket.once("error", ended);
    socket.once("close", ended);
  }

  /** Connects, and makes TLS with an https target. Rejects with the system's error. */
  static async open(target: Target, options: OpenOptions): Promise<ProbeConnection> {
    const { host, port, secure } = target;
    const started = performance.now();
    const raw = connectTcp({ host: options.address, port, noDelay: true });
    try {
      await happened(raw, "connect", options.signal, "no answer to the connection attempt");
      const connect = performance.now() - started;
      if (!secure) return new ProbeConnection(target, raw, { connect }, options);
      const secured = connectTls({
        socket: raw,
        ALPNProtocols: [...(options.alpn ?? ["http/1.1"])],
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ...(options.session === undefined ? {} : { session: options.session }),
      });
      const sessions: Buffer[] = [];
      const keep = (session: Buffer): void => {
        sessions.push(session);
      };
      secured.on("session", keep);
      await happened(secured, "secureConnect", options.signal, "no answer in the TLS handshake");
      const tls = performance.now() - started - connect;
      const connection = new ProbeConnection(target, secured, { connect, tls }, options);
      secured.off("session", keep);
      connection.session = sessions.at(-1);
      return connection;
    } catch (error) {
      raw.destroy();
      throw error;
    }
  }

  /** What TLS agreed on; absent without TLS. */
  get security(): { alpn: string | undefined; version: string; resumed: boolean } | undefined {
    if (!(this.#socket instanceof TLSSocket)) return undefined;
    const { alpnProtocol } = this.#socket;
    return {
      alpn: typeof alpnProtocol === "string" ? alpnProtocol : undefined,
      version: this.#socket.getProtocol() ?? "unknown",
      resumed: this.#socket.isSessionReused(),
    };
  }

  /** Sends a request without a body, and reads the response to its end. */
  async exchange(method: "GET" | "HEAD", path: string): Promise<ProbeExchange> {
    let facts: ResponseFacts | undefined;
    let bytes = 0;
    let first = 0;
    let over = (): void => {};
    const sent = performance.now();
    const exchange = new Promise<ProbeExchange>((resolve, reject) => {
      const finish = (whole: boolean): void => {
        const now = performance.now();
        if (facts === undefined) return;
        const reusable = whole && facts.keepAlive && this.endedAt === undefined;
        resolve({ facts, bytes, waiting: first - sent, receiving: now - first, reusable });
      };
      const follower = new ResponseFollower({
        responseStarted: (started) => {
          facts = started;
        },
        responseBytes: (count) => {
          bytes += count;
          if (bytes > MAX_BODY) finish(false);
        },
        responseEnded: () => finish(true),
        upgraded: () =>
          reject(new Error("the server answered 101 to a request that did not ask for an upgrade")),
      });
      follower.expect(method);
      this.#onData = (chunk) => {
        if (first === 0) first = performance.now();
        follower.push(chunk);
        if (follower.opaque) reject(new Error("the server does not answer with valid HTTP/1.1"));
      };
      this.#onEnd = () => {
        follower.end();
        reject(new Error("the server ended the connection without a complete response"));
      };
      const timer = setTimeout(() => reject(new Error("no complete response in time")), EXCHANGE_TIMEOUT);
      const abort = (): void => reject(this.#signal?.reason);
      this.#signal?.addEventListener("abort", abort, { once: true });
      over = () => {
        clearTimeout(timer);
        this.#signal?.removeEventListener("abort", abort);
      };
      if (this.endedAt !== undefined) reject(new Error("the connection is closed"));
      else this.#socket.write(this.#request(method, path));
    });
    try {
      return await exchange;
    } finally {
      over();
      this.#onData = () => {};
      this.#onEnd = () => {};
    }
  }

  /** Waits while nothing is sent: resolves to `false` when the time is over, to `true` when the server ended it. */
  async endsWithin(milliseconds: number): Promise<boolean> {
    if (this.endedAt !== undefined) return true;
    return new Promise<boolean>((resolve) => {
      const done = (ended: boolean): void => {
        clearTimeout(timer);
        this.#signal?.removeEventListener("abort", abort);
        this.#onEnd = () => {};
        resolve(ended);
      };
      const abort = (): void => done(false);
      const timer = setTimeout(() => done(false), milliseconds);
      this.#signal?.addEventListener("abort", abort, { once: true });
      this.#onEnd = () => done(true);
      // A 408, or anything else nobody asked for, is the server's last word.
      this.#onData = () => {
        this.endedAt ??= performance.now();
        done(true);
      };
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #request(method: string, path: string): string {
    return [
      `${method} ${path} HTTP/1.1`,
      `Host: ${this.#target.authority}`,
      "User-Agent: trunkline-probe",
      "Accept: */*",
      "\r\n",
    ].join("\r\n");
  }
}

/** The event of a socket, or its error, or the end of the time it has. */
async function happened(
  socket: Socket,
  event: string,
  signal: AbortSignal | undefined,
  late: string,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => over(() => reject(new Error(late))), CONNECT_TIMEOUT);
    const over = (settle: () => void): void => {
      clearTimeout(timer);
      socket.off(event, succeeded).off("error", failed).off("close", closed);
      signal?.removeEventListener("abort", aborted);
      // Whatever comes after must not be an uncaught exception.
      socket.on("error", () => {});
      settle();
    };
    const succeeded = (): void => over(resolve);
    const failed = (error: Error): void => over(() => reject(error));
    const closed = (): void => over(() => reject(new Error("the server closed the connection at once")));
    const aborted = (): void => over(() => reject(signal?.reason));
    socket.once(event, succeeded).once("error", failed).once("close", closed);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
