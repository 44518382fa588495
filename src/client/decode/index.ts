export { ACCEPT_ENCODING } from "./codings.js";
export { type DecodeLimits, type DecompressOptions, decodeResponse } from "./decode-response.js";
