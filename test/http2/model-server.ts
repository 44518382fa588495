import {
  pingFrame,
  rstStreamFrame,
  SETTINGS_ACK,
  settingsFrame,
  windowUpdateFrame,
} from "../../src/http2/index.js";
import type { SeenFrame } from "./peer.js";
import { PlainDecoder } from "./plain-hpack.js";
import { data, head, padded, trailers } from "./server-frames.js";

/** A stream as an honest server keeps it. */
export interface ModelStream {
  readonly id: number;
  /** What the client may still send, and what this side may. */
  clientWindow: number;
  serverWindow: number;
  clientEnded: boolean;
  headSent: boolean;
  serverEnded: boolean;
  /** Octets of the client's body that were not credited. */
  owed: number;
  /** One side has reset it. */
  reset: boolean;
  received: number;
  sent: number;
}

/**
 * The server's side of a connection as RFC 9113 has it: keeps both windows of each stream and of the connection, and
 * throws when the client breaks a rule. It knows nothing of the session but its octets.
 */
export class ModelServer {
  readonly streams: Map<number, ModelStream> = new Map();
  readonly #decoder = new PlainDecoder();
  clientConnectionWindow = 65_535;
  serverConnectionWindow = 65_535;
  connectionOwed = 0;
  /** Octets of DATA payloads sent, and of credit that came back for the connection. */
  sent = 0;
  credited = 0;
  #lastId = 0;
  /** What the client acknowledged, and what it has still to. */
  #initialWindow = 65_535;
  #limit = Number.POSITIVE_INFINITY;
  #unacknowledged: { initialWindow: number; limit: number }[] = [];
  #ourInitialWindow = 65_535;
  #headers: { id: number; parts: Buffer[]; end: boolean } | undefined;
  /** What the client's PINGs hold that were not answered. */
  pings: string[] = [];
  goneAway: number = Number.POSITIVE_INFINITY;
  /** The client's GOAWAY. */
  clientGone: number | undefined;

  take(frames: readonly SeenFrame[]): void {
    for (const frame of frames) this.#frame(frame);
  }

  get open(): ModelStream[] {
    return [...this.streams.values()].filter(
      ({ reset, clientEnded, serverEnded }) => !reset && !(clientEnded && serverEnded),
    );
  }

  #frame({ type, flags, stream: id, payload }: SeenFrame): void {
    if (payload.length > 16_384) throw new Error(`a ${type} frame of ${payload.length} octets`);
    if (this.#headers !== undefined && (type !== "CONTINUATION" || id !== this.#headers.id))
      throw new Error("a block was interrupted");
    const stream = this.streams.get(id);
    switch (type) {
      case "SETTINGS":
        if (flags & 1) this.#acknowledged();
        else
          for (let at = 0; at < payload.length; at += 6) {
            if (payload.readUInt16BE(at) === 4) this.#ourInitialWindow = payload.readUInt32BE(at + 2);
          }
        break;
      case "HEADERS":
      case "CONTINUATION": {
        this.#headers ??= { id, parts: [], end: (flags & 1) !== 0 };
        this.#headers.parts.push(payload);
        if ((flags & 4) === 0) break;
        const { parts, end } = this.#headers;
        this.#headers = undefined;
        this.#decoder.decode(Buffer.concat(parts));
        this.#head(id, stream, end);
        break;
      }
      case "DATA":
        if (stream === undefined) throw new Error(`DATA on stream ${id}, which is not open`);
        if (stream.clientEnded) throw new Error(`DATA on stream ${id} after its end`);
        stream.clientWindow -= payload.length;
        this.clientConnectionWindow -= payload.length;
        if (payload.length > 0 && stream.clientWindow < 0)
          throw new Error(`stream ${id} has more than its window`);
        if (this.clientConnectionWindow < 0) throw new Error("more than the connection's window");
        stream.owed += payload.length;
        stream.received += payload.length;
        this.connectionOwed += payload.length;
        if (flags & 1) stream.clientEnded = true;
        break;
      case "RST":
        if (stream === undefined) throw new Error(`RST_STREAM on stream ${id}, which was never opened`);
        stream.reset = true;
        break;
      case "WINDOW": {
        const octets = payload.readUInt32BE(0);
        if (octets === 0) throw new Error("WINDOW_UPDATE of 0");
        if (id === 0) {
          this.serverConnectionWindow += octets;
          this.credited += octets;
        } else if (stream === undefined)
          throw new Error(`WINDOW_UPDATE on stream ${id}, which was never opened`);
        else stream.serverWindow += octets;
        break;
      }
      case "PING":
        if ((flags & 1) === 0) this.pings.push(payload.toString("latin1"));
        break;
      case "GOAWAY":
        this.clientGone = payload.readUInt32BE(4);
        break;
      default:
        throw new Error(`a client that sends ${type}`);
    }
  }

