export {
  type AddressPolicy,
  type AllowAddress,
  addressPolicy,
  addressRefused,
  addressUnknown,
  isPublicAddress,
  permits,
} from "./address-policy.js";
export type { ProxyServer } from "./proxy.js";
export { type ProxyAuthScheme, ProxyAuths } from "./proxy-auth.js";
export { ProxyChoice, type ProxyOption } from "./proxy-choice.js";
export { http1Route, type Route, type RouteSettings, routeName, routeOf } from "./route.js";
