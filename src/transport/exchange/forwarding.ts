import { isIP } from "node:net";
import { createHeaders, type Headers, type Response, type Target } from "../../message/index.js";
import {
  type AddressPolicy,
  type AllowAddress,
  addressPolicy,
  addressRefused,
  addressUnknown,
  type ProxyAuths,
  permits,
  type Route,
} from "../route/index.js";
import type { Exchange, Settle } from "./exchange.js";

/** A request as a forwarding proxy gets it. */
interface Forwarded {
  readonly target: Target;
  readonly headers: Headers | undefined;
  /** The credentials that went along. */
  readonly sent: string | undefined;
}

/** What a plain request needs that goes to a proxy whole, with no tunnel. */
export class Forwarding {
  readonly #auths: ProxyAuths;
  readonly #allowed: AddressPolicy | undefined;

  constructor(auths: ProxyAuths, allowAddress: AllowAddress | undefined) {
    this.#auths = auths;
    this.#allowed = addressPolicy(allowAddress);
  }

  /**
   * The target in absolute form (RFC 9112 section 3.2.2), and the proxy's credentials among the headers.
   *
   * @throws NetworkError when `allowAddress` is set and refuses the target, or the proxy would resolve its name.
   */
  of(route: Route, method: string, target: Target, headers: Headers | undefined): Forwarded {
    const proxy = route.proxy;
    if (proxy === undefined) return { target, headers, sent: undefined };
    this.#check(target, proxy.name);
    const absolute = { ...target, path: target.href, plainGet: undefined, codedGet: undefined };
    const sent = headers?.has("proxy-authorization")
      ? undefined
      : this.#auths.of(proxy).header(method, target.href);
    if (sent === undefined) return { target: absolute, headers, sent };
    const withCredentials = createHeaders(headers);
    withCredentials.append("Proxy-Authorization", sent);
    return { target: absolute, headers: withCredentials, sent };
  }

  #check({ hostname, origin }: Target, proxy: string): void {
    const policy = this.#allowed;
    if (policy === undefined) return;
    if (isIP(hostname) === 0) throw addressUnknown(hostname, proxy, origin);
    let cause: unknown;
    const failed = (error: unknown): void => {
      cause = error;
    };
    if (!permits(policy, hostname, hostname, failed))
      throw addressRefused(`the address ${hostname}`, cause, "proxy", origin);
  }

  /**
   * A settle that sends the request a second time, by `again`, when the proxy's challenge (407) can be answered; all
   * else goes on to `settle`.
   */
  answering(route: Route, sent: string | undefined, settle: Settle, again: () => void): Settle {
    let over: Exchange | undefined;
    let decided = false;
    let sentAgain = false;
    return {
      resolve: (response: Response) => {
        decided = true;
        if (response.status === 407 && this.#challenged(route, sent, response)) {
          sentAgain = true;
          // The rest of the refusal first, so that its connection can be had again.
          response.close().then(again, again);
          return;
        }
        settle.resolve(response);
        if (over !== undefined) settle.ended?.(over);
      },
      reject: (error) => settle.reject(error),
      // A response that came whole is over before it is handed out: whether it is the last one is not known yet.
      ended: (exchange) => {
        if (exchange.status === 407 && !decided) over = exchange;
        else if (!sentAgain) settle.ended?.(exchange);
      },
    };
  }

  #challenged({ proxy }: Route, sent: string | undefined, response: Response): boolean {
    const asked = response.headers.get("proxy-authenticate");
    return proxy !== undefined && asked !== null && this.#auths.of(proxy).challenged([asked], sent);
  }
}
