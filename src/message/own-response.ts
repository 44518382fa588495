import { Body } from "./body.js";
import type { ByteStream } from "./body-stream.js";
import { createHeaders } from "./headers.js";
import { isOwnResponse, Response, responseFromWire, SHARED_WIRE, settleResponse } from "./response.js";
import type { WireResponse } from "./wire-response.js";

/**
 * The response as one of ours. Round trippers and middleware also give the platform's, or that of another copy of this
 * package, whose insides cannot be read as ours can.
 *
 * @throws TypeError for what is not a response, and for the platform's `Response.error()`.
 */
export function ownResponse(given: Response | globalThis.Response): Response {
  if (typeof given === "object" && given !== null) {
    if (isOwnResponse(given)) return given;
    const wire = (given as { readonly [SHARED_WIRE]?: WireResponse })[SHARED_WIRE];
    if (wire !== undefined) {
      const own = responseFromWire(wire);
      own.attempts = (given as Response).attempts;
      return own;
    }
    if (typeof given.status === "number" && typeof given.headers?.get === "function")
      return ofPlatform(given);
  }
  throw new TypeError(
    "The middleware or round tripper of this client resolved with something that is not a Response",
  );
}

function ofPlatform(given: globalThis.Response): Response {
  if (given.type === "error") {
    throw new TypeError("The middleware or round tripper of this client resolved with Response.error()");
  }
  const { status, statusText, url, body } = given;
  const headers = createHeaders(given.headers);
  if (url !== "" && headers.has("content-encoding")) {
    // It comes from the platform's fetch, which has decoded the body and left the fields as they were.
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  const own = new Response(null, { status, statusText, headers });
  const stream = body as ByteStream | null;
  return settleResponse(own, stream === null ? undefined : Body.fromStream(stream), {
    url,
    type: url === "" ? "default" : "basic",
    redirected: given.redirected,
  });
}
