export { ACCEPT_ENCODING } from "./codings.js";
export type { DecodeLimits } from "./decode-limits.js";
export { type DecompressOptions, decodeLimits, decodeResponse } from "./decode-response.js";
