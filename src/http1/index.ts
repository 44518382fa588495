export { BODY_CHUNKED, BODY_LENGTH, BODY_NONE, BODY_UNTIL_CLOSE, BodyDecoder } from "./body-decoder.js";
export { validateTrailers } from "./chunk-writer.js";
export { BodyLengthError, EncodedRequest, type RequestWriter } from "./encoded-request.js";
export { HeadParsers, ResponseHeadParser, reasonPhrase } from "./head-parser.js";
export { DEFAULT_MAX_HEAD_BYTES } from "./limits.js";
export { expectsBody, frameRequest, NO_BODY, type RequestFraming } from "./request-framing.js";
export { validateMethod, validateRequestHeaders } from "./request-validation.js";
export { encodeRequestHead } from "./request-writer.js";
