import type { Target } from "../message/index.js";
import type { Member, Pool, PoolRoute } from "../pool/index.js";
import { bare, ownMembers, type Runtime } from "../runtime/index.js";
import { type Connection, canOfferHttp2, prepareHttp2 } from "./connection/index.js";
import { Dialer, type DialHandlers, type DialRequest, type DnsHost, type TlsChoice } from "./dial/index.js";
import type { Exchange, Link } from "./exchange/index.js";
import type { Settings } from "./options.js";
import {
  http1Route,
  ProxyAuths,
  ProxyChoice,
  type Route,
  type RouteSettings,
  routeOf,
} from "./route/index.js";

/** A server that complains of PINGs again and again gets one in an hour or so. */
const MOST_PING_FACTOR = 128;
const HTTP1_ALONE = ["http/1.1"];

/** The transport's ways to its servers: which route a request takes, and the dials that make its connections. */
export class Dials {
  readonly #dialer: Dialer;
  readonly #routeSettings: RouteSettings;
  readonly #http2: Settings["http2"];
  readonly #routes = new WeakMap<PoolRoute<Link>, Route>();
  /** What dials of a route are given: the same for all of them. */
  readonly #targets = new WeakMap<Route, DialRequest>();
  /** Which proxy a request goes through: it tells routes of one origin apart. */
  readonly proxies: ProxyChoice;
  /** The credentials of its proxies. */
  readonly auths: ProxyAuths;

  /** `names`: given where the cache of names is on. */
  constructor(settings: Settings, runtime: Runtime, names?: DnsHost) {
    const { connectTimeout, tlsTimeout, proxyTimeout, happyEyeballs, dns, options } = settings;
    this.#http2 = settings.http2;
    this.proxies = new ProxyChoice(options.proxy);
    this.auths = new ProxyAuths(options.proxyAuth ?? "basic");
    this.#dialer = new Dialer(
      ownMembers({
        connectTimeout,
        tlsTimeout,
        happyEyeballs,
        ...pick(
          options,
          "lookup",
          "localAddress",
          "socketPath",
          "tls",
          "tlsByOrigin",
          "allowAddress",
          "dial",
        ),
        ...(dns === undefined || names === undefined ? {} : { dns: ownMembers({ ...dns, host: names }) }),
        ...(settings.http2?.coalesce === true ? { keepCertificates: true } : {}),
        proxy: ownMembers({
          proxyTimeout,
          auths: this.auths,
          ...pick(options, "proxyHeaders", "onProxyConnect", "proxyTls"),
        }),
      }),
      runtime,
    );
    this.#routeSettings = ownMembers<RouteSettings>({
      ...pick(options, "localAddress", "socketPath"),
      tlsIdentity: (origin) => this.#dialer.tlsIdentityOf(origin),
    });
  }

  /** Starts the dial. It does not keep the process alive: whoever waits for it does. */
  start(member: Member<Link>, connection: Connection, handlers: DialHandlers): void {
    const { buffer, read } = connection.wire;
    const route = this.#routes.get(member.route) as Route;
    if (this.multiplexes(route)) prepareHttp2();
    const target = this.#targetOf(route);
    const pending = this.#dialer.dial(target, { buffer, callback: read }, handlers);
    pending.setRef(false);
    connection.opening.pending = pending;
  }

  #targetOf(route: Route): DialRequest {
    const known = this.#targets.get(route);
    if (known !== undefined) return canOfferHttp2() ? known : bare({ ...known, alpn: HTTP1_ALONE });
    const { host, port, secure, origin, proxy, forwards } = route;
    const target: DialRequest = bare({
      host,
      port,
      tls: secure,
      alpn: this.multiplexes(route) && secure ? ["h2", "http/1.1"] : HTTP1_ALONE,
      origin,
      ...pick(this.#routeSettings, "socketPath"),
      ...(proxy === undefined ? {} : { proxy, forwarded: forwards }),
    });
    this.#targets.set(route, target);
    return this.#targetOf(route);
  }

  /** The route of a target through this proxy, or direct. */
  routeTo(target: Target, proxy: Route["proxy"]): Route {
    return routeOf(target, proxy, this.#routeSettings);
  }

  /** Whether connections of the route may turn out to carry several exchanges at once. */
  multiplexes({ secure, forwards, http1Only }: Route): boolean {
    const http2 = this.#http2;
    if (http2 === undefined || forwards || http1Only === true) return false;
    return secure || http2.priorKnowledge;
  }

  /** The pool's side of a route has been found: dials for it go this way. */
  know(poolRoute: PoolRoute<Link>, route: Route): void {
    this.#routes.set(poolRoute, route);
  }

  /** The route behind the pool's. */
  routeOf(poolRoute: PoolRoute<Link>): Route | undefined {
    return this.#routes.get(poolRoute);
  }

  /** The server complained of PINGs: the route's next connections send half as many. */
  pingLess(poolRoute: PoolRoute<Link>): void {
    const route = this.#routes.get(poolRoute);
    if (route !== undefined) route.pingFactor = Math.min(MOST_PING_FACTOR, 2 * (route.pingFactor ?? 1));
  }

  /** What sharing connections between origins asks of the dialer. */
  get dialer(): Dialer {
    return this.#dialer;
  }

  /** The same route over HTTP/1.1 alone. */
  http1RouteOf(poolRoute: PoolRoute<Link>, pool: Pool<Link, Exchange>): PoolRoute<Link> {
    const route = this.routeOf(poolRoute);
    if (route === undefined || !this.multiplexes(route)) return poolRoute;
    const plain = http1Route(route);
    const found = pool.route(plain.key, plain.origin);
    this.know(found, plain);
    return found;
  }

  /** Dials from here on use these TLS options. */
  replaceTls(choice: TlsChoice & Pick<Settings["options"], "proxyTls">): void {
    this.#dialer.replaceTls(choice);
  }

  close(): void {
    this.#dialer.close();
  }
}

/** The members of `from` that are set. */
function pick<T extends object, K extends keyof T>(from: T, ...names: K[]): { [P in K]?: NonNullable<T[P]> } {
  const picked = Object.create(null) as { [P in K]?: NonNullable<T[P]> };
  for (const name of names) {
    const value = from[name];
    if (value !== undefined && value !== null) picked[name] = value;
  }
  return picked;
}
