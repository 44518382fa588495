import { BodyLengthError, validateTrailers } from "../../http1/index.js";
import { createHeaders, type HeadersInit, rawHeaders } from "../../message/index.js";
import type { CloseCause } from "../../trace/index.js";
import { bodyFailed, type Exchange } from "../exchange/index.js";

/** The trailers could not be made, or may not be sent. */
class TrailersError extends Error {}

/** What follows the exchange's body. @throws TrailersError where the caller's function fails or gives what cannot be sent. */
export function trailersOf({ outgoing }: Exchange): readonly string[] | Promise<readonly string[]> {
  const { trailers } = outgoing;
  return typeof trailers === "function" ? made(trailers) : (trailers ?? []);
}

async function made(trailers: () => unknown): Promise<readonly string[]> {
  try {
    const fields = rawHeaders(createHeaders((await trailers()) as HeadersInit));
    validateTrailers(fields);
    return fields;
  } catch (cause) {
    throw new TrailersError("trailers", { cause });
  }
}

/** Why the exchange's body could not be sent whole: what ends it, and the caller's error. `sent`: bytes of it so far. */
export function uploadFailure(
  exchange: Exchange,
  error: unknown,
  sent: number,
): { cause: CloseCause; error: unknown } {
  if (error instanceof BodyLengthError) {
    const { declared, actual, more } = error;
    const atLeast = more ? "at least " : "";
    return {
      cause: broken(`the request declared ${declared} bytes, but its body had ${atLeast}${actual}`),
      error: bodyFailed(
        exchange,
        `Content-Length is ${declared} but the body has ${atLeast}${actual} bytes; omit Content-Length or make it match`,
        undefined,
        "ERR_TRUNKLINE_BODY_LENGTH",
      ),
    };
  }
  const isOfTrailers = error instanceof TrailersError;
  const cause = isOfTrailers ? error.cause : error;
  const why = cause instanceof Error ? cause.message : String(cause);
  return {
    cause: broken(
      isOfTrailers ? "the request's trailers failed" : `the request body failed after ${sent} bytes`,
    ),
    error: bodyFailed(
      exchange,
      isOfTrailers ? `its trailers cannot be sent: ${why}` : `the request body could not be read: ${why}`,
      cause,
    ),
  };
}

function broken(evidence: string): CloseCause {
  return { reason: "request-body-failed", by: "caller", evidence };
}
