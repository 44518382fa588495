import { uint32At } from "./frame-checks.js";
import type { FrameVisitor } from "./frame-reader.js";
import {
  DATA,
  FLAG_ACK,
  frameName,
  GOAWAY,
  HEADERS,
  MAX_31_BITS,
  NO_ERROR,
  PING,
  PRIORITY,
  REFUSED_STREAM,
  RST_STREAM,
  SETTINGS,
  STREAM_CLOSED,
  WINDOW_UPDATE,
} from "./frame-types.js";
import { pingFrame, SETTINGS_ACK, windowUpdateFrame } from "./frame-writer.js";
import { HpackDecoder, NO_SINK } from "./hpack-decoder.js";
import {
  connectionError,
  type Http2Error,
  malformed,
  responseLimit,
  streamError,
  windowError,
} from "./http2-error.js";
import { latin1 } from "./huffman.js";
import { MAX_DEBUG_BYTES, MAX_INFORMATIONAL } from "./limits.js";
import { goneAway, printable, resetByServer } from "./peer-endings.js";
import { ResponseHead } from "./response-head.js";
import { afterEnd, contentFault, isTunnel, mayHaveBody, shortBody } from "./response-rules.js";
import type { SessionState } from "./session-state.js";
import type { Http2Stream } from "./stream.js";

/** Thrown to leave the reader when the session was ended from within an effect. */
export const STOPPED: unique symbol = Symbol("stopped");

/** What each frame of the server's does to the session (RFC 9113 §5 and §6). */
export class Receiver<Owner> implements FrameVisitor {
  readonly #state: SessionState<Owner>;
  readonly #decoder = new HpackDecoder();
  readonly #head = new ResponseHead();
  #sawFirst = false;
  #connectionLeft: number;
  #connectionOwed = 0;
  // The DATA frame at hand; no stream when its content is for nobody.
  #target: Http2Stream<Owner> | undefined;
  #hasContent = false;
  #content = 0;

  constructor(state: SessionState<Owner>) {
    this.#state = state;
    this.#connectionLeft = state.connectionWindow;
  }

  get maxFrame(): number {
    return this.#state.maxFrame;
  }

  get dataLength(): number {
    return this.#content;
  }

  get dataStream(): Http2Stream<Owner> | undefined {
    return this.#target?.over === true ? undefined : this.#target;
  }

  frame(type: number, flags: number, stream: number, length: number, content: number): void {
    const state = this.#state;
    if (state.dead) throw STOPPED;
    state.framesReceived++;
    if (!this.#sawFirst) {
      this.#sawFirst = true;
      // A GOAWAY tells what is wrong, which is better to know than that it came first.
      if (type !== GOAWAY && (type !== SETTINGS || (flags & FLAG_ACK) !== 0)) {
        const what = type === SETTINGS ? "an acknowledgement of SETTINGS" : `a ${frameName(type)} frame`;
        throw connectionError(`The server began with ${what} instead of its SETTINGS`);
      }
    }
    if (type === DATA) this.#beginData(stream, length, content);
  }

  #beginData(id: number, length: number, content: number): void {
    const state = this.#state;
    // Whatever becomes of it, it used the connection's window and is given back at once: no reader can hold up others.
    this.#connectionLeft -= length;
    if (this.#connectionLeft < 0) {
      throw windowError("connection", "The server sent more than the connection's window allows");
    }
    this.#connectionOwed += length;
    if (this.#connectionOwed * 2 >= state.connectionWindow) {
      state.control += windowUpdateFrame(0, this.#connectionOwed);
      this.#connectionLeft += this.#connectionOwed;
      this.#connectionOwed = 0;
      state.flush();
    }
    this.#target = undefined;
    this.#hasContent = false;
    this.#content = content;
    const stream = state.streams.get(id);
    if (stream === undefined) {
      this.#notOpen(DATA, id);
      return;
    }
    if (stream.remoteEnded) {
      state.faulty(stream, afterEnd(DATA, id));
    } else if (stream.status === 0) {
      state.faulty(stream, malformed("its body came before its head"));
    } else if (length > stream.receiveLeft) {
      state.faulty(
        stream,
        windowError("stream", `The server sent more than the window of stream ${id} allows`),
      );
    } else {
      stream.receiveLeft -= length;
      const fault = contentFault(stream, content);
      if (fault === undefined) this.#target = stream;
      else state.faulty(stream, fault);
    }
  }

  data(_id: number, buffer: Buffer, start: number, end: number): void {
    const state = this.#state;
    if (state.dead) throw STOPPED;
    const octets = end - start;
    this.#hasContent = true;
    state.flood.progress();
    const stream = this.#target;
    // It may have been cancelled since the frame began.
    if (stream === undefined || stream.over) return;
    stream.unread += octets;
    state.unread += octets;
    state.effects.data(stream, buffer, start, end);
  }

