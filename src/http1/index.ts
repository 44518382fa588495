export { BODY_CHUNKED, BODY_LENGTH, BODY_NONE, BODY_UNTIL_CLOSE, BodyDecoder } from "./body-decoder.js";
export { validateTrailers } from "./chunk-writer.js";
export { BodyLengthError, EncodedRequest, type RequestWriter } from "./encoded-request.js";
export { ResponseHeadParser, reasonPhrase } from "./head-parser.js";
export {
  DEFAULT_MAX_HEAD_BYTES,
  MAX_CHUNK_EXTENSION_BYTES,
  MAX_CHUNK_SIZE_DIGITS,
  MAX_HEADER_COUNT,
  MAX_INFORMATIONAL,
  MAX_TRAILER_BYTES,
} from "./limits.js";
export {
  type BodyFacts,
  CHUNKED_BODY,
  expectsBody,
  frameRequest,
  NO_BODY,
  type RequestFraming,
} from "./request-framing.js";
export { type RequestHeaderFacts, validateMethod, validateRequestHeaders } from "./request-validation.js";
export { encodeRequestHead, type RequestHead } from "./request-writer.js";
