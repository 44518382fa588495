import type { TransportOptions } from "./transport-options.js";

/** Checks the options about proxies that nobody else checks. @throws TypeError for one that cannot be used. */
export function checkProxyOptions(options: TransportOptions): void {
  const { proxy, proxyAuth, proxyHeaders, onProxyConnect, socketPath } = options;
  if (proxy !== undefined && proxy !== false && socketPath !== undefined) {
    throw new TypeError(
      "Cannot use proxy together with socketPath, which leads to one server already; leave one out",
    );
  }
  if (proxyAuth !== undefined && proxyAuth !== "basic" && proxyAuth !== "digest") {
    // It is not shown: who takes it for the place of the password has a password in it.
    throw new TypeError(
      "Cannot use this for proxyAuth as it must be basic or digest; user and password belong in the proxy's URL",
    );
  }
  if (proxyHeaders === null || !["undefined", "object", "function"].includes(typeof proxyHeaders)) {
    throw new TypeError("Cannot use proxyHeaders as it must be headers, or a function that returns them");
  }
  if (onProxyConnect !== undefined && typeof onProxyConnect !== "function") {
    throw new TypeError("Cannot use onProxyConnect as it must be a function");
  }
}
