import { shownText, shownURL } from "../errors/index.js";
import type { Request, Response } from "../message/index.js";

/**
 * A response with a status of 400 or more, where `throwOnError` asks for such an error. Its body has not been read:
 * `await error.response.text()`, or close it.
 */
export class HTTPError extends Error {
  /** Always `HTTPError`. */
  override name = "HTTPError";
  /** The stable code of this error, listed in docs/errors.md. */
  readonly code = "ERR_TRUNKLINE_HTTP_STATUS";
  /** The response; its body is unread. Read or close it. */
  readonly response: Response;
  /** The response's status, 400 to 599. */
  readonly status: number;

  /** Clients make this error; make one yourself only in tests. The message is built from method, URL and status. */
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
