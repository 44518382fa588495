export { rejection, showCaller, tellCaller } from "./caller-frames.js";
export { codeOf, codeOrName } from "./code-of.js";
export type { ErrorCode, ProxyCode, TlsCode } from "./error-code.js";
export { http2CodeName } from "./http2-code.js";
export {
  NetworkError,
  type NetworkErrorDetails,
  type Phase,
  TimeoutError,
  type TimeoutKind,
} from "./network-error.js";
export { ProtocolError } from "./protocol-error.js";
export { shownText } from "./shown-text.js";
export { quotedURL, shownURL } from "./shown-url.js";
export { grouped, plural, seconds } from "./words.js";
