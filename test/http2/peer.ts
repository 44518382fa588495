import {
  type Http2Error,
  type Http2RequestHead,
  Http2Session,
  type Http2Stream,
  type OutputChunk,
  type ResponseHead,
  type SessionEffects,
  type SessionOptions,
  type StreamFailure,
} from "../../src/http2/index.js";
import { PlainDecoder } from "./plain-hpack.js";

/** A frame as it was sent, cut by a parser that shares nothing with the session. */
export interface SeenFrame {
  readonly type: string;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const TYPES = [
  "DATA",
  "HEADERS",
  "PRIORITY",
  "RST",
  "SETTINGS",
  "PUSH",
  "PING",
  "GOAWAY",
  "WINDOW",
  "CONTINUATION",
];
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export function parseFrames(bytes: Buffer): SeenFrame[] {
  const frames: SeenFrame[] = [];
  let at = bytes.toString("latin1", 0, PREFACE.length) === PREFACE ? PREFACE.length : 0;
  while (at < bytes.length) {
    const length = bytes.readUIntBE(at, 3);
    const type = TYPES[bytes[at + 3] as number] ?? `0x${bytes[at + 3]}`;
    const payload = bytes.subarray(at + 9, at + 9 + length);
    if (payload.length < length) throw new Error("the last frame is cut");
    frames.push({ type, flags: bytes[at + 4] as number, stream: bytes.readUInt32BE(at + 5), payload });
    at += 9 + length;
  }
  return frames;
}

/** A session, what it did, and the server's side of it, octet by octet in memory. */
export class Harness implements SessionEffects<string> {
  readonly session: Http2Session<string>;
  /** Each effect as a line. */
  readonly log: string[] = [];
  readonly failures: Map<string, StreamFailure> = new Map();
  readonly bodies: Map<string, string> = new Map();
  readonly decoder: PlainDecoder = new PlainDecoder();
  error: Http2Error | undefined;
  now = 1_000;
  /** Whether `needsFlush` was called since the last output. */
  asked = false;
  /** Called within `data`, as a reader that takes at once would. */
  onData: ((stream: Http2Stream<string>, octets: number) => void) | undefined;
  onEvent: ((line: string, stream: Http2Stream<string>) => void) | undefined;

  constructor(options: Partial<SessionOptions> = {}) {
    this.session = new Http2Session<string>(this, { maxHeaderBytes: 65_536, ...options });
  }

  needsFlush(): void {
    this.asked = true;
  }
  informational(stream: Http2Stream<string>, head: ResponseHead): void {
    this.#say(`informational ${head.status}`, stream);
  }
  headers(stream: Http2Stream<string>, head: ResponseHead, endStream: boolean): void {
    this.#say(
      `headers ${JSON.stringify(head.block.slice("HTTP/2.0 ".length))}${endStream ? " end" : ""}`,
      stream,
    );
  }
  data(stream: Http2Stream<string>, buffer: Buffer, start: number, end: number): void {
    this.bodies.set(
      stream.owner,
      (this.bodies.get(stream.owner) ?? "") + buffer.toString("latin1", start, end),
    );
    this.onData?.(stream, end - start);
  }
  trailers(stream: Http2Stream<string>, block: string): void {
    this.#say(`trailers ${JSON.stringify(block)}`, stream);
  }
  ended(stream: Http2Stream<string>): void {
    this.#say("ended", stream);
  }
  failed(stream: Http2Stream<string>, failure: StreamFailure): void {
    this.failures.set(stream.owner, failure);
    this.#say(`failed ${failure.by} ${failure.error.http2Code} ${failure.reach}`, stream);
  }
  closed(stream: Http2Stream<string>): void {
    this.#say("closed", stream);
  }
  writable(stream: Http2Stream<string>): void {
    this.#say("writable", stream);
  }
  settings(): void {
    this.log.push(`settings, limit ${this.session.limit}`);
  }
  goAway(lastStream: number, code: number, debug: string): void {
    this.log.push(`goaway ${lastStream} ${code} ${JSON.stringify(debug)}`);
  }
  connectionFailed(error: Http2Error): void {
    this.error = error;
    this.log.push(`connection failed ${error.http2Code}`);
  }

  #say(line: string, stream: Http2Stream<string>): void {
    this.log.push(`${stream.owner}: ${line}`);
    this.onEvent?.(line, stream);
  }

  get(owner: string, head: Partial<Http2RequestHead> = {}): Http2Stream<string> {
    return this.session.open(owner, requestHead(head), true);
  }

  post(owner: string, head: Partial<Http2RequestHead> = {}): Http2Stream<string> {
    return this.session.open(owner, requestHead({ method: "POST", ...head }), false);
  }

  /** What the session writes, as frames. */
  out(budget?: number): SeenFrame[] {
    this.asked = false;
    return parseFrames(join(this.session.takeOutput(this.now, budget)));
  }

  /** The same in one line a frame: `HEADERS 1 end`, `DATA 1 5`, `RST 1 8`, `WINDOW 0 7`. */
  sent(budget?: number): string[] {
    return this.out(budget).map((frame) => show(frame, this.decoder));
  }

  /** Gives the session what the server sends. */
  feed(...bytes: (string | Buffer)[]): this {
    const data = Buffer.concat(
      bytes.map((piece) => (typeof piece === "string" ? Buffer.from(piece, "latin1") : piece)),
    );
    this.session.received(data, 0, data.length, this.now);
    return this;
  }

  /** What ended the connection. */
  fault(): Http2Error | undefined {
    return this.error;
  }

  /** The effects since the last call. */
  events(): string[] {
    return this.log.splice(0);
  }
}

export function requestHead(head: Partial<Http2RequestHead> = {}): Http2RequestHead {
  return {
    method: "GET",
    scheme: "https",
    authority: "a.example",
    path: "/",
    fields: [],
    contentLength: -1,
    ...head,
  };
}

export function join(chunks: readonly OutputChunk[]): Buffer {
  return Buffer.concat(
    chunks.map((chunk) => (typeof chunk === "string" ? Buffer.from(chunk, "latin1") : Buffer.from(chunk))),
  );
}

function show({ type, flags, stream, payload }: SeenFrame, decoder: PlainDecoder): string {
  switch (type) {
    case "HEADERS": {
      if ((flags & 4) === 0) return `HEADERS ${stream} part`;
      decoder.decode(payload);
      return `HEADERS ${stream}${flags & 1 ? " end" : ""}`;
    }
    case "DATA":
      return `DATA ${stream} ${payload.length}${flags & 1 ? " end" : ""}`;
    case "RST":
      return `RST ${stream} ${payload.readUInt32BE(0)}`;
    case "WINDOW":
      return `WINDOW ${stream} ${payload.readUInt32BE(0)}`;
    case "GOAWAY":
      return `GOAWAY ${payload.readUInt32BE(0)} ${payload.readUInt32BE(4)}`;
    case "SETTINGS":
    case "PING":
      return flags & 1 ? `${type} ack` : type;
    default:
      return `${type} ${stream}`;
  }
}
