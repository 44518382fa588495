export { ACCEPT_ENCODING } from "./codings.js";
export { type DecodeLimits, decodeResponse, type DecompressOptions } from "./decode-response.js";
