import type { ErrorCode } from "../errors/index.js";
import { FaultGuard, FloodGuard, TinyDataGuard, TokenBucket } from "./buckets.js";
import {
  LARGE_FRAME_BYTES,
  MAX_31_BITS,
  MAX_FRAME_BYTES,
  REFUSED_STREAM,
  SETTING_MAX_FRAME_SIZE,
} from "./frame-types.js";
import { pingFrame, rstStreamFrame, settingsFrame, uint32, windowUpdateFrame } from "./frame-writer.js";
import { HpackEncoder } from "./hpack-encoder.js";
import { Http2Error } from "./http2-error.js";
import {
  LAST_STREAM_ID,
  REMEMBERED_ENDS,
  REMEMBERED_RESETS,
  RESET_BURST,
  RESETS_PER_SECOND,
} from "./limits.js";
import { LONGEST_OWED, type ReceiveLimits, takeCredit } from "./receive-window.js";
import { RequestHeadEncoder } from "./request-head.js";
import { SendQueue } from "./send-queue.js";
import type { SessionEffects, SessionOptions } from "./session-contract.js";
import { PeerSettings } from "./settings.js";
import { type Http2Stream, NO_CHUNKS, type StreamFailure } from "./stream.js";
import { StreamTable } from "./stream-table.js";

const DEFAULT_STREAM_WINDOW = 262_144;
const DEFAULT_MAX_WINDOW = 16 * 1024 * 1024;
const DEFAULT_CONNECTION_WINDOW = 64 * 1024 * 1024;
const DEFAULT_STREAMS = 100;
const LEAST_WINDOW = 65_535;

/** A stream that was cancelled on a connection that had been silent since it began. */
interface Unsure<Owner> {
  readonly stream: Http2Stream<Owner>;
  /** The number of the PING whose answer frees its place. */
  readonly ping: number;
}

/** What the two halves of a session share: the streams, what waits to be written, and what ends streams. */
export class SessionState<Owner> {
  readonly effects: SessionEffects<Owner>;
  readonly maxHeaderBytes: number;
  readonly receiveLimits: ReceiveLimits;
  readonly connectionWindow: number;
  readonly peer: PeerSettings;
  readonly encoder: HpackEncoder = new HpackEncoder();
  readonly heads: RequestHeadEncoder = new RequestHeadEncoder(this.encoder);
  readonly send: SendQueue<Owner> = new SendQueue((fields) => this.heads.encodeTrailers(fields));
  readonly flood: FloodGuard = new FloodGuard();
  readonly faults: FaultGuard = new FaultGuard();
  readonly tinyData: TinyDataGuard = new TinyDataGuard();
  readonly resets: TokenBucket = new TokenBucket(RESET_BURST, RESETS_PER_SECOND);

  /** Those whose head has left and that are not over, by id. */
  readonly streams: StreamTable<Owner> = new StreamTable();
  /** Those whose head waits for the next flush. */
  pending: Http2Stream<Owner>[] = [];
  nextId = 1;
  /** Cancelled ones whose place is not free yet. */
  unsure: Unsure<Owner>[] = [];
  readonly #recentResets: number[] = [];
  /** Ids of responses that were complete, the latest ones. */
  readonly #recentEnds: number[] = [];
  #ends = 0;

  /** The time of the input at hand. */
  now = 0;
  framesReceived = 0;
  lastReceivedAt = 0;
  roundTrip: number;
  /** Octets of bodies that were handed on and that no reader has taken. */
  unread = 0;
  pressure = false;
  /** SETTINGS of this side that were not acknowledged yet, and when the last of them left. */
  settingsOut = 0;
  settingsSentAt = 0;
  /** The longest frame that the server may send. */
  maxFrame: number = MAX_FRAME_BYTES;
  /** When `tick` has something to do. */
  wakeAt: number = Number.POSITIVE_INFINITY;

  /** The server's GOAWAY; Infinity before it. */
  lastAccepted: number = Number.POSITIVE_INFINITY;
  /** This side has sent GOAWAY or takes no more streams. */
  leaving = false;
  /** Nothing is read any more. */
  dead = false;

  /** What leaves before all else, and what leaves next. */
  urgent = "";
  control = "";
  #flushAsked = false;

  #pings = 0;
  /** When those left that were not answered. */
  #pingTimes: Map<number, number> | undefined;

  constructor(effects: SessionEffects<Owner>, options: SessionOptions) {
    this.effects = effects;
    this.maxHeaderBytes = options.maxHeaderBytes;
    const maxWindow = window(options.maxWindow ?? DEFAULT_MAX_WINDOW);
    const initialWindow = Math.min(maxWindow, window(options.initialWindow ?? DEFAULT_STREAM_WINDOW));
    this.receiveLimits = { initialWindow, maxWindow };
    this.connectionWindow = window(options.maxConnectionWindow ?? DEFAULT_CONNECTION_WINDOW);
    this.peer = new PeerSettings(options.assumedStreams ?? DEFAULT_STREAMS);
    this.roundTrip = options.roundTrip ?? 0;
  }

  /** Whether a stream may be opened, but for the limit. */
  get accepting(): boolean {
    return !this.leaving && !this.dead && this.lastAccepted === Number.POSITIVE_INFINITY && !this.exhausted;
  }

