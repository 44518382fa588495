export type { AuthOptions, BearerAuth, PasswordAuth } from "./auth-options.js";
export { AuthScope } from "./auth-scope.js";
export { authenticator } from "./authenticator.js";
