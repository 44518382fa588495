export { type Challenge, parseChallenges } from "./auth-challenge.js";
export { type BodyFeed, BodyReader } from "./body-reader.js";
export { type BodyInit, type BodySource, bodySource } from "./body-source.js";
export { DigestAuth, type DigestCredentials } from "./digest.js";
export {
  createHeaders,
  Headers,
  type HeadersInit,
  headersFromBlock,
  headersFromRaw,
  linkHeadersToPlatform,
  rawHeaders,
} from "./headers.js";
export { feedFromIterator } from "./iterator-feed.js";
export { inheritFromPlatform } from "./platform.js";
export { appendQuery } from "./query.js";
export {
  bodyOf,
  configureRequest,
  continueWait,
  derivedRequest,
  normaliseMethod,
  plainRequest,
  type RedirectMode,
  Request,
  type RequestChanges,
  type RequestInit,
  type RequestParts,
  requestParts,
} from "./request.js";
export {
  Response,
  type ResponseInit,
  type ResponseOrigin,
  replaceResponseBody,
  responseBody,
  responseFromWire,
  responseHeader,
  type WireResponse,
} from "./response.js";
export { parseTarget, parseURL, type Target } from "./target.js";
