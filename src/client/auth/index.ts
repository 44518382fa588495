export type { AuthOptions, BearerAuth, PasswordAuth } from "./auth-options.js";
export { AuthScope, authenticator } from "./authenticator.js";