  get exhausted(): boolean {
    return this.nextId > LAST_STREAM_ID;
  }

  flush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    this.effects.needsFlush();
  }

  flushed(): void {
    this.#flushAsked = false;
  }

  /** Never opened, by either side (RFC 9113 §5.1.1). */
  isIdle(id: number): boolean {
    return (id & 1) === 0 || id >= this.nextId;
  }

  /** Whether this side reset the stream not long ago, so that frames on it are late and no fault. */
  wasReset(id: number): boolean {
    return this.#recentResets.includes(id);
  }

  /** Whether both sides ended the stream not long ago, so that frames on it are a fault. */
  wasEnded(id: number): boolean {
    return this.#recentEnds.includes(id);
  }

  /** Both halves have ended in order. */
  complete(stream: Http2Stream<Owner>): void {
    this.#recentEnds[this.#ends++ % REMEMBERED_ENDS] = stream.id;
    this.close(stream);
  }

  /** Queues RST_STREAM. */
  reset(id: number, code: number): void {
    this.#recentResets.push(id);
    if (this.#recentResets.length > REMEMBERED_RESETS) this.#recentResets.shift();
    this.control += rstStreamFrame(id, code);
    this.flush();
  }

  /** Takes a stream out of everything; the caller says so with {@link SessionEffects.closed}. */
  remove(stream: Http2Stream<Owner>): void {
    stream.over = true;
    this.streams.delete(stream.id);
    this.unread -= stream.unread;
    stream.unread = 0;
    stream.chunks = NO_CHUNKS;
    stream.queued = 0;
  }

  /** Both halves are over. */
  close(stream: Http2Stream<Owner>): void {
    this.remove(stream);
    this.effects.closed(stream);
  }

  fail(stream: Http2Stream<Owner>, failure: StreamFailure): void {
    this.close(stream);
    this.effects.failed(stream, failure);
  }

  /** What the server did on this stream is an error of the stream (RFC 9113 §5.4.2). */
  faulty(stream: Http2Stream<Owner>, error: Http2Error): void {
    this.reset(stream.id, error.http2Code);
    this.faults.count(error.http2Code, this.now);
    // A response that was complete stays so, whatever comes after it.
    if (stream.remoteEnded) this.close(stream);
    else this.fail(stream, { error, by: "client", reach: "perhaps" });
  }

  /** Its head never left, and will not. */
  failUnsent(
    stream: Http2Stream<Owner>,
    message: string,
    code: ErrorCode = "ERR_TRUNKLINE_STREAM_REFUSED",
  ): void {
    const error = new Http2Error(code, "stream", REFUSED_STREAM, message);
    this.fail(stream, { error, by: "client", reach: "unsent" });
  }

  /** Widens the server's window of a stream as far as it is due. */
  credit(stream: Http2Stream<Owner>): void {
    const octets = takeCredit(stream, this.receiveLimits, this.now, this.roundTrip, this.pressure);
    if (octets > 0) {
      this.control += windowUpdateFrame(stream.id, octets);
      if (octets >= LARGE_FRAME_BYTES) this.#takeLargeFrames();
      this.flush();
    } else if (stream.owedSince >= 0 && !(this.pressure && stream.unread > 0)) {
      this.wakeAt = Math.min(this.wakeAt, stream.owedSince + LONGEST_OWED);
    }
  }

  /** A body of which so much was read and more is to come may come in fewer frames. */
  #takeLargeFrames(): void {
    if (this.maxFrame === LARGE_FRAME_BYTES) return;
    this.maxFrame = LARGE_FRAME_BYTES;
    this.control += settingsFrame([SETTING_MAX_FRAME_SIZE, LARGE_FRAME_BYTES]);
    this.settingsOut++;
    this.settingsSentAt = this.now;
  }

  /** Lets a stream of this side's go on if it can. */
  sendable(stream: Http2Stream<Owner>): void {
    if (this.send.add(stream) && this.send.ready) this.flush();
    if (stream.wantsWritable && stream.sendWindow > 0 && !stream.over) {
      stream.wantsWritable = false;
      this.effects.writable(stream);
    }
  }

  ping(): number {
    const number = ++this.#pings;
    this.#pingTimes ??= new Map();
    this.#pingTimes.set(number, this.now);
    this.control += pingFrame(uint32(0) + uint32(number), false);
    this.flush();
    return number;
  }

  /** The answer to a PING; undefined when none such is outstanding. */
  ponged(number: number): void {
    const times = this.#pingTimes;
    const sentAt = times?.get(number);
    if (times === undefined || sentAt === undefined) return;
    for (const earlier of times.keys()) if (earlier <= number) times.delete(earlier);
    this.measured(this.now - sentAt);
    const free = this.unsure.filter(({ ping }) => ping <= number);
    this.unsure = this.unsure.filter(({ ping }) => ping > number);
    for (const { stream } of free) this.effects.closed(stream);
  }

  /** The time of a round trip; the least one counts, since others waited for something. */
  measured(roundTrip: number): void {
    if (roundTrip > 0 && (this.roundTrip === 0 || roundTrip < this.roundTrip)) this.roundTrip = roundTrip;
  }
}

function window(octets: number): number {
  return Math.min(Math.max(octets, LEAST_WINDOW), MAX_31_BITS);
}