  dataEnd(_id: number, endStream: boolean): void {
    const state = this.#state;
    if (state.dead) throw STOPPED;
    const stream = this.#target;
    // A frame of padding alone carries nothing either.
    if (!this.#hasContent && !endStream) state.flood.count(DATA, state.now);
    else if (!endStream) state.tinyData.count(this.#content, state.now);
    this.#target = undefined;
    if (stream === undefined || stream.over) return;
    if (endStream) this.#endOf(stream);
    else state.credit(stream);
  }

  headerBlock(id: number, buffer: Buffer, start: number, end: number, endStream: boolean): void {
    const state = this.#state;
    state.flood.progress();
    const stream = state.streams.get(id);
    if (stream === undefined || stream.remoteEnded) {
      // Whoever it is for: the tables of both ends have to stay the same.
      this.#decoder.decode(buffer, start, end, NO_SINK);
      if (stream === undefined) this.#notOpen(HEADERS, id);
      else state.faulty(stream, afterEnd(HEADERS, id));
      return;
    }
    const head = this.#head;
    const trailers = stream.status !== 0;
    head.begin(trailers, stream.headAllowance, state.maxHeaderBytes);
    this.#decoder.decode(buffer, start, end, head);
    const fault = head.finish() ?? this.#judge(stream, head, trailers, endStream);
    if (fault !== undefined) {
      state.faulty(stream, fault);
      return;
    }
    stream.headAllowance -= head.size;
    if (trailers) {
      if (head.block !== "") state.effects.trailers(stream, head.block);
      if (!stream.over) this.#endOf(stream);
    } else if (head.status < 200) {
      state.effects.informational(stream, head);
    } else {
      this.#finalHead(stream, head, endStream);
    }
    head.block = ""; // whoever wanted it has it; an idle connection must not keep it
  }

  #judge(
    stream: Http2Stream<Owner>,
    head: ResponseHead,
    trailers: boolean,
    endStream: boolean,
  ): Http2Error | undefined {
    if (trailers)
      return endStream ? undefined : malformed("it has a second head that does not end the stream");
    if (head.status >= 200) return undefined;
    if (endStream) return malformed(`it ends with the status ${head.status}`);
    if (++stream.informational <= MAX_INFORMATIONAL) return undefined;
    return responseLimit(
      "ERR_TRUNKLINE_TOO_MANY_INFORMATIONAL",
      `The server sent more than ${MAX_INFORMATIONAL} informational (1xx) responses before the final one`,
    );
  }

  #finalHead(stream: Http2Stream<Owner>, head: ResponseHead, endStream: boolean): void {
    stream.status = head.status;
    const length = head.contentLength;
    const hasBody = mayHaveBody(stream);
    if (hasBody && length >= 0 && !isTunnel(stream)) stream.bodyLeft = length;
    if (endStream && stream.bodyLeft > 0) {
      this.#state.faulty(stream, shortBody(stream.bodyLeft));
      return;
    }
    this.#state.effects.headers(stream, head, endStream);
    if (endStream && !stream.over) this.#endOf(stream);
  }

