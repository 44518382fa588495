import type { Request, Target } from "../../message/index.js";
import { type ProxyServer, parseProxy } from "./proxy.js";
import { type ProxyForTarget, proxyEnvironment } from "./proxy-environment.js";

/** The option `proxy`: one for all requests, a function that chooses one for each, or none. */
export type ProxyOption = string | URL | ((request: Request) => string | URL | null) | false;

/** Choices remembered, by proxy URL and by origin: as many as a crawler's working set of hosts. */
const MAX_REMEMBERED = 4096;

/** Which proxy each request goes through. */
export class ProxyChoice {
  readonly #option: ProxyOption | undefined;
  readonly #fixed: ProxyServer | undefined;
  readonly #byText = new Map<string, ProxyServer>();
  readonly #byOrigin = new Map<string, ProxyServer | undefined>();
  /** Whether every request goes direct, as far as is known: there is no need to ask. */
  none = false;
  /** Read at the first request, so that a program can set its environment up after its imports. */
  #environment: ProxyForTarget | undefined | "unread" = "unread";

  /** @throws TypeError when the option is not a proxy that can be used. */
  constructor(option: ProxyOption | undefined) {
    this.#option = option;
    this.none = option === false;
    if (typeof option === "string" || option instanceof URL)
      this.#fixed = parseProxy(option, "the option proxy");
    else if (option !== undefined && option !== false && typeof option !== "function") {
      throw new TypeError(
        "Cannot use the option proxy: it must be a URL, a function that returns one, or false",
      );
    }
  }

  /** The proxy for a request; undefined: it goes direct. Throws what the option's function throws. */
  of(request: Request, target: Target): ProxyServer | undefined {
    if (this.#fixed !== undefined) return this.#fixed;
    const option = this.#option;
    if (option === false) return undefined;
    if (typeof option === "function") {
      const chosen = option(request);
      return chosen === null || chosen === undefined ? undefined : this.#parsed(chosen);
    }
    if (this.#environment === "unread") this.#environment = proxyEnvironment(process.env);
    const environment = this.#environment;
    if (environment === undefined) {
      this.none = true;
      return undefined;
    }
    const { origin } = target;
    if (this.#byOrigin.has(origin)) return this.#byOrigin.get(origin);
    const proxy = environment(target);
    if (this.#byOrigin.size >= MAX_REMEMBERED) this.#byOrigin.clear();
    this.#byOrigin.set(origin, proxy);
    return proxy;
  }

  #parsed(value: string | URL): ProxyServer {
    const text = String(value);
    let proxy = this.#byText.get(text);
    if (proxy === undefined) {
      proxy = parseProxy(text, "the proxy that the option proxy returned");
      if (this.#byText.size >= MAX_REMEMBERED) this.#byText.clear();
      this.#byText.set(text, proxy);
    }
    return proxy;
  }
}
