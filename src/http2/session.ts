import type { ErrorCode } from "../errors/index.js";
import { FrameReader } from "./frame-reader.js";
import {
  CANCEL,
  DEFAULT_WINDOW,
  MAX_FRAME_BYTES,
  SETTING_ENABLE_PUSH,
  SETTING_INITIAL_WINDOW_SIZE,
  SETTING_MAX_HEADER_LIST_SIZE,
} from "./frame-types.js";
import {
  CONNECTION_PREFACE,
  goAwayFrame,
  headersFrames,
  settingsFrame,
  windowUpdateFrame,
} from "./frame-writer.js";
import { connectionError, floodError, Http2Error, SpeaksHttp1Error } from "./http2-error.js";
import { BLOCK_FACTOR, MAX_DEBUG_BYTES, MAX_UNREAD_ANSWERS } from "./limits.js";
import { Output, type OutputChunk } from "./output.js";
import { printable } from "./peer-endings.js";
import { Receiver, STOPPED } from "./receiver.js";
import { type Http2RequestHead, headListSize } from "./request-head.js";
import type { SessionEffects, SessionOptions } from "./session-contract.js";
import { SessionState } from "./session-state.js";
import type { PeerSettings } from "./settings.js";
import { Http2Stream, NO_CHUNKS } from "./stream.js";

const DEFAULT_DATA_FRAME = 16_375;
/** For a server that takes frames of such a size: fewer pieces to write, and still small beside what a turn sends. */
const LARGE_DATA_FRAME = 65_536;
/** Of bodies, in one flush. */
const DEFAULT_BUDGET = 65_536;
const LETTER_H = 0x48;

/**
 * The client's side of one HTTP/2 connection as a state machine: octets and time go in, effects and octets come out.
 * It has no socket, timer, promise or clock. `now` is in milliseconds, of any clock that does not go back; `Owner` is
 * what the caller knows a stream by.
 *
 * After `needsFlush` call `takeOutput` at the end of the turn, so that all its requests leave in one write; call it
 * again, when the socket has taken what it gave, while `hasOutput`. Call `tick` at `wakeAt`.
 */
export class Http2Session<Owner> {
  readonly #state: SessionState<Owner>;
  readonly #receiver: Receiver<Owner>;
  readonly #reader: FrameReader;
  readonly #maxStreams: number;
  readonly #maxDataFrame: number;
  readonly #agreed: boolean;
  #sawOctets = false;
  #preface: string;
  /** Octets of answers to the server's frames since its side last took anything. */
  #unreadAnswers = 0;

  constructor(effects: SessionEffects<Owner>, options: SessionOptions) {
    const state = new SessionState(effects, options);
    this.#state = state;
    this.#receiver = new Receiver(state);
    const maxBlock = Math.max(MAX_FRAME_BYTES, options.maxHeaderBytes * BLOCK_FACTOR);
    this.#reader = new FrameReader(this.#receiver, maxBlock);
    this.#maxStreams = options.maxStreams ?? Number.POSITIVE_INFINITY;
    this.#maxDataFrame = options.maxDataFrame ?? DEFAULT_DATA_FRAME;
    this.#agreed = options.agreed === true;
    const settings = [SETTING_ENABLE_PUSH, 0, SETTING_INITIAL_WINDOW_SIZE, state.receiveLimits.initialWindow];
    settings.push(SETTING_MAX_HEADER_LIST_SIZE, Math.min(options.maxHeaderBytes, 0xffffffff));
    this.#preface = CONNECTION_PREFACE + settingsFrame(settings);
    const more = state.connectionWindow - DEFAULT_WINDOW;
    if (more > 0) this.#preface += windowUpdateFrame(0, more);
  }

  /** What the server said of itself. */
  get peer(): Readonly<PeerSettings> {
    return this.#state.peer;
  }

