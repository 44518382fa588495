import type { TransportOptions } from "./transport-options.js";

/** Checks the options about proxies that nobody else checks. @throws TypeError for one that cannot be used. */
export function checkProxyOptions(options: TransportOptions): void {
  const { proxy, proxyAuth, proxyHeaders, onProxyConnect, socketPath } = options;
  if (proxy !== undefined && proxy !== false && socketPath !== undefined) {
    throw new TypeError(
      "Cannot use proxy together with socketPath, which already leads to one server; use one of the two",
    );
  }
  if (proxyAuth !== undefined && proxyAuth !== "basic" && proxyAuth !== "digest") {
    // It is not shown: who takes it for the place of the password has a password in it.
    throw new TypeError(
      "Cannot use this for proxyAuth: it must be basic or digest; put the user name and password in the proxy's URL",
    );
  }
  if (proxyHeaders === null || !["undefined", "object", "function"].includes(typeof proxyHeaders)) {
    throw new TypeError("Cannot use proxyHeaders: it must be headers, or a function that returns them");
  }
  if (onProxyConnect !== undefined && typeof onProxyConnect !== "function") {
    throw new TypeError("Cannot use onProxyConnect: it must be a function");
  }
}
