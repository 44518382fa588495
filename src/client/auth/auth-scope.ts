import { type Request, type Response, requestParts } from "../../message/index.js";
import type { Send } from "../send.js";
import type { Authenticator } from "./auth-options.js";

/** Credentials and the only origins they are for. */
export class AuthScope {
  readonly #authenticator: Authenticator;
  readonly #origins: ReadonlySet<string>;

  constructor(authenticator: Authenticator, origins: ReadonlySet<string>) {
    this.#authenticator = authenticator;
    this.#origins = origins;
  }

  /** Whether the request goes to one of the origins. */
  covers(request: Request): boolean {
    return this.#origins.has(requestParts(request).target.origin);
  }

  /** Credentials of the request's own, in its headers or its URL, win. */
  send(request: Request, next: Send): Promise<Response> {
    const { target, headers } = requestParts(request);
    if (
      !this.covers(request) ||
      target.authorization !== undefined ||
      headers?.has("authorization") === true
    ) {
      return next(request);
    }
    return this.#authenticator.send(request, next);
  }
}
