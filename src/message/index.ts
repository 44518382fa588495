export { parseChallenges } from "./auth-challenge.js";
export { Body } from "./body.js";
export type { BodyFeed } from "./body-feed.js";
export { BodyReader, closedEarly } from "./body-reader.js";
export { type BodyInit, bodySource } from "./body-source.js";
export type { ByteStream } from "./body-stream.js";
export { freshChunk } from "./chunk-memory.js";
export { DigestAuth } from "./digest.js";
export { environmentURL } from "./environment.js";
export { checkFieldName } from "./field.js";
export { findInBlock } from "./field-block.js";
export { FileSink } from "./file-sink.js";
export {
  createHeaders,
  fieldValues,
  Headers,
  type HeadersInit,
  headersFromBlock,
  headersFromRaw,
  linkHeadersToPlatform,
  rawHeaders,
} from "./headers.js";
export { INSPECT, type Inspect } from "./inspect-symbol.js";
export { parseMimeType, serializeMimeType } from "./mime-type.js";
export type { FormDataLike } from "./multipart.js";
export type { WebStreamLike } from "./one-shot-source.js";
export { ownResponse } from "./own-response.js";
export { inheritFromPlatform } from "./platform.js";
export { readyBody } from "./platform-request.js";
export { type ChunkSupply, observedBody, pulledBody, sourceBody } from "./pulled-body.js";
export { appendQuery } from "./query.js";
export type { BlobLike } from "./replayable-source.js";
export {
  configureRequest,
  derivedRequest,
  ownRequest,
  plainRequest,
  Request,
  requestParts,
  requestTarget,
  spendBody,
} from "./request.js";
export {
  bodyOf,
  checkedSignal,
  continueWait,
  DEFAULT_CONTINUE_WAIT,
  normaliseMethod,
  priorityField,
  type RequestExtras,
  type RequestInit,
} from "./request-init.js";
export type { RequestCache, RequestCredentials, RequestMode } from "./request-members.js";
export {
  DEFAULT_MODES,
  REFERRER_POLICIES,
  type RedirectMode,
  type ReferrerPolicy,
  type RequestModes,
  requestMembers,
  requestModes,
} from "./request-members.js";
export {
  markRedirected,
  Response,
  replaceResponseBody,
  responseBody,
  responseFromWire,
  responseHeader,
  settleResponse,
} from "./response.js";
export type { ResponseInit, ResponseType } from "./response-facts.js";
export { realName, type SaveOptions, type SaveProgress } from "./save-body.js";
export type { BodySource } from "./source.js";
export { fetchTarget, parseTarget, parseURL, type Target } from "./target.js";
export { isForbiddenTrailer } from "./trailer-fields.js";
export type { ResponseOrigin, WireResponse } from "./wire-response.js";
