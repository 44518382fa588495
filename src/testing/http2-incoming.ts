import { FrameReader, type FrameVisitor, frameName, HpackDecoder } from "../http2/index.js";

/** A frame that the client sent. Members that its type does not have are absent. */
export interface Http2Seen {
  /** `HEADERS`, `DATA` and so on; CONTINUATION frames are part of their HEADERS. */
  readonly type: string;
  /** The stream's id; 0 for the connection. */
  readonly stream: number;
  /** Whether the frame ended the client's side of its stream. */
  readonly endStream?: boolean;
  /** The fields of HEADERS, pseudo-headers included: name, value, name, value, … */
  readonly headers?: readonly string[];
  /** The content of DATA, without padding. */
  readonly data?: Buffer;
  /** The settings of SETTINGS: id, value, id, value, … */
  readonly settings?: readonly number[];
  /** Whether a SETTINGS or PING frame was an acknowledgement. */
  readonly ack?: boolean;
  /** The error code of RST_STREAM or GOAWAY. */
  readonly code?: number;
  /** The last stream that a GOAWAY names. */
  readonly lastStream?: number;
  /** The debug text of a GOAWAY. */
  readonly debug?: string;
  /** The bytes that a WINDOW_UPDATE adds. */
  readonly increment?: number;
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const MAX_BLOCK = 1_048_576;

/** Reads what a client sends: the preface, then frames. */
export class Http2Incoming implements FrameVisitor {
  readonly maxFrame = 16_384;
  readonly #reader = new FrameReader(this, MAX_BLOCK);
  readonly #decoder = new HpackDecoder();
  readonly #seen: (frame: Http2Seen) => void;
  #preface = "";
  #data: Buffer[] = [];

  constructor(seen: (frame: Http2Seen) => void) {
    this.#seen = seen;
  }

  /** @throws Error when the bytes are not a client's HTTP/2. */
  push(bytes: Buffer): void {
    const missing = PREFACE.length - this.#preface.length;
    if (missing > 0) {
      this.#preface += bytes.toString("latin1", 0, missing);
      if (!PREFACE.startsWith(this.#preface)) {
        throw new Error(`the client began with ${JSON.stringify(this.#preface)} instead of HTTP/2's preface`);
      }
    }
    const from = Math.min(missing, bytes.length);
    if (from < bytes.length) this.#reader.read(bytes, from, bytes.length);
  }

  frame(): void {}

  data(_stream: number, buffer: Buffer, start: number, end: number): void {
    this.#data.push(Buffer.from(buffer.subarray(start, end)));
  }

  dataEnd(stream: number, endStream: boolean): void {
    const data = Buffer.concat(this.#data.splice(0));
    this.#seen({ type: "DATA", stream, data, endStream });
  }

  headerBlock(stream: number, buffer: Buffer, start: number, end: number, endStream: boolean): void {
    const headers: string[] = [];
    this.#decoder.decode(buffer, start, end, { field: (name, value) => headers.push(name, value) });
    this.#seen({ type: "HEADERS", stream, headers, endStream });
  }

  rstStream(stream: number, code: number): void {
    this.#seen({ type: "RST_STREAM", stream, code });
  }

  settings(buffer: Buffer, start: number, count: number): void {
    const settings: number[] = [];
    for (let at = start; at < start + count * 6; at += 6) {
      settings.push(buffer.readUInt16BE(at), buffer.readUInt32BE(at + 2));
    }
    this.#seen({ type: "SETTINGS", stream: 0, settings, ack: false });
  }

  settingsAck(): void {
    this.#seen({ type: "SETTINGS", stream: 0, ack: true });
  }

  ping(buffer: Buffer, start: number, ack: boolean): void {
    this.#seen({ type: "PING", stream: 0, data: Buffer.from(buffer.subarray(start, start + 8)), ack });
  }

  goAway(lastStream: number, code: number, buffer: Buffer, from: number, to: number): void {
    this.#seen({ type: "GOAWAY", stream: 0, lastStream, code, debug: buffer.toString("latin1", from, to) });
  }

  windowUpdate(stream: number, increment: number): void {
    this.#seen({ type: "WINDOW_UPDATE", stream, increment });
  }

  ignored(type: number, stream: number): void {
    this.#seen({ type: frameName(type), stream });
  }

  streamFault(_stream: number, error: Error): void {
    throw error;
  }
}
