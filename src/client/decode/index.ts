export { ACCEPT_ENCODING } from "./codings.js";
export {
  type DecodeLimits,
  type DecompressOptions,
  decodeLimits,
  decodeResponse,
} from "./decode-response.js";
