import { type ErrorCode, ProtocolError } from "../errors/index.js";
import {
  COMPRESSION_ERROR,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  HTTP_1_1_REQUIRED,
  PROTOCOL_ERROR,
} from "./frame-types.js";

/** How much an error ends: one request, or all of the connection (RFC 9113 §5.4). */
type Http2Scope = "stream" | "connection";

/** What went wrong in HTTP/2: whether it ends a stream or the connection, with which error code, in one sentence. */
export class Http2Error extends ProtocolError {
  override name = "Http2Error";
  override readonly scope: Http2Scope;
  /** The error code of RFC 9113 §7 that was sent or received. */
  readonly http2Code: number;

  constructor(code: ErrorCode, scope: Http2Scope, http2Code: number, message: string, limit = false) {
    super(code, message, limit);
    this.scope = scope;
    this.http2Code = http2Code;
  }

  override get wantsHttp1(): boolean {
    return this.http2Code === HTTP_1_1_REQUIRED;
  }
}

const PROTOCOL = "ERR_TRUNKLINE_HTTP2_PROTOCOL";

/** The server broke a rule that the connection cannot go on without. */
export function connectionError(message: string, http2Code: number = PROTOCOL_ERROR): Http2Error {
  return new Http2Error(PROTOCOL, "connection", http2Code, message);
}

/** The server agreed to HTTP/2 and answered in HTTP/1.1: it has read no request, and the next connection may offer less. */
export class SpeaksHttp1Error extends Http2Error {
  constructor(message: string) {
    super(PROTOCOL, "connection", PROTOCOL_ERROR, message);
  }

  override get wantsHttp1(): boolean {
    return true;
  }
}

/** The server broke a rule on one stream. */
export function streamError(message: string, http2Code: number = PROTOCOL_ERROR): Http2Error {
  return new Http2Error(PROTOCOL, "stream", http2Code, message);
}

/** A frame's length does not fit its type (§4.2). */
export function frameSizeError(message: string): Http2Error {
  return connectionError(message, FRAME_SIZE_ERROR);
}

/** A header block that cannot be decoded: the tables of the two ends differ from here on (RFC 7541). */
export function compressionError(what: string): Http2Error {
  return connectionError(
    `The server sent a header block that cannot be decompressed: ${what}`,
    COMPRESSION_ERROR,
  );
}

/** The server sent more than a window allows. */
export function windowError(scope: Http2Scope, message: string): Http2Error {
  return new Http2Error(PROTOCOL, scope, FLOW_CONTROL_ERROR, message);
}

/** A server that costs more than it gives. */
export function floodError(message: string): Http2Error {
  return new Http2Error("ERR_TRUNKLINE_HTTP2_FLOOD", "connection", ENHANCE_YOUR_CALM, message, true);
}

/** A response that RFC 9113 §8 calls malformed. */
export function malformed(what: string, code: ErrorCode = "ERR_TRUNKLINE_BAD_HEADER"): Http2Error {
  return new Http2Error(code, "stream", PROTOCOL_ERROR, `The response is malformed: ${what}`);
}

/** A limit of this client on one response. */
export function responseLimit(code: ErrorCode, message: string): Http2Error {
  return new Http2Error(code, "stream", ENHANCE_YOUR_CALM, message, true);
}
