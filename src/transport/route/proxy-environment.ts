import { readNoProxy } from "./no-proxy.js";
import { type ProxyServer, parseProxy } from "./proxy.js";

/** What a proxy is chosen by. */
interface ProxyTarget {
  readonly secure: boolean;
  /** IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** The proxy for a target; undefined: none. Throws when the setting that applies cannot be used. */
export type ProxyForTarget = (target: ProxyTarget) => ProxyServer | undefined;

/**
 * The proxies that the environment sets, by Go's rules: `HTTP_PROXY` for http, `HTTPS_PROXY` for https, `NO_PROXY` for
 * the hosts that go direct, the names in upper case before those in lower. What differs from Go: `ALL_PROXY`
 * stands in for either of the first two, as in curl, and a value that is not a proxy URL is an error at once, where Go
 * goes direct or fails as it dials. In a CGI program, hosts of `NO_PROXY` still go direct. Undefined when the
 * environment sets none.
 */
export function proxyEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): ProxyForTarget | undefined {
  const find = (name: string): { name: string; value: string } | undefined => {
    for (const each of [name, name.toLowerCase()]) {
      const value = env[each];
      if (value !== undefined && value !== "") return { name: each, value };
    }
    return undefined;
  };
  const all = find("ALL_PROXY");
  const http = find("HTTP_PROXY");
  const plain = http ?? all;
  const secure = find("HTTPS_PROXY") ?? all;
  if (plain === undefined && secure === undefined) return undefined;
  // A CGI program finds the request's `Proxy` header in HTTP_PROXY: whoever asks would choose the proxy.
  const fromHeader = http !== undefined && (env["REQUEST_METHOD"] ?? "") !== "";
  const direct = readNoProxy(find("NO_PROXY")?.value ?? "");
  const parsed = new Map<string, ProxyServer>();
  return (target) => {
    const setting = target.secure ? secure : plain;
    if (setting === undefined || direct(target.hostname, target.port)) return undefined;
    if (!target.secure && fromHeader) {
      throw new TypeError(
        `Cannot use ${setting.name}: this is a CGI program (REQUEST_METHOD is set), where a request's Proxy header could have set it; use the option proxy instead`,
      );
    }
    let proxy = parsed.get(setting.name);
    if (proxy === undefined) {
      proxy = parseProxy(setting.value, setting.name);
      parsed.set(setting.name, proxy);
    }
    return proxy;
  };
}
