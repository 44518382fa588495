import { isForbiddenTrailer } from "../message/index.js";
import { isFieldValue, isToken } from "./request-validation.js";

/** What follows the data of each chunk. */
export const CHUNK_END = "\r\n";

/**
 * The line before a chunk's data. `length` is in bytes and at least 1: a chunk of none ends the body, so an empty
 * piece of a stream must not be written at all.
 */
export function chunkHeader(length: number): string {
  return `${length.toString(16)}\r\n`;
}

/**
 * Ends a chunked body with trailer fields (name, value, …) in this order and case, or with none.
 *
 * @throws TypeError that names the offending field: a name that is not a token, a value with CR, LF, NUL or another
 * control byte, or a field that may only stand in a head (RFC 9110 §6.5.1).
 */
export function encodeTrailers(trailers: readonly string[]): string {
  validateTrailers(trailers);
  let section = "0\r\n";
  for (let i = 0; i < trailers.length; i += 2) section += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
  return `${section}\r\n`;
}

/** Checks what {@link encodeTrailers} would be given, where that is known before the request is sent. */
export function validateTrailers(trailers: readonly string[]): void {
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i] as string;
    const value = trailers[i + 1];
    if (!isToken(name))
      throw new TypeError(`The trailer name ${JSON.stringify(name)} is not a valid HTTP token`);
    if (isForbiddenTrailer(name))
      throw new TypeError(`The field ${name} cannot be a trailer; send it as a header`);
    if (typeof value !== "string" || !isFieldValue(value)) {
      throw new TypeError(
        `The value of the trailer ${name} contains a control character (such as CR, LF or NUL) or a character outside Latin-1`,
      );
    }
  }
}
