import {
  createHeaders,
  derivedRequest,
  type Request,
  type Response,
  requestParts,
  responseHeader,
} from "../../message/index.js";
import { joinCookies } from "../cookie-header.js";
import type { Send } from "../send.js";
import type { CookieJar } from "./cookie-jar.js";
import { ownJars } from "./open-cookie-jar.js";

/** A client's jar on the way of each exchange: cookies go along with the request, new ones are kept. */
export class CookieKeeper {
  readonly #jar: CookieJar;
  /** Whether the jar is another's code, which is to run in the async context of the call. */
  readonly foreign: boolean;

  constructor(jar: CookieJar) {
    this.#jar = jar;
    this.foreign = !ownJars.has(jar);
  }

  async send(request: Request, next: Send): Promise<Response> {
    const ready = this.prepare(request);
    const response = await next(ready instanceof Promise ? await ready : ready);
    try {
      await this.keep(request, response);
    } catch (error) {
      void response.close();
      throw error;
    }
    return response;
  }

  /** The request with its cookies; at once, where the jar answers at once. */
  prepare(request: Request): Request | Promise<Request> {
    const found = this.#jar.cookiesFor(requestParts(request).target.href);
    if (found === undefined || found === "") return request;
    return typeof found === "string"
      ? withCookies(request, found)
      : Promise.resolve(found).then((cookies) => withCookies(request, cookies));
  }

  /** Stores the cookies of a response; a promise only where the jar needs time. */
  keep(request: Request, response: Response): void | Promise<void> {
    if (responseHeader(response, "set-cookie") === null) return undefined;
    return this.#jar.store(requestParts(request).target.href, response.headers.getSetCookie());
  }
}

function withCookies(request: Request, cookies: string | undefined): Request {
  if (cookies === undefined || cookies === "") return request;
  const headers = createHeaders(requestParts(request).headers);
  headers.set("cookie", joinCookies(headers.get("cookie"), cookies));
  return derivedRequest(request, { headers });
}
