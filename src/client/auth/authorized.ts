import { createHeaders, derivedRequest, type Request, requestParts } from "../../message/index.js";

/** The request with this `Authorization`. */
export function authorized(request: Request, value: string): Request {
  const headers = createHeaders(requestParts(request).headers);
  headers.set("authorization", value);
  return derivedRequest(request, { headers });
}
