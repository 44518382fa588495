import type { Request, Response } from "../../message/index.js";
import { ownMembers } from "../../runtime/index.js";
import type { Send } from "../send.js";
import { basicAuth } from "./basic.js";
import { BearerAuthenticator } from "./bearer.js";
import { DigestAuthenticator } from "./digest.js";

/** A name and a password, for HTTP Basic (RFC 7617) or Digest (RFC 7616). */
export interface PasswordAuth {
  username: string;
  password: string;
  /** Default `"basic"`. `"digest"` never sends the password, also where a server asks for Basic. */
  type?: "basic" | "digest";
}

/** A bearer token (RFC 6750), or a function that gets one. */
export interface BearerAuth {
  /**
   * The function is called when a token is needed and its answer is kept; a 401 makes it be called once more, once for
   * all the calls that wait.
   */
  bearer: string | (() => string | Promise<string>);
}

/** Credentials of a client or a call: user and password (Basic, Digest), or a token. */
export type AuthOptions = PasswordAuth | BearerAuth;

/** Sends requests with credentials, and answers challenges. */
export interface Authenticator {
  send(request: Request, next: Send): Promise<Response>;
}

/** @throws TypeError for credentials that no header can carry; it does not show them. */
export function authenticator(given: AuthOptions): Authenticator {
  if (typeof given !== "object" || given === null) {
    throw new TypeError("Cannot use this for auth as it must be { username, password } or { bearer }");
  }
  const options = ownMembers(given);
  if ("bearer" in options) return new BearerAuthenticator(options.bearer);
  const { username, password, type = "basic" } = options;
  if (typeof username !== "string" || typeof password !== "string") {
    throw new TypeError("Cannot use this for auth as username and password must be strings");
  }
  if (/[\x00-\x1f\x7f]/.test(username + password)) {
    throw new TypeError(
      "Cannot use this for auth as username or password hold a control character, a line end perhaps",
    );
  }
  if (type === "basic") return basicAuth(username, password);
  if (type === "digest") return new DigestAuthenticator(username, password);
  throw new TypeError(`Cannot use ${JSON.stringify(type)} as auth.type as it must be "basic" or "digest"`);
}