  /** Streams at once, as far as is known. */
  get limit(): number {
    return Math.min(this.#state.peer.maxConcurrentStreams, this.#maxStreams);
  }

  /** Streams that count: opened and not `closed`. */
  get active(): number {
    const { streams, pending, unsure } = this.#state;
    return streams.size + pending.length + unsure.length;
  }

  /** Streams that may be opened now; 0 once it takes no more for good. */
  get capacity(): number {
    return this.accepting ? Math.max(0, this.limit - this.active) : 0;
  }

  /** Whether it will ever take streams again: no GOAWAY either way, no error, ids left. */
  get accepting(): boolean {
    return this.#state.accepting;
  }

  /** Whether the server takes extended CONNECT (RFC 8441); undefined until its SETTINGS have come. */
  get offersConnect(): boolean | undefined {
    const { peer } = this.#state;
    return peer.received ? peer.connectProtocol : undefined;
  }

  /** Whether `takeOutput` has something now. */
  get hasOutput(): boolean {
    const { urgent, control, pending, send, dead } = this.#state;
    return urgent !== "" || control !== "" || (!dead && (pending.length > 0 || send.ready));
  }

  /** When to call `tick`; Infinity for never. */
  get wakeAt(): number {
    return this.#state.wakeAt;
  }

  /** Of the connection, in milliseconds; 0 while it is not known. */
  get roundTrip(): number {
    return this.#state.roundTrip;
  }

  /** When octets last came. */
  get lastReceivedAt(): number {
    return this.#state.lastReceivedAt;
  }

  /** Octets of the DATA frame at hand that have not arrived; 0 between frames. */
  get dataLeft(): number {
    return this.#reader.dataLeft;
  }

  /** Octets of the content of the DATA frame at hand, or of the last one. */
  get dataLength(): number {
    return this.#receiver.dataLength;
  }

  /** The stream of the DATA frame at hand; undefined where there is none, or nobody wants its content. */
  get dataStream(): Http2Stream<Owner> | undefined {
    return this.#receiver.dataStream;
  }

  /** Octets of bodies handed on that nobody has taken, for the transport's sum. */
  get unread(): number {
    return this.#state.unread;
  }

  /** How many more streams may be cancelled before a server may take it ill; at 0 use another connection. */
  resetsLeft(now: number): number {
    return this.#state.resets.left(now);
  }

  /** Takes what was read. The buffer is the caller's again when this returns. */
  received(buffer: Buffer, start: number, end: number, now: number): void {
    const state = this.#state;
    if (state.dead || start === end) return;
    state.now = now;
    state.lastReceivedAt = now;
    try {
      if (!this.#sawOctets) {
        this.#sawOctets = true;
        // The first frame is a SETTINGS of far less than 65,536 octets.
        if (buffer[start] !== 0) throw noHttp2(buffer[start] as number, this.#agreed);
      }
      this.#reader.read(buffer, start, end);
    } catch (error) {
      if (error instanceof Http2Error) this.#die(error);
      else if (error !== STOPPED) throw error;
    }
  }

  /**
   * Opens a stream. Its head leaves with the next `takeOutput`, which is when it gets its id; if the connection has
   * changed its mind by then, it fails as `unsent`. `endStream`: there is no body.
   */
  open(owner: Owner, head: Http2RequestHead, endStream: boolean): Http2Stream<Owner> {
    const state = this.#state;
    const stream = new Http2Stream(
      owner,
      head,
      endStream,
      state.maxHeaderBytes,
      state.receiveLimits.initialWindow,
    );
    state.pending.push(stream);
    state.flush();
    return stream;
  }

  /**
   * Gives bytes of the request's body; with `end` it is the last of them. They are kept until they leave, uncopied, so
   * give more only after `writable`. Nothing happens for a stream that is over.
   */
  send(stream: Http2Stream<Owner>, bytes: Uint8Array, end: boolean): void {
    if (stream.over || stream.endQueued) return;
    if (bytes.length > 0) {
      if (stream.chunks === NO_CHUNKS) stream.chunks = [];
      stream.chunks.push(bytes);
      stream.queued += bytes.length;
    }
    if (end) stream.endQueued = true;
    this.#state.sendable(stream);
  }

  /** Ends the request's body, with trailers (name, value, …, which were checked) if there are any. */
  end(stream: Http2Stream<Owner>, trailers?: readonly string[]): void {
    if (stream.over || stream.endQueued) return;
    if (trailers !== undefined && trailers.length > 0) stream.trailers = trailers;
    stream.endQueued = true;
    this.#state.sendable(stream);
  }

  /** Whoever reads the response has taken so many octets of its body, or thrown them away. */
  consumed(stream: Http2Stream<Owner>, octets: number, now: number): void {
    const state = this.#state;
    if (stream.over) return;
    state.now = now;
    stream.unread -= octets;
    stream.taken += octets;
    state.unread -= octets;
    state.credit(stream);
  }

  /**
   * Ends a stream early. A head that has not left never does; else RST_STREAM with `code` goes out. `closed` follows:
   * at once, or, where the server has been silent since the head left, when it shows life (a PING goes out with it).
   */
  cancel(stream: Http2Stream<Owner>, now: number, code: number = CANCEL): void {
    const state = this.#state;
    if (stream.over) return;
    state.now = now;
    if (stream.id === 0) {
      state.pending = state.pending.filter((other) => other !== stream);
      state.close(stream);
      return;
    }
    state.reset(stream.id, code);
    state.resets.take(now);
    if (state.framesReceived > stream.framesAtOpen) {
      state.close(stream);
      return;
    }
    state.remove(stream);
    state.unsure.push({ stream, ping: state.ping() });
  }

  /** Asks whether the server is there: its answer is a sign of life, and is measured. */
  ping(now: number): void {
    this.#state.now = now;
    this.#state.ping();
  }

  /** Says that this side opens no more streams; those that are open go on. */
  goAway(code: number, debug = ""): void {
    const state = this.#state;
    if (state.leaving || state.dead) return;
    state.leaving = true;
    state.control += goAwayFrame(0, code, printable(debug.slice(0, MAX_DEBUG_BYTES)));
    state.flush();
  }

  /** Readers hold too much memory, or no longer do: windows shrink, or may grow. */
  pressure(on: boolean, now: number): void {
    this.#state.pressure = on;
    if (!on) this.#creditAll(now);
  }

  /** Does what is due at `wakeAt`. */
  tick(now: number): void {
    const state = this.#state;
    state.now = now;
    state.wakeAt = Number.POSITIVE_INFINITY;
    this.#creditAll(now);
    state.send.wake();
    if (state.send.ready) state.flush();
  }

  #creditAll(now: number): void {
    const state = this.#state;
    state.now = now;
    for (const stream of state.streams.values()) if (stream.owedSince >= 0) state.credit(stream);
  }

  /**
   * What to write now, in order. Bodies take part up to about `budget` octets; give 0 while the socket has more than
   * it should.
   */
  takeOutput(now: number, budget: number = DEFAULT_BUDGET): OutputChunk[] {
    const state = this.#state;
    const out = new Output();
    state.now = now;
    state.flushed();
    if (this.#preface !== "") {
      out.text(this.#preface);
      this.#preface = "";
      state.settingsOut++;
      state.settingsSentAt = now;
    }
    // Nothing of what is written is taken: what asks for more of it all the same is after our memory.
    this.#unreadAnswers = budget > 0 ? 0 : this.#unreadAnswers + state.urgent.length;
    if (this.#unreadAnswers > MAX_UNREAD_ANSWERS) {
      this.#die(
        floodError("The server keeps sending frames that need an answer, but does not read the answers"),
      );
      return [];
    }
    out.text(state.urgent + state.control);
    state.urgent = "";
    state.control = "";
    if (state.dead) return out.take();
    if (state.pending.length > 0) this.#openPending(out);
    if (state.send.ready) this.#sendBodies(out, budget);
    this.#settleSent();
    return out.take();
  }

  #openPending(out: Output): void {
    const state = this.#state;
    const { pending } = state;
    state.pending = [];
    for (const stream of pending) {
      if (stream.over) continue;
      const refusal = this.#whyNot(stream);
      if (refusal === undefined) this.#sendHead(stream, out);
      else state.failUnsent(stream, refusal[0], refusal[1]);
    }
  }

