import {
  lengthAt,
  lengthText,
  needsConnection,
  needsLength,
  needsStream,
  paddingTooLong,
  uint31,
  uint32At,
  wrongLength,
} from "./frame-checks.js";
import {
  CONTINUATION,
  DATA,
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FLAG_PADDED,
  FLAG_PRIORITY,
  FRAME_HEADER_BYTES,
  FRAME_SIZE_ERROR,
  frameName,
  GOAWAY,
  HEADERS,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frame-types.js";
import { connectionError, floodError, frameSizeError, type Http2Error, streamError } from "./http2-error.js";

/** What a {@link FrameReader} makes of the octets. Buffers are the caller's and valid during the call only. */
export interface FrameVisitor {
  /** The longest frame that is taken, in octets without its header. */
  readonly maxFrame: number;
  /**
   * The 9 octets of a frame have arrived; called before anything else of it, and once. `content` is the length without
   * padding of DATA, else the length.
   */
  frame(type: number, flags: number, stream: number, length: number, content: number): void;
  /** A piece of a DATA frame's content, as it arrives. */
  data(stream: number, buffer: Buffer, start: number, end: number): void;
  /** A DATA frame is over. */
  dataEnd(stream: number, endStream: boolean): void;
  /** A whole header block, from all its frames. */
  headerBlock(stream: number, buffer: Buffer, start: number, end: number, endStream: boolean): void;
  rstStream(stream: number, code: number): void;
  /** `count` settings of 6 octets each. */
  settings(buffer: Buffer, start: number, count: number): void;
  settingsAck(): void;
  ping(buffer: Buffer, start: number, ack: boolean): void;
  goAway(lastStream: number, code: number, buffer: Buffer, debugStart: number, debugEnd: number): void;
  windowUpdate(stream: number, increment: number): void;
  /** A frame that is read and means nothing here: PRIORITY, or one of an unknown type. */
  ignored(type: number, stream: number): void;
  /** A frame breaks a rule in a way that ends its stream alone. */
  streamFault(stream: number, error: Http2Error): void;
}

const MAX_CONTINUATIONS = 8;
const FIRST_BLOCK_BYTES = 4_096;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts the octets of a connection into frames (RFC 9113 §4) and checks what a frame alone can tell: its length, its
 * stream, its padding, in this order. Frames are read where they lie; only one that a read cuts is copied, and
 * DATA not even then.
 */
export class FrameReader {
  readonly #visitor: FrameVisitor;
  readonly #maxBlock: number;
  /** The beginning of a frame whose rest has not arrived; of a DATA frame only up to its content. */
  #carry: Buffer = NOTHING;
  #carried = 0;
  // The DATA frame whose content is arriving.
  #dataStream = 0;
  #dataLeft = 0;
  #dataPadding = 0;
  #dataFlags = 0;
  #inData = false;
  // The header block that is not complete.
  #blockStream = 0;
  #block: Buffer = NOTHING;
  #blockLength = 0;
  #blockEndsStream = false;
  #continuations = 0;

  /** `maxBlock` bounds one header block, in octets as they arrive. */
  constructor(visitor: FrameVisitor, maxBlock: number) {
    this.#visitor = visitor;
    this.#maxBlock = maxBlock;
  }

  /** Whether the octets so far end inside a frame or a header block. */
  get inside(): boolean {
    return this.#carried > 0 || this.#inData || this.#blockStream !== 0;
  }

  /** Octets of a DATA frame's content that have not arrived. */
  get dataLeft(): number {
    return this.#dataLeft;
  }

  /**
   * Takes `buffer[start, end)`.
   * @throws Http2Error of the connection; the reader is of no use after that.
   */
  read(buffer: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#inData) {
        at = this.#takeData(buffer, at, end);
        continue;
      }
      if (this.#carried > 0) {
        at = this.#fill(buffer, at, end);
        continue;
      }
      const next = this.#takeFrame(buffer, at, end);
      if (next < 0) {
        this.#keep(buffer, at, end);
        return;
      }
      at = next;
    }
  }

  /** Takes the frame at `at`, or returns -1 when more of it is needed. */
  #takeFrame(buffer: Buffer, at: number, end: number): number {
    const needed = this.#neededFor(buffer, at, end);
    if (end - at < needed) return -1;
    if (buffer[at + 3] === DATA) return this.#startData(buffer, at);
    this.#dispatch(buffer, at);
    return at + needed;
  }

  /** How many octets must be there to take the frame at `at`: all of it, or a DATA frame's up to its content. */
  #neededFor(buffer: Buffer, at: number, end: number): number {
    if (end - at < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES;
    const type = buffer[at + 3] as number;
    const length = lengthAt(buffer, at);
    // From the 9 octets alone: what is refused is not waited for.
    if (length > this.#visitor.maxFrame) {
      throw frameSizeError(
        `The server sent a ${frameName(type)} frame of ${length} bytes; this client accepts at most ${this.#visitor.maxFrame}`,
      );
    }
    if (type === DATA) {
      return FRAME_HEADER_BYTES + (((buffer[at + 4] as number) & FLAG_PADDED) !== 0 && length > 0 ? 1 : 0);
    }
    return FRAME_HEADER_BYTES + length;
  }

  #keep(buffer: Buffer, at: number, end: number): void {
    const length = end - at;
    const needed = this.#neededFor(buffer, at, end);
    if (this.#carry.length < needed) this.#carry = Buffer.allocUnsafeSlow(needed);
    buffer.copy(this.#carry, 0, at, end);
    this.#carried = length;
  }

  /** Adds to a frame that was cut, and takes it when it is whole. */
  #fill(buffer: Buffer, start: number, end: number): number {
    let at = start;
    for (;;) {
      const needed = this.#neededFor(this.#carry, 0, this.#carried);
      if (this.#carry.length < needed) {
        const larger = Buffer.allocUnsafeSlow(needed);
        this.#carry.copy(larger, 0, 0, this.#carried);
        this.#carry = larger;
      }
      const take = Math.min(needed - this.#carried, end - at);
      buffer.copy(this.#carry, this.#carried, at, at + take);
      this.#carried += take;
      at += take;
      if (this.#carried < needed) return at;
      if (this.#neededFor(this.#carry, 0, this.#carried) === needed) break;
    }
    const carry = this.#carry;
    const carried = this.#carried;
    // Let go before the visitor runs: it may keep nothing, and an idle connection holds no memory.
    this.#carry = NOTHING;
    this.#carried = 0;
    this.#takeFrame(carry, 0, carried);
    return at;
  }

  #startData(buffer: Buffer, at: number): number {
    const length = lengthAt(buffer, at);
    const flags = buffer[at + 4] as number;
    const stream = uint31(buffer, at + 5);
    this.#expectNoBlock(DATA, stream);
    needsStream(DATA, stream);
    let padding = 0;
    let head = FRAME_HEADER_BYTES;
    if ((flags & FLAG_PADDED) !== 0) {
      if (length === 0) throw paddingTooLong(DATA);
      padding = buffer[at + FRAME_HEADER_BYTES] as number;
      if (padding >= length) throw paddingTooLong(DATA);
      head++;
    }
    const content = length - (head - FRAME_HEADER_BYTES) - padding;
    this.#visitor.frame(DATA, flags, stream, length, content);
    this.#dataStream = stream;
    this.#dataFlags = flags;
    this.#dataPadding = padding;
    this.#dataLeft = content;
    this.#inData = true;
    if (this.#dataLeft === 0 && padding === 0) this.#endData();
    return at + head;
  }

  #takeData(buffer: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#dataLeft > 0) {
      const stop = Math.min(end, at + this.#dataLeft);
      this.#dataLeft -= stop - at;
      this.#visitor.data(this.#dataStream, buffer, at, stop);
      at = stop;
      if (this.#dataLeft > 0) return at;
    }
    const skipped = Math.min(end - at, this.#dataPadding);
    this.#dataPadding -= skipped;
    if (this.#dataPadding === 0) this.#endData();
    return at + skipped;
  }

  #endData(): void {
    this.#inData = false;
    this.#visitor.dataEnd(this.#dataStream, (this.#dataFlags & FLAG_END_STREAM) !== 0);
  }

  #dispatch(buffer: Buffer, at: number): void {
    const length = lengthAt(buffer, at);
    const type = buffer[at + 3] as number;
    const flags = buffer[at + 4] as number;
    const stream = uint31(buffer, at + 5);
    const from = at + FRAME_HEADER_BYTES;
    const visitor = this.#visitor;
    if (type === CONTINUATION) {
      this.#continuation(buffer, from, length, flags, stream);
      return;
    }
    this.#expectNoBlock(type, stream);
    switch (type) {
      case HEADERS:
        this.#headers(buffer, from, length, flags, stream);
        break;
      case PRIORITY:
        needsStream(type, stream);
        visitor.frame(type, flags, stream, length, length);
        if (length === 5) visitor.ignored(type, stream);
        else visitor.streamFault(stream, streamError(lengthText(type, length, "5"), FRAME_SIZE_ERROR));
        break;
      case RST_STREAM:
        needsLength(type, length, 4);
        needsStream(type, stream);
        visitor.frame(type, flags, stream, length, length);
        visitor.rstStream(stream, uint32At(buffer, from));
        break;
      case SETTINGS:
        this.#settings(buffer, from, length, flags, stream);
        break;
      case PUSH_PROMISE:
        throw connectionError("The server sent a PUSH_PROMISE, but this client has disabled server push");
      case PING:
        needsLength(type, length, 8);
        needsConnection(type, stream);
        visitor.frame(type, flags, stream, length, length);
        visitor.ping(buffer, from, (flags & FLAG_ACK) !== 0);
        break;
      case GOAWAY:
        if (length < 8) throw wrongLength(type, length, "at least 8");
        needsConnection(type, stream);
        visitor.frame(type, flags, stream, length, length);
        visitor.goAway(uint31(buffer, from), uint32At(buffer, from + 4), buffer, from + 8, from + length);
        break;
      case WINDOW_UPDATE:
        needsLength(type, length, 4);
        visitor.frame(type, flags, stream, length, length);
        visitor.windowUpdate(stream, uint31(buffer, from));
        break;
      default:
        visitor.frame(type, flags, stream, length, length);
        visitor.ignored(type, stream);
    }
  }

  #headers(buffer: Buffer, start: number, length: number, flags: number, stream: number): void {
    const padded = (flags & FLAG_PADDED) !== 0;
    const skipped = (padded ? 1 : 0) + ((flags & FLAG_PRIORITY) !== 0 ? 5 : 0);
    if (length < skipped) throw wrongLength(HEADERS, length, `at least ${skipped}`);
    needsStream(HEADERS, stream);
    const padding = padded ? (buffer[start] as number) : 0;
    if (padding > length - skipped) throw paddingTooLong(HEADERS);
    const from = start + skipped;
    const to = start + length - padding;
    const endStream = (flags & FLAG_END_STREAM) !== 0;
    this.#visitor.frame(HEADERS, flags, stream, length, length);
    if ((flags & FLAG_END_HEADERS) !== 0) {
      this.#visitor.headerBlock(stream, buffer, from, to, endStream);
      return;
    }
    this.#blockStream = stream;
    this.#blockEndsStream = endStream;
    this.#blockLength = 0;
    this.#continuations = 0;
    this.#append(buffer, from, to);
  }

  #continuation(buffer: Buffer, from: number, length: number, flags: number, stream: number): void {
    needsStream(CONTINUATION, stream);
    if (this.#blockStream !== stream) {
      throw connectionError(
        `The server sent a CONTINUATION on stream ${stream}, which has no open header block`,
      );
    }
    this.#visitor.frame(CONTINUATION, flags, stream, length, length);
    if (++this.#continuations > MAX_CONTINUATIONS) {
      throw floodError(
        `The server sent a header block in more than ${MAX_CONTINUATIONS + 1} frames on stream ${stream}`,
      );
    }
    this.#append(buffer, from, from + length);
    if ((flags & FLAG_END_HEADERS) === 0) return;
    const block = this.#block;
    this.#block = NOTHING;
    this.#blockStream = 0;
    this.#visitor.headerBlock(stream, block, 0, this.#blockLength, this.#blockEndsStream);
  }

  #append(buffer: Buffer, from: number, to: number): void {
    const length = this.#blockLength + to - from;
    if (length > this.#maxBlock) {
      throw floodError(
        `The server sent a header block of more than ${this.#maxBlock} bytes on stream ${this.#blockStream}`,
      );
    }
    if (this.#block.length < length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BLOCK_BYTES, length * 2));
      this.#block.copy(larger, 0, 0, this.#blockLength);
      this.#block = larger;
    }
    buffer.copy(this.#block, this.#blockLength, from, to);
    this.#blockLength = length;
  }

  #settings(buffer: Buffer, from: number, length: number, flags: number, stream: number): void {
    const ack = (flags & FLAG_ACK) !== 0;
    if (ack ? length !== 0 : length % 6 !== 0) {
      throw wrongLength(SETTINGS, length, ack ? "0 in an acknowledgement" : "a multiple of 6");
    }
    needsConnection(SETTINGS, stream);
    this.#visitor.frame(SETTINGS, flags, stream, length, length);
    if (ack) this.#visitor.settingsAck();
    else this.#visitor.settings(buffer, from, length / 6);
  }

  /** Nothing may come between the frames of a header block (§4.3). */
  #expectNoBlock(type: number, stream: number): void {
    if (this.#blockStream === 0) return;
    throw connectionError(
      `The server sent a ${frameName(type)} frame on stream ${stream} inside the header block of stream ${this.#blockStream}`,
    );
  }
}
