export { FrameReader, type FrameVisitor } from "./frame-reader.js";
export {
  CANCEL,
  ENHANCE_YOUR_CALM,
  frameName,
  NO_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
} from "./frame-types.js";
export {
  dataHeader,
  frameHeader,
  goAwayFrame,
  headersFrames,
  pingFrame,
  rstStreamFrame,
  SETTINGS_ACK,
  settingsFrame,
  windowUpdateFrame,
} from "./frame-writer.js";
export { HpackDecoder } from "./hpack-decoder.js";
export { HpackEncoder, INDEX, NEVER_INDEX, PLAIN } from "./hpack-encoder.js";
export { Http2Error } from "./http2-error.js";
export type { OutputChunk } from "./output.js";
export type { Http2RequestHead } from "./request-head.js";
export type { ResponseHead } from "./response-head.js";
export { Http2Session } from "./session.js";
export type { SessionEffects, SessionOptions } from "./session-contract.js";
export type { Http2Stream, StreamFailure } from "./stream.js";
