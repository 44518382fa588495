import { type Request, type Response, requestParts } from "../../message/index.js";
import { ownMembers } from "../../runtime/index.js";
import type { Send } from "../send.js";
import type { Authenticator, AuthOptions } from "./auth-options.js";
import { authorized } from "./authorized.js";
import { BearerAuthenticator } from "./bearer.js";
import { DigestAuthenticator } from "./digest.js";

/** @throws TypeError for credentials that no header can carry; it does not show them. */
export function authenticator(given: AuthOptions): Authenticator {
  if (typeof given !== "object" || given === null) {
    throw new TypeError("Cannot use this for auth: it must be { username, password } or { bearer }");
  }
  const options = ownMembers(given);
  if ("bearer" in options) return new BearerAuthenticator(options.bearer);
  const { username, password, type = "basic" } = options;
  if (typeof username !== "string" || typeof password !== "string") {
    throw new TypeError("Cannot use this for auth: username and password must be strings");
  }
  if (/[\x00-\x1f\x7f]/.test(username + password)) {
    throw new TypeError(
      "Cannot use this for auth: username or password contain a control character, possibly a line end",
    );
  }
  if (type === "basic") return basicAuth(username, password);
  if (type === "digest") return new DigestAuthenticator(username, password);
  throw new TypeError(`Cannot use ${JSON.stringify(type)} as auth.type: it must be "basic" or "digest"`);
}

/** HTTP Basic: the credentials go out with every request, unasked. */
function basicAuth(username: string, password: string): Authenticator {
  if (username.includes(":")) {
    throw new TypeError(
      "Cannot use this username for Basic authentication: it has a colon (RFC 7617 §2); use Digest",
    );
  }
  const value = `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
  return { send: (request, next) => next(authorized(request, value)) };
}

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
