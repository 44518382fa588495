import type { NetworkError } from "../errors/index.js";
import {
  observedBody,
  type Request,
  type Response,
  replaceResponseBody,
  responseBody,
  responseHeader,
} from "../message/index.js";
import { callError } from "./call-error.js";
import { decodeResponse } from "./decode/index.js";
import type { Policy } from "./policy.js";
import { report } from "./progress.js";

/**
 * What the policy does to the body of the call's last response: counts it as it comes, decodes it, limits it.
 *
 * @throws NetworkError when the response says that it is longer than the limit.
 */
export function deliver(policy: Policy, request: Request, response: Response): Response {
  if (policy.onProgress !== undefined) countDown(policy.onProgress, response);
  if (policy.decompress !== undefined) decodeResponse(response, request, policy.decompress);
  if (policy.maxResponseBytes !== Number.POSITIVE_INFINITY) limit(policy.maxResponseBytes, request, response);
  return response;
}

function countDown(listener: NonNullable<Policy["onProgress"]>, response: Response): void {
  const raw = responseBody(response);
  if (raw === null) return;
  const total = announcedLength(response);
  let bytes = 0;
  replaceResponseBody(
    response,
    observedBody(raw, (more) => {
      bytes += more;
      report(listener, "down", bytes, total);
    }),
  );
}

function limit(most: number, request: Request, response: Response): void {
  const raw = responseBody(response);
  if (raw === null) return;
  const announced =
    responseHeader(response, "content-encoding") === null ? announcedLength(response) : undefined;
  if ((announced ?? 0) > most) {
    const error = tooLong(request, most, `is ${announced} bytes long`);
    void raw.cancel(error);
    throw error;
  }
  let bytes = 0;
  replaceResponseBody(
    response,
    observedBody(raw, (more) => {
      bytes += more;
      if (bytes > most) throw tooLong(request, most, "is longer");
    }),
  );
}

function tooLong(request: Request, most: number, what: string): NetworkError {
  return callError(
    request,
    "ERR_TRUNKLINE_RESPONSE_TOO_LARGE",
    `the response body ${what}, and maxResponseBytes is ${most}`,
    "body",
  );
}

function announcedLength(response: Response): number | undefined {
  const value = responseHeader(response, "content-length");
  return value === null || !/^\d+$/.test(value) ? undefined : Number(value);
}