  /** Why a head that was to leave must not; with its code where another connection would not do either. */
  #whyNot({ head }: Http2Stream<Owner>): [message: string, code?: ErrorCode] | undefined {
    const { peer, streams, unsure, accepting } = this.#state;
    if (!accepting) return ["The connection accepts no more requests"];
    if (streams.size + unsure.length >= this.limit) {
      return [`The server lowered its limit to ${this.limit} streams before the request left`];
    }
    if (head.protocol !== undefined && !peer.connectProtocol) {
      return ["The server does not offer extended CONNECT (RFC 8441)"];
    }
    const most = peer.maxHeaderListSize;
    if (most < Number.POSITIVE_INFINITY && headListSize(head) > most) {
      return [
        `The request's headers take ${headListSize(head)} bytes, counting 32 more for each field; the server accepts at most ${most}`,
        "ERR_TRUNKLINE_REQUEST_HEADERS_TOO_LARGE",
      ];
    }
    return undefined;
  }

  #sendHead(stream: Http2Stream<Owner>, out: Output): void {
    const state = this.#state;
    stream.id = state.nextId;
    state.nextId += 2;
    state.streams.add(stream);
    stream.sendWindow = state.peer.initialWindowSize;
    stream.framesAtOpen = state.framesReceived;
    stream.creditedAt = state.now;
    const bare = stream.endQueued && stream.queued === 0 && stream.trailers === undefined;
    out.text(headersFrames(stream.id, state.heads.encode(stream.head), bare, state.peer.maxFrameSize));
    if (bare) {
      stream.localEnded = true;
      return;
    }
    const sent = state.send.sendSmall(stream, out);
    if (sent > 0) state.flood.progress();
    state.send.add(stream);
  }

  #sendBodies(out: Output, budget: number): void {
    const state = this.#state;
    const most = state.peer.maxFrameSize;
    const frame = most >= LARGE_DATA_FRAME ? LARGE_DATA_FRAME : Math.min(this.#maxDataFrame, most);
    const { bytes, wakeAt } = state.send.fill(out, budget, frame, state.now);
    if (bytes > 0) state.flood.progress();
    state.wakeAt = Math.min(state.wakeAt, wakeAt);
  }

  /** Tells of what the output did, now that it is whole. */
  #settleSent(): void {
    const { send } = this.#state;
    for (const stream of send.ended.splice(0)) {
      if (stream.over) continue;
      this.#state.effects.bodySent?.(stream);
      if (stream.remoteEnded && !stream.over) this.#state.complete(stream);
    }
    for (const stream of send.drained.splice(0)) {
      if (stream.over || stream.queued > 0 || stream.endQueued) continue;
      if (stream.sendWindow > 0) this.#state.effects.writable(stream);
      else stream.wantsWritable = true;
    }
  }

  /** The connection is gone, or is to be: gives back all streams that are not over. No effect is called for them. */
  abandon(): Http2Stream<Owner>[] {
    const state = this.#state;
    state.dead = true;
    const streams = [...state.streams.values(), ...state.pending].filter((stream) => !stream.over);
    for (const stream of streams) state.remove(stream);
    state.pending = [];
    state.unsure = [];
    state.wakeAt = Number.POSITIVE_INFINITY;
    return streams;
  }

  /** Ends it over an error of the connection (RFC 9113 §5.4.1): what leaves still is a GOAWAY. */
  #die(error: Http2Error): void {
    const state = this.#state;
    if (state.dead) return;
    state.dead = true;
    state.urgent = "";
    state.control = goAwayFrame(0, error.http2Code, printable(error.message.slice(0, MAX_DEBUG_BYTES)));
    state.flush();
    state.effects.connectionFailed(error);
  }
}

function noHttp2(first: number, agreed: boolean): Http2Error {
  const remedy = agreed ? "set http2: false" : "remove http2.priorKnowledge, or set http2: false";
  if (first !== LETTER_H) {
    return connectionError(`The server's first bytes are not HTTP/2; if it speaks HTTP/1.1, ${remedy}`);
  }
  return agreed
    ? new SpeaksHttp1Error(
        `The server answered in HTTP/1.1 on an HTTP/2 connection that it had agreed to; ${remedy}`,
      )
    : connectionError(`The server answered in HTTP/1.1 on an HTTP/2 connection; ${remedy}`);
}
