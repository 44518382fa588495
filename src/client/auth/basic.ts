import type { Authenticator } from "./auth-options.js";
import { authorized } from "./authorized.js";

/** HTTP Basic: the credentials go out with every request, unasked. */
export function basicAuth(username: string, password: string): Authenticator {
  if (username.includes(":")) {
    throw new TypeError(
      "Cannot use this username for Basic authentication: it has a colon (RFC 7617 §2); use Digest",
    );
  }
  const value = `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
  return { send: (request, next) => next(authorized(request, value)) };
}
