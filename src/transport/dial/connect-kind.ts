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
import type { ProxyKind, Tunnel, TunnelCall } from "./proxy-kind.js";

/** What came of asking: a tunnel, or a challenge that can be answered on this connection (`here`) or on the next one. */
type ConnectOutcome = "open" | "here" | "again";

/** CONNECT, of http and https proxies. */
export const connectKind: ProxyKind = { resolvesHere: false, call: (tunnel) => new ConnectCall(tunnel) };

/** One CONNECT with all that belongs to it: the caller's fields, the credentials, the caller's look at the answer. */
class ConnectCall implements TunnelCall {
  readonly #settings: ProxySettings;
  readonly #runtime: Runtime;
  readonly #proxy: ProxyServer;
  readonly #request: DialRequest;
  #exchanged: ConnectTunnel | undefined;
  /** Whether a challenge has been answered: it is answered once. */
  #challenged = false;
  #stopped = false;
  /** Whether the connection ended, or broke the protocol, in place of an answer. */
  #lost = false;

  constructor({ settings, runtime, proxy, target }: Tunnel) {
    this.#settings = settings;
    this.#runtime = runtime;
    this.#proxy = proxy;
    this.#request = target;
  }

  /** Asks, and once more on the same connection where the proxy refused with a challenge and keeps that open. */
  async ask(socket: Duplex): Promise<"again" | "open"> {
    const outcome = await this.#ask(socket);
    if (outcome === "open") return outcome;
    this.#challenged = true;
    if (outcome === "again") return outcome;
    if (socket.destroyed || socket.readableEnded || socket.readableLength > 0) return "again";
    try {
      return (await this.#ask(socket)) === "open" ? "open" : "again";
    } catch (error) {
      // It did not stay open after all, or what came on it was no answer.
      if (this.#lost) return "again";
      throw error;
    }
  }

  async #ask(socket: Duplex): Promise<ConnectOutcome> {
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
    if (status === 407 && asked !== null && !this.#challenged && auth.challenged([asked], sent))
      return reply.kept ? "here" : "again";
    throw connectRefused(this.#request, this.#proxy, reply);
  }

  stop(): void {
    this.#stopped = true;
    this.#exchanged?.detach();
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
      this.#exchanged = new ConnectTunnel(socket, this.#runtime, {
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
      this.#exchanged.start(head);
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
