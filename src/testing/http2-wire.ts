import { HpackEncoder } from "../http2/index.js";
import { encodeFrame, flatHeaders, type Http2Frame, type Http2Settings } from "./http2-frames.js";
import { Http2Incoming, type Http2Seen } from "./http2-incoming.js";
import type { ExtraHeaders, WireConnection } from "./wire-connection.js";
import { ConnectionOver, WireFailure } from "./wire-errors.js";

/** A request as it was received on a stream. */
export interface Http2WireRequest {
  /** The stream's id. */
  readonly stream: number;
  /** The `:method`. */
  readonly method: string;
  /** The `:path`; empty for a plain CONNECT. */
  readonly path: string;
  /** The `:authority`. */
  readonly authority: string;
  /** The `:scheme`. */
  readonly scheme: string;
  /** All headers in order, pseudo-headers included: name, value, name, value, … */
  readonly fields: readonly string[];
  /** The values of a header, joined with ", "; `undefined` when it was not sent. */
  header(name: string): string | undefined;
  /** The whole body; after `readHead`, the part that had arrived by then. */
  readonly body: Buffer;
  /** The trailer fields: name, value, name, value, … */
  readonly trailers: readonly string[];
}

/** A response for {@link Http2WireConnection.reply}. */
export interface Http2Reply {
  /** The status; default 200. */
  readonly status?: number;
  /** Headers after `:status`; default none. */
  readonly headers?: ExtraHeaders;
  /** The body, a string as UTF-8; default none. */
  readonly body?: string | Uint8Array;
  /** Trailer fields; default none. */
  readonly trailers?: ExtraHeaders;
}

/** What an {@link Http2WireConnection} does by itself. */
export interface Http2WireOptions {
  /** The settings to send at the start; default: empty SETTINGS. `false` leaves SETTINGS to the script. */
  readonly settings?: Http2Settings | false;
  /** Whether to acknowledge SETTINGS and PING frames; default true. */
  readonly answer?: boolean;
  /** Whether to give back window, on the stream and the connection, as bodies arrive; default true. */
  readonly credit?: boolean;
  /** Milliseconds that `frame` and `until` wait before they fail; default 10,000. */
  readonly patience?: number;
}

const MAX_DATA = 16_384;

class Incoming implements Http2WireRequest {
  readonly stream: number;
  readonly fields: readonly string[];
  body: Buffer = Buffer.alloc(0);
  trailers: readonly string[] = [];
  complete = false;
  /** Given out by `readRequest` or `readHead`. */
  taken = false;

  constructor(stream: number, fields: readonly string[]) {
    this.stream = stream;
    this.fields = fields;
  }

  get method(): string {
    return this.header(":method") ?? "";
  }
  get path(): string {
    return this.header(":path") ?? "";
  }
  get authority(): string {
    return this.header(":authority") ?? "";
  }
  get scheme(): string {
    return this.header(":scheme") ?? "";
  }

  header(name: string): string | undefined {
    const values = this.fields.filter((_, i) => i % 2 === 1 && this.fields[i - 1] === name);
    return values.length > 0 ? values.join(", ") : undefined;
  }
}

/** The server's side of an HTTP/2 connection, for a script to drive. */
export class Http2WireConnection {
  /** The connection underneath, for `end`, `reset`, `pause` and raw bytes. */
  readonly wire: WireConnection;
  /** Every frame that the client sent, in order. */
  readonly frames: Http2Seen[] = [];
  readonly #options: Http2WireOptions;
  readonly #encoder = new HpackEncoder();
  readonly #requests = new Map<number, Incoming>();
  readonly #watchers = new Set<() => void>();
  #over: Error | undefined;

  /** Speaks HTTP/2 on a connection of a `WireServer`, from its first byte. */
  constructor(wire: WireConnection, options: Http2WireOptions = {}) {
    this.wire = wire;
    this.#options = options;
    void this.#read();
    if (options.settings !== false) {
      void this.send({ type: "SETTINGS", settings: options.settings ?? [] }).catch(() => undefined);
    }
  }

