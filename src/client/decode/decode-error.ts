import type { NetworkError } from "../../errors/index.js";
import type { Request } from "../../message/index.js";
import { callError } from "../call-error.js";

export const ERR_DECODE = "ERR_TRUNKLINE_CONTENT_ENCODING";

/** What zlib says of a stream that ends too early. */
const CUT_SHORT = /unexpected end/i;

/** The coded body is broken, or ends before its end. */
export function brokenCoding(request: Request, coding: string, cause: unknown): NetworkError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const what = CUT_SHORT.test(why) ? "is cut short" : `is corrupt (${why})`;
  return callError(
    request,
    ERR_DECODE,
    `the ${coding} body ${what}; what was read so far cannot be trusted`,
    "body",
    cause,
  );
}

/** The body grew beyond a limit. */
export function tooLarge(request: Request, coding: string, limit: string): NetworkError {
  return callError(
    request,
    "ERR_TRUNKLINE_DECODED_SIZE",
    `the ${coding} body decodes to more than ${limit}; raise this limit if you trust the server`,
    "body",
  );
}
