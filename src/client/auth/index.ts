export {
  type AuthOptions,
  type Authenticator,
  authenticator,
  type BearerAuth,
  type PasswordAuth,
} from "./authenticator.js";
export { AuthScope } from "./auth-scope.js";
