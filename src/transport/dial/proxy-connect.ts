import type { Duplex } from "node:stream";
import { encodeRequestHead, NO_BODY, validateRequestHeaders } from "../../http1/index.js";
import { createHeaders, type Headers, rawHeaders } from "../../message/index.js";
import type { Runtime } from "../../runtime/index.js";
import type { ProxyServer } from "../route/index.js";
import { nameOf } from "./connect-errors.js";
import { type ConnectReply, ConnectTunnel } from "./connect-tunnel.js";
import type { DialRequest } from "./contract.js";
import type { ProxySettings } from "./proxy-contract.js";
import { connectBroken, connectClosed, connectRefused, hookFailed } from "./proxy-errors.js";

/** What came of asking: a tunnel, or a challenge that can be answered on this connection (`here`) or on the next one. */
export type ConnectOutcome = "open" | "here" | "again";

/** One CONNECT with all that belongs to it: the caller's fields, the credentials, the caller's look at the answer. */
export class ProxyConnectCall {
  readonly #settings: ProxySettings;
  readonly #runtime: Runtime;
  readonly #proxy: ProxyServer;
  readonly #request: DialRequest;
  #tunnel: ConnectTunnel | undefined;
  #stopped = false;
  /** Whether the connection ended, or broke the protocol, in place of an answer. */
  #lost = false;

  constructor(settings: ProxySettings, runtime: Runtime, proxy: ProxyServer, request: DialRequest) {
    this.#settings = settings;
    this.#runtime = runtime;
    this.#proxy = proxy;
    this.#request = request;
  }

  /**
   * Asks, and once more on the same connection where the proxy refused with a challenge and keeps that open. Rejects with
   * the error of the dial; never settles once stopped. `mayRetry`: whether a challenge was not answered yet.
   */
  async run(socket: Duplex, mayRetry: boolean): Promise<"open" | "again"> {
    const outcome = await this.#ask(socket, mayRetry);
    if (outcome !== "here") return outcome;
    if (socket.destroyed || socket.readableEnded || socket.readableLength > 0) return "again";
    try {
      return (await this.#ask(socket, false)) === "open" ? "open" : "again";
    } catch (error) {
      // It did not stay open after all, or what came on it was no answer.
      if (this.#lost) return "again";
      throw error;
    }
  }

  async #ask(socket: Duplex, mayRetry: boolean): Promise<ConnectOutcome> {
    const authority = nameOf(this.#request);
    const auth = this.#settings.auths.of(this.#proxy);
    const own = await this.#ownHeaders(authority);
    const sent = own.has("proxy-authorization") ? undefined : auth.header("CONNECT", authority);
    const reply = await this.#exchange(socket, this.#head(authority, own, sent));
    const { status, headers } = reply;
    const { onProxyConnect } = this.#settings;
    if (onProxyConnect !== undefined) {
      try {
        await onProxyConnect({ proxy: this.#proxy.name, target: authority, status, headers });
      } catch (error) {
        throw hookFailed(this.#proxy, "onProxyConnect", error);
      }
    }
    if (status >= 200 && status < 300) {
      if (socket.destroyed) throw connectClosed(this.#request, this.#proxy, undefined);
      return "open";
    }
    const asked = headers.get("proxy-authenticate");
    if (status === 407 && asked !== null && mayRetry && auth.challenged([asked], sent))
      return reply.kept ? "here" : "again";
    throw connectRefused(this.#request, this.#proxy, reply);
  }

  stop(): void {
    this.#stopped = true;
    this.#tunnel?.detach();
  }

  #head(authority: string, own: Headers, credentials: string | undefined): string {
    const headers = [...rawHeaders(own)];
    try {
      validateRequestHeaders(headers, 0);
    } catch (error) {
      throw hookFailed(this.#proxy, "proxyHeaders", error);
    }
    if (!own.has("user-agent")) headers.unshift("User-Agent", "trunkline");
    if (credentials !== undefined) headers.push("Proxy-Authorization", credentials);
    return encodeRequestHead({
      method: "CONNECT",
      target: authority,
      host: authority,
      headers,
      framing: NO_BODY,
      close: false,
    });
  }

  #exchange(socket: Duplex, head: string): Promise<ConnectReply> {
    return new Promise<ConnectReply>((resolve, reject) => {
      if (this.#stopped) return;
      if (socket.destroyed) {
        reject(connectClosed(this.#request, this.#proxy, undefined));
        return;
      }
      this.#tunnel = new ConnectTunnel(socket, this.#runtime, {
        replied: resolve,
        broken: (error) => {
          this.#lost = true;
          reject(connectBroken(this.#request, this.#proxy, error));
        },
        closed: (error) => {
          this.#lost = true;
          reject(connectClosed(this.#request, this.#proxy, error));
        },
      });
      this.#tunnel.start(head);
    });
  }

  async #ownHeaders(target: string): Promise<Headers> {
    const { proxyHeaders } = this.#settings;
    try {
      return createHeaders(
        typeof proxyHeaders === "function"
          ? await proxyHeaders({ proxy: this.#proxy.name, target })
          : proxyHeaders,
      );
    } catch (error) {
      throw hookFailed(this.#proxy, "proxyHeaders", error);
    }
  }
}
