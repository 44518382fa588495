import { DigestAuth, parseChallenges } from "../../message/index.js";
import type { ProxyServer } from "./proxy.js";

/** How to send credentials to a proxy: `basic` at once, as in Go; `digest` only when the proxy asks for it. */
export type ProxyAuthScheme = "basic" | "digest";

/** The credentials of one proxy, and what it has asked for so far. */
class ProxyAuth {
  readonly #basic: string | undefined;
  readonly #digest: DigestAuth | undefined;

  constructor({ username, password = "" }: ProxyServer, scheme: ProxyAuthScheme) {
    if (username === undefined) return;
    this.#digest = new DigestAuth({ username, password });
    if (scheme === "basic")
      this.#basic = `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
  }

  /** The value of `Proxy-Authorization`; undefined for none. `uri` is the request target as it is sent. */
  header(method: string, uri: string): string | undefined {
    return this.#digest?.answer(method, uri) ?? this.#basic;
  }

  /** The proxy answered 407 to a request with the field `sent`. Whether the same request has a chance now. */
  challenged(authenticate: readonly string[], sent: string | undefined): boolean {
    return (
      this.#digest?.challenged(parseChallenges(authenticate), sent?.startsWith("Digest ") ?? false) ?? false
    );
  }
}

/** Proxies remembered with what they asked for. */
const MAX_PROXIES = 256;

/** The credentials of all proxies of a transport. */
export class ProxyAuths {
  readonly #scheme: ProxyAuthScheme;
  readonly #byProxy = new Map<string, ProxyAuth>();

  constructor(scheme: ProxyAuthScheme) {
    this.#scheme = scheme;
  }

  of(proxy: ProxyServer): ProxyAuth {
    let auth = this.#byProxy.get(proxy.key);
    if (auth === undefined) {
      auth = new ProxyAuth(proxy, this.#scheme);
      if (this.#byProxy.size >= MAX_PROXIES) this.#byProxy.clear();
      this.#byProxy.set(proxy.key, auth);
    }
    return auth;
  }
}
