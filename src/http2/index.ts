export { FrameReader, type FrameVisitor } from "./frame-reader.js";
export { CONNECTION_PREFACE } from "./frame-writer.js";
export { type FieldSink, HpackDecoder } from "./hpack-decoder.js";
export { HpackEncoder, INDEX, type Indexing, NEVER_INDEX, PLAIN } from "./hpack-encoder.js";
export { Http2Error, type Http2Scope } from "./http2-error.js";
