import { shownText, shownURL } from "../errors/index.js";
import type { Request, Response } from "../message/index.js";

/**
 * A response with a status of 400 or more, where `throwOnError` asks for such an error. Its body has not been read:
 * `await error.response.text()`, or close it.
 */
export class HTTPError extends Error {
  override name = "HTTPError";
  readonly code = "ERR_TRUNKLINE_HTTP_STATUS";
  readonly response: Response;
  readonly status: number;

  constructor(method: string, response: Response, url: string) {
    const phrase = response.statusText === "" ? "" : ` ${shownText(response.statusText)}`;
    super(
      `${method} ${shownURL(url)} failed with status ${response.status}${phrase}; error.response has the headers and the body`,
    );
    this.response = response;
    this.status = response.status;
  }
}

export function throwIfError(request: Request, response: Response): Response {
  if (response.status < 400) return response;
  throw new HTTPError(request.method, response, response.url === "" ? request.url : response.url);
}
