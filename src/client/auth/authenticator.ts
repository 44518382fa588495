import { ownMembers } from "../../runtime/index.js";
import type { Authenticator, AuthOptions } from "./auth-options.js";
import { basicAuth } from "./basic.js";
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
