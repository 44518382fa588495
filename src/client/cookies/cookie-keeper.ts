import {
  createHeaders,
  derivedRequest,
  type Request,
  requestParts,
  type Response,
  responseHeader,
} from "../../message/index.js";
import { joinCookies } from "../cookie-header.js";
import type { Send } from "../send.js";
import type { CookieJar } from "./cookie-jar.js";

/** A client's jar on the way of each exchange: cookies go along with the request, new ones are kept. */
export class CookieKeeper {
  readonly #jar: CookieJar;

  constructor(jar: CookieJar) {
    this.#jar = jar;
  }

  async send(request: Request, next: Send): Promise<Response> {
    const { target } = requestParts(request);
    const found = this.#jar.cookiesFor(target.href);
    const cookies = typeof found === "object" ? await found : found;
    const response = await next(
      cookies === undefined || cookies === "" ? request : withCookies(request, cookies),
    );
    if (responseHeader(response, "set-cookie") !== null) {
      await this.#jar.store(target.href, response.headers.getSetCookie());
    }
    return response;
  }
}

function withCookies(request: Request, cookies: string): Request {
  const headers = createHeaders(requestParts(request).headers);
  headers.set("cookie", joinCookies(headers.get("cookie"), cookies));
  return derivedRequest(request, { headers });
}
