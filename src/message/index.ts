export { type Challenge, parseChallenges } from "./auth-challenge.js";
export { type BodyFeed, BodyReader } from "./body-reader.js";
export { type BodyInit, type BodySource, bodySource } from "./body-source.js";
export { DigestAuth, type DigestCredentials } from "./digest.js";
export { checkFieldName } from "./field.js";
export { findInBlock } from "./field-block.js";
export {
  createHeaders,
  Headers,
  type HeadersInit,
  headersFromBlock,
  headersFromRaw,
  linkHeadersToPlatform,
  rawHeaders,
} from "./headers.js";
export { INSPECT } from "./inspect-symbol.js";
export { feedFromIterator } from "./iterator-feed.js";
export { ownResponse } from "./own-response.js";
export { inheritFromPlatform } from "./platform.js";
export { appendQuery } from "./query.js";
export {
  configureRequest,
  derivedRequest,
  ownRequest,
  plainRequest,
  Request,
  type RequestChanges,
  type RequestParts,
  requestParts,
} from "./request.js";
export {
  bodyOf,
  continueWait,
  normaliseMethod,
  type RedirectMode,
  type RequestInit,
  signalOf,
} from "./request-init.js";
export {
  Response,
  type ResponseInit,
  replaceResponseBody,
  responseBody,
  responseFromWire,
  responseHeader,
} from "./response.js";
export { parseTarget, parseURL, type Target } from "./target.js";
export { isForbiddenTrailer } from "./trailer-fields.js";
export type { ResponseOrigin, WireResponse } from "./wire-response.js";