  #head(id: number, stream: ModelStream | undefined, end: boolean): void {
    if (stream !== undefined) {
      if (!end || stream.clientEnded) throw new Error(`a second head on stream ${id}`);
      stream.clientEnded = true;
      return;
    }
    if (id <= this.#lastId || id % 2 === 0) throw new Error(`stream ${id} after ${this.#lastId}`);
    this.#lastId = id;
    // One that is above what was said may have left before it was heard.
    if (this.#unacknowledged.length === 0 && this.open.length >= this.#limit)
      throw new Error(`more than ${this.#limit} streams`);
    this.streams.set(id, {
      id,
      clientWindow: this.#initialWindow,
      serverWindow: this.#ourInitialWindow,
      clientEnded: end,
      headSent: false,
      serverEnded: false,
      owed: 0,
      reset: false,
      received: 0,
      sent: 0,
    });
  }

  #acknowledged(): void {
    const settings = this.#unacknowledged.shift();
    if (settings === undefined) throw new Error("an acknowledgement of nothing");
    for (const stream of this.streams.values())
      stream.clientWindow += settings.initialWindow - this.#initialWindow;
    this.#initialWindow = settings.initialWindow;
    this.#limit = settings.limit;
  }

  settings(initialWindow: number, limit: number, tableSize: number): string {
    this.#unacknowledged.push({ initialWindow, limit });
    return settingsFrame([1, tableSize, 3, limit, 4, initialWindow]);
  }

  acknowledge(): string {
    return SETTINGS_ACK;
  }

  pong(): string {
    return this.pings
      .splice(0)
      .map((payload) => pingFrame(payload, true))
      .join("");
  }

  respond(stream: ModelStream, end: boolean, length?: number): string {
    stream.headSent = true;
    stream.serverEnded = end;
    const fields = ["x-stream", String(stream.id)];
    if (length !== undefined) fields.push("content-length", String(length));
    return head(stream.id, 200, fields, end);
  }

  /** At most so many octets of body, as far as both windows let it. */
  body(stream: ModelStream, octets: number, padding: number, end: boolean): string {
    const extra = padding > 0 ? padding + 1 : 0;
    const room = Math.min(stream.serverWindow, this.serverConnectionWindow, 16_384) - extra;
    if (room < 0) return "";
    const length = Math.min(octets, room);
    stream.serverWindow -= length + extra;
    this.serverConnectionWindow -= length + extra;
    this.sent += length + extra;
    stream.sent += length;
    stream.serverEnded = end;
    const text = "x".repeat(length);
    return padding > 0 ? padded(stream.id, text, padding, end) : data(stream.id, text, end);
  }

  finish(stream: ModelStream, withTrailers: boolean): string {
    stream.serverEnded = true;
    return withTrailers ? trailers(stream.id, ["x-end", "1"]) : data(stream.id, "", true);
  }

  resetStream(stream: ModelStream, code: number): string {
    stream.reset = true;
    return rstStreamFrame(stream.id, code);
  }

  credit(stream: ModelStream): string {
    const { owed } = stream;
    stream.owed = 0;
    stream.clientWindow += owed;
    return owed > 0 ? windowUpdateFrame(stream.id, owed) : "";
  }

  creditConnection(): string {
    const owed = this.connectionOwed;
    this.connectionOwed = 0;
    this.clientConnectionWindow += owed;
    return owed > 0 ? windowUpdateFrame(0, owed) : "";
  }
}
