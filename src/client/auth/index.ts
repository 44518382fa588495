export { AuthScope } from "./auth-scope.js";
export {
  type Authenticator,
  type AuthOptions,
  authenticator,
  type BearerAuth,
  type PasswordAuth,
} from "./authenticator.js";