  /** Sends frames in one write. */
  async send(...frames: Http2Frame[]): Promise<void> {
    const octets = frames.map((frame) => encodeFrame(frame, this.#encoder)).join("");
    await this.wire.reply(Buffer.from(octets, "latin1"));
  }

  /** Sends a whole response, its body in frames of 16,384 bytes. It ignores the client's flow-control windows. */
  async reply(to: Http2WireRequest | number, response: Http2Reply = {}): Promise<void> {
    const stream = typeof to === "number" ? to : to.stream;
    const body = Buffer.from(response.body ?? "");
    const trailers = response.trailers === undefined ? [] : flatHeaders(response.trailers);
    const endWithBody = trailers.length === 0;
    const { status = 200, headers = [] } = response;
    const frames: Http2Frame[] = [
      { type: "HEADERS", stream, status, headers, endStream: body.length === 0 && endWithBody },
    ];
    for (let at = 0; at < body.length; at += MAX_DATA) {
      const last = at + MAX_DATA >= body.length;
      frames.push({
        type: "DATA",
        stream,
        data: body.subarray(at, at + MAX_DATA),
        endStream: last && endWithBody,
      });
    }
    if (!endWithBody) frames.push({ type: "HEADERS", stream, headers: trailers, endStream: true });
    await this.send(...frames);
  }

  /** Reads the next request with its whole body. Waits without limit. */
  readRequest(): Promise<Http2WireRequest> {
    return this.#next((request) => request.complete);
  }

  /** Reads the next request as soon as its head has arrived. Waits without limit. */
  readHead(): Promise<Http2WireRequest> {
    return this.#next(() => true);
  }

  /** Waits for a frame that fits and returns it; frames that the client sent earlier count. `what` names it in the error. */
  async frame(fits: (frame: Http2Seen) => boolean, what = "a frame that fits"): Promise<Http2Seen> {
    await this.until(() => this.frames.some(fits), what);
    return this.frames.find(fits) as Http2Seen;
  }

  /** Resolves when the condition holds, which is tried at each frame; rejects after `patience`. */
  until(condition: () => boolean, what: string): Promise<void> {
    const { patience = 10_000 } = this.#options;
    return this.#wait(condition, what, patience);
  }

  /** Sends nothing more; resolves when the peer or the server ends the connection. */
  async stall(): Promise<void> {
    await this.#wait(() => false, "the end", Number.POSITIVE_INFINITY).catch((error: unknown) => {
      if (!(error instanceof ConnectionOver)) throw error;
    });
  }

  async #next(fits: (request: Incoming) => boolean): Promise<Http2WireRequest> {
    const find = (): Incoming | undefined =>
      [...this.#requests.values()].find((request) => !request.taken && fits(request));
    await this.#wait(() => find() !== undefined, "a request", Number.POSITIVE_INFINITY);
    const request = find() as Incoming;
    request.taken = true;
    return request;
  }

  #wait(condition: () => boolean, what: string, patience: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const watch = (): void => {
        const holds = condition();
        if (!holds && this.#over === undefined) return;
        clearTimeout(timer);
        this.#watchers.delete(watch);
        if (holds) resolve();
        else reject(this.#over);
      };
      if (patience < Number.POSITIVE_INFINITY) {
        timer = setTimeout(() => {
          this.#watchers.delete(watch);
          reject(new WireFailure(`connection ${this.wire.id}: waited ${patience} ms for ${what}`));
        }, patience);
      }
      this.#watchers.add(watch);
      watch();
    });
  }

  async #read(): Promise<void> {
    const incoming = new Http2Incoming((frame) => this.#seen(frame));
    try {
      for (;;) incoming.push(await this.wire.readSome());
    } catch (error) {
      this.#over =
        error instanceof ConnectionOver
          ? error
          : new WireFailure(`connection ${this.wire.id}: ${(error as Error).message}`);
    }
    this.#changed();
  }

  #seen(frame: Http2Seen): void {
    this.frames.push(frame);
    const request = this.#requests.get(frame.stream);
    if (frame.type === "HEADERS" && request === undefined) {
      this.#requests.set(frame.stream, new Incoming(frame.stream, frame.headers ?? []));
      this.wire.noteRequest(`${frame.stream} ${frame.headers?.[1]}`);
    } else if (frame.type === "HEADERS" && request !== undefined) {
      request.trailers = frame.headers ?? [];
    } else if (frame.type === "DATA" && request !== undefined) {
      request.body = Buffer.concat([request.body, frame.data ?? Buffer.alloc(0)]);
    }
    const current = this.#requests.get(frame.stream);
    if (current !== undefined && frame.endStream === true) current.complete = true;
    this.#answer(frame);
    this.#changed();
  }

  #answer(frame: Http2Seen): void {
    const frames: Http2Frame[] = [];
    if (this.#options.answer !== false && frame.ack === false) {
      if (frame.type === "SETTINGS") frames.push({ type: "SETTINGS", ack: true });
      if (frame.type === "PING") {
        frames.push({ type: "PING", ack: true, data: frame.data?.toString("latin1") ?? "" });
      }
    }
    const octets = frame.type === "DATA" ? (frame.data?.length ?? 0) : 0;
    if (this.#options.credit !== false && octets > 0) {
      frames.push({ type: "WINDOW_UPDATE", increment: octets });
      if (frame.endStream !== true) {
        frames.push({ type: "WINDOW_UPDATE", stream: frame.stream, increment: octets });
      }
    }
    if (frames.length > 0) void this.send(...frames).catch(() => undefined);
  }

  #changed(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}
