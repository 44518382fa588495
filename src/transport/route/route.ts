import type { Target } from "../../message/index.js";
import type { ProxyServer } from "./proxy.js";

/** How an origin is reached. Only connections of the same route can stand in for each other. */
export interface Route {
  /** The pool's key: equal exactly for connections that may stand in for each other. */
  readonly key: string;
  /**
   * What its connections are kept for: the target's origin; where a proxy forwards plain requests, the proxy's, since
   * one such connection serves every target.
   */
  readonly origin: string;
  /** In the words of a connection's record. */
  readonly name: string;
  /** What is asked for: the target, or the proxy where that forwards. IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly proxy: ProxyServer | undefined;
  /** Its connections speak HTTP/1.1, whatever the server could do. */
  readonly http1Only?: boolean;
  /** The server asked for HTTP/1.1 (HTTP_1_1_REQUIRED): its requests take that via from then on. */
  wantsHttp1?: boolean;
  /** How much further apart PINGs are than they would be: doubled each time the server finds them too many. */
  pingFactor?: number;
  /** The server takes no extended CONNECT (RFC 8441): upgrades take the way over HTTP/1.1 from then on. */
  noConnect?: boolean;
  /** The server said that a connection made for another origin is wrong for this one (421). */
  ownConnections?: boolean;
  /** Whether requests go to the proxy whole, in absolute form (RFC 9112 section 3.2.2), with no tunnel. */
  readonly forwards: boolean;
}

/** What all routes of a transport have in common. */
export interface RouteSettings {
  readonly localAddress?: string;
  readonly socketPath?: string;
  /** The id of the TLS options used for an origin; undefined for Node's own defaults. */
  readonly tlsIdentity: (origin: string) => string | undefined;
}

/** What separates, in a key, the proxy's credentials from what may be shown. */
const SECRET = "\n";

/** The name of the route with this key. */
export function routeName(key: string): string {
  return (key.split(SECRET, 1)[0] as string).slice(key.indexOf(" ") + 1);
}

/** The same route for what only HTTP/1.1 can do, or where the server asked for it. */
export function http1Route(route: Route): Route {
  if (route.http1Only === true) return route;
  const [shown, ...secret] = route.key.split(SECRET);
  const name = `${route.name} http/1.1`;
  return { ...route, key: [`${shown} http/1.1`, ...secret].join(SECRET), name, http1Only: true };
}

/** The route of a target, through the proxy if there is one. */
export function routeOf(target: Target, chosen: ProxyServer | undefined, settings: RouteSettings): Route {
  const { origin, secure, hostname, port } = target;
  const { localAddress, socketPath, tlsIdentity } = settings;
  // A Unix socket leads to one server, whatever the URL says: there is nothing for a proxy to reach.
  const proxy = socketPath === undefined ? chosen : undefined;
  const identity = secure ? tlsIdentity(origin) : undefined;
  const via =
    proxy === undefined
      ? socketPath === undefined
        ? "direct"
        : `unix:${socketPath}`
      : `proxy ${proxy.name}`;
  const name = `${via}${identity === undefined ? "" : ` tls:${identity}`}${localAddress === undefined ? "" : ` local:${localAddress}`}`;
  // Said, so that they are not looked for on `Object.prototype`.
  const protocol = {
    http1Only: false,
    wantsHttp1: false,
    ownConnections: false,
    noConnect: false,
    pingFactor: 1,
  };
  const forwards = proxy !== undefined && !secure && proxy.forwards;
  if (proxy === undefined) {
    const key = `${origin} ${name}`;
    return { key, origin, name, host: hostname, port, secure, proxy, forwards, ...protocol };
  }
  const keptFor = forwards ? new URL(proxy.name).origin : origin;
  const key = `${keptFor} ${name}${SECRET}${proxy.key}`;
  if (!forwards) return { key, origin, name, host: hostname, port, secure, proxy, forwards, ...protocol };
  const toProxy = { host: proxy.host, port: proxy.port, secure: proxy.secure };
  return { key, origin: keptFor, name, ...toProxy, proxy, forwards, ...protocol };
}