  /** The server has sent END_STREAM. */
  #endOf(stream: Http2Stream<Owner>): void {
    const state = this.#state;
    if (stream.bodyLeft > 0) {
      state.faulty(stream, shortBody(stream.bodyLeft));
      return;
    }
    stream.remoteEnded = true;
    if (stream.localEnded) state.complete(stream);
    state.effects.ended(stream);
  }

  /** A frame on a stream that is not open: never opened is one thing, closed is another. */
  #notOpen(type: number, id: number): void {
    const state = this.#state;
    if (state.isIdle(id)) {
      throw connectionError(
        `The server sent a ${frameName(type)} frame on stream ${id}, which was never opened`,
      );
    }
    if (state.wasReset(id)) return;
    // Whoever sends on after the end has lost count. Of streams that are long gone nothing is known, so that late frames
    // of a slow server never cost the connection.
    if (state.wasEnded(id)) throw connectionError(afterEnd(type, id).message, STREAM_CLOSED);
    state.reset(id, STREAM_CLOSED);
    state.faults.count(STREAM_CLOSED, state.now);
  }

  rstStream(id: number, code: number): void {
    const state = this.#state;
    state.flood.count(RST_STREAM, state.now);
    const stream = state.streams.get(id);
    if (stream === undefined) {
      if (state.isIdle(id)) {
        throw connectionError(`The server reset stream ${id}, which was never opened`);
      }
      return;
    }
    // After a complete response it only says that the rest of the request is not wanted.
    if (stream.remoteEnded) {
      state.close(stream);
      return;
    }
    const refused = code === REFUSED_STREAM && stream.status === 0;
    state.fail(stream, {
      error: resetByServer(id, code, stream.status),
      by: "server",
      reach: refused ? "refused" : "perhaps",
    });
  }

  settings(buffer: Buffer, start: number, count: number): void {
    const state = this.#state;
    const { peer } = state;
    state.flood.count(SETTINGS, state.now);
    const windowBefore = peer.initialWindowSize;
    peer.apply(buffer, start, count);
    state.encoder.limit(peer.headerTableSize);
    const difference = peer.initialWindowSize - windowBefore;
    state.urgent += SETTINGS_ACK;
    state.flush();
    if (difference !== 0) this.#resizeWindows(difference);
    state.effects.settings();
  }

  /** The windows of all open streams move with the initial one, below 0 if need be (RFC 9113 §6.9.2). */
  #resizeWindows(difference: number): void {
    const streams = [...this.#state.streams.values()];
    for (const stream of streams) {
      stream.sendWindow += difference;
      if (stream.sendWindow > MAX_31_BITS) {
        throw windowError(
          "connection",
          `The server's SETTINGS make the window of stream ${stream.id} too large`,
        );
      }
    }
    if (difference > 0) for (const stream of streams) this.#state.sendable(stream);
  }

  settingsAck(): void {
    const state = this.#state;
    state.flood.count(SETTINGS, state.now);
    if (state.settingsOut === 0) {
      throw connectionError("The server acknowledged SETTINGS that this client did not send");
    }
    state.settingsOut--;
    state.measured(state.now - state.settingsSentAt);
  }

  ping(buffer: Buffer, start: number, ack: boolean): void {
    const state = this.#state;
    state.flood.count(PING, state.now);
    if (!ack) {
      state.urgent += pingFrame(latin1(buffer, start, start + 8), true);
      state.flush();
    } else if (uint32At(buffer, start) === 0) {
      state.ponged(uint32At(buffer, start + 4));
    }
  }

  goAway(lastStream: number, code: number, buffer: Buffer, from: number, to: number): void {
    const state = this.#state;
    state.flood.count(GOAWAY, state.now);
    // It must not grow; of two the smaller is the one to be sure of.
    const last = Math.min(lastStream, state.lastAccepted);
    state.lastAccepted = last;
    const debug = printable(latin1(buffer, from, Math.min(to, from + MAX_DEBUG_BYTES)));
    const pending = state.pending.filter((stream) => !stream.over);
    state.pending = [];
    const spared = [...state.streams.values()].filter((stream) => stream.id > last);
    state.effects.goAway(last, code, debug);
    const reach = last > 0 && code === NO_ERROR ? "spared" : "refused";
    for (const stream of spared) {
      if (stream.over) continue;
      if (stream.remoteEnded) state.close(stream);
      else state.fail(stream, { error: goneAway(last, code, debug), by: "server", reach });
    }
    for (const stream of pending) {
      if (!stream.over)
        state.fail(stream, { error: goneAway(last, code, debug), by: "server", reach: "unsent" });
    }
  }

  windowUpdate(id: number, increment: number): void {
    const state = this.#state;
    state.flood.count(WINDOW_UPDATE, state.now);
    if (id === 0) {
      if (increment === 0)
        throw connectionError("The server sent a WINDOW_UPDATE of 0 bytes for the connection");
      state.send.window += increment;
      if (state.send.window > MAX_31_BITS) {
        throw windowError("connection", "The server's WINDOW_UPDATE makes the connection's window too large");
      }
      state.send.wake();
      if (state.send.ready) state.flush();
      return;
    }
    const stream = state.streams.get(id);
    if (stream === undefined) {
      if (state.isIdle(id)) {
        throw connectionError(`The server sent a WINDOW_UPDATE on stream ${id}, which was never opened`);
      }
      return;
    }
    if (increment === 0) {
      state.faulty(stream, streamError(`The server sent a WINDOW_UPDATE of 0 bytes on stream ${id}`));
    } else if (stream.sendWindow + increment > MAX_31_BITS) {
      state.faulty(
        stream,
        windowError("stream", `The server's WINDOW_UPDATE makes the window of stream ${id} too large`),
      );
    } else {
      stream.sendWindow += increment;
      state.sendable(stream);
    }
  }

  ignored(type: number, _id: number): void {
    this.#state.flood.count(type, this.#state.now);
  }

  streamFault(id: number, error: Http2Error): void {
    const state = this.#state;
    state.flood.count(PRIORITY, state.now);
    const stream = state.streams.get(id);
    if (stream !== undefined) state.faulty(stream, error);
    else if (state.isIdle(id)) throw connectionError(error.message, error.http2Code);
    else if (!state.wasReset(id)) state.reset(id, error.http2Code);
  }
}
