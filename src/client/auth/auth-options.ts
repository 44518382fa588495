import type { Request, Response } from "../../message/index.js";
import type { Send } from "../send.js";

/** A user name and password, for HTTP Basic (RFC 7617) or Digest (RFC 7616). */
export interface PasswordAuth {
  /** The user name. Basic allows no colon in it. */
  username: string;
  /** The password; it never appears in messages or recordings. */
  password: string;
  /** Default `"basic"`. `"digest"` never sends the password, even when a server asks for Basic. */
  type?: "basic" | "digest";
}

/** A bearer token (RFC 6750), or a function that returns one. */
export interface BearerAuth {
  /**
   * The token. A function is called when a token is first needed, and its result is kept; a 401 calls it again, once
   * for all the calls that wait.
   */
  bearer: string | (() => string | Promise<string>);
}

/** Credentials of a client or a call: a user name and password, or a token. */
export type AuthOptions = PasswordAuth | BearerAuth;

/** Sends requests with credentials, and answers challenges. */
export interface Authenticator {
  send(request: Request, next: Send): Promise<Response>;
}
