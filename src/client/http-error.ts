import { NetworkError, shownText, shownURL } from "../errors/index.js";
import type { Request, Response } from "../message/index.js";

/**
 * The rejection of a call with `throwOnError` when the response's status is 400 or more. The body has not been read:
 * use `await error.response.text()`, or close it.
 */
export class HTTPError extends Error {
  /** Always `HTTPError`. */
  override name = "HTTPError";
  /** The stable code of this error, listed in docs/errors.md. */
  readonly code = "ERR_TRUNKLINE_HTTP_STATUS";
  /** The response. Its body is unread: read or close it. */
  readonly response: Response;
  /** The response's status, 400 or more. */
  readonly status: number;

  /** Clients make this error; you need the constructor only in tests. The message names method, URL and status. */
  constructor(method: string, response: Response, url: string) {
    const phrase = response.statusText === "" ? "" : ` ${shownText(response.statusText)}`;
    super(
      `${method} ${shownURL(url)} failed with status ${response.status}${phrase}; error.response has the headers and the body`,
    );
    this.response = response;
    this.status = response.status;
  }
}

/** Whether a call of this package failed with it, rather than a function of the caller's. */
export function isCallError(error: unknown): boolean {
  return error instanceof NetworkError || error instanceof HTTPError;
}

export function throwIfError(request: Request, response: Response): Response {
  if (response.status < 400) return response;
  throw new HTTPError(request.method, response, response.url === "" ? request.url : response.url);
}
