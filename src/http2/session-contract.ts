import type { Http2Error } from "./http2-error.js";
import type { ResponseHead } from "./response-head.js";
import type { Http2Stream, StreamFailure } from "./stream.js";

/** How a session behaves; all sizes in octets, all times in milliseconds. */
export interface SessionOptions {
  /** Of one response's headers, 1xx included; each field counts 32 more than its octets. */
  readonly maxHeaderBytes: number;
  /** Of one stream, at first; at least 65,535. Default 262,144, or `maxWindow` when that is less. */
  readonly initialWindow?: number;
  /** How far a stream's window may grow; at least 65,535. Default 16 MiB. */
  readonly maxWindow?: number;
  /** Of the connection; at least 65,535. Default 64 MiB. */
  readonly maxConnectionWindow?: number;
  /** Streams at once, beside the server's limit. Default none. */
  readonly maxStreams?: number;
  /** The server's limit until it says one: what was remembered of it. Default 100. */
  readonly assumedStreams?: number;
  /** The server agreed to HTTP/2 in the TLS handshake; else it is only known to the program. Default false. */
  readonly agreed?: boolean;
  /**
   * The largest DATA frame sent, unless the server takes 65,536 octets: then that. Default 16,375: with its head it fits
   * a TLS record. Without TLS all that the server takes costs less.
   */
  readonly maxDataFrame?: number;
  /** Of the connection, when known from the dial. 0, the default, until it is measured. */
  readonly roundTrip?: number;
}

/**
 * What a session asks of who drives it. Each is called after the session's state has changed, so that it may be called
 * back from within. Buffers and heads are valid during the call only.
 */
export interface SessionEffects<Owner> {
  /** There is output: call `takeOutput` at the end of this turn. Said once until it was called. */
  needsFlush(): void;
  /** A 1xx response. */
  informational(stream: Http2Stream<Owner>, head: ResponseHead): void;
  /** The final response's head. `endStream`: there is no body, and `ended` follows. */
  headers(stream: Http2Stream<Owner>, head: ResponseHead, endStream: boolean): void;
  /** A piece of the body. Each octet is to be given back with `consumed`, once whoever reads has taken it. */
  data(stream: Http2Stream<Owner>, buffer: Buffer, start: number, end: number): void;
  /** The lines of the trailer section, `name: value\r\n`; `ended` follows. */
  trailers(stream: Http2Stream<Owner>, block: string): void;
  /** The response is complete. If the request is too, `closed` came just before: its place is free already. */
  ended(stream: Http2Stream<Owner>): void;
  /** The response will not be complete. `closed` came just before. Not called for what `cancel` or `abandon` ended. */
  failed(stream: Http2Stream<Owner>, failure: StreamFailure): void;
  /** The stream counts no more. Called once for each that was opened, unless `abandon` gave it back. */
  closed(stream: Http2Stream<Owner>): void;
  /** The whole body of the request, which did not go out with its head alone, has left. */
  bodySent?(stream: Http2Stream<Owner>): void;
  /** All octets given to `send` have left and there is credit for more. */
  writable(stream: Http2Stream<Owner>): void;
  /** SETTINGS came: `peer` and `limit` may have changed. */
  settings(): void;
  /** The server takes no more streams; those above `lastStream` fail next, as `refused` or `unsent`. */
  goAway(lastStream: number, code: number, debug: string): void;
  /** The connection is of no use: call `abandon`, write what `takeOutput` gives (a GOAWAY), end the socket. */
  connectionFailed(error: Http2Error): void;
}
