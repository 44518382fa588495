import type { Duplex } from "node:stream";
import type { ProxyServer } from "../route/index.js";
import { destroyQuietly } from "./connect-race.js";
import { socksFailed } from "./proxy-errors.js";
import type { ProxyKind, Tunnel, TunnelCall } from "./proxy-kind.js";

/** What a timer takes at most; the library has no way to say "no limit". */
const LONGEST_DELAY = 2 ** 31 - 1;

/** SOCKS5 where the target's name is resolved here. */
export const socksKind: ProxyKind = { resolvesHere: true, call: (tunnel) => new SocksCall(tunnel) };
/** SOCKS5 where the proxy resolves it. */
export const socksNamesKind: ProxyKind = { resolvesHere: false, call: (tunnel) => new SocksCall(tunnel) };

class SocksCall implements TunnelCall {
  readonly #tunnel: Tunnel;
  /** Addresses of the target still to be asked for. */
  readonly #addresses: string[];
  #stopped = false;

  constructor(tunnel: Tunnel) {
    this.#tunnel = tunnel;
    this.#addresses = [...(tunnel.addresses ?? [tunnel.target.host])];
  }

  async ask(socket: Duplex): Promise<"again" | "open"> {
    const { proxy, settings, target } = this.#tunnel;
    const { port, host: name } = target;
    const host = this.#addresses.shift() ?? name;
    try {
      await openSocksTunnel(socket, proxy, { host, port }, settings.proxyTimeout);
      return "open";
    } catch (error) {
      if (this.#stopped) return "again";
      destroyQuietly(socket);
      const failure = socksFailed(target, proxy, error);
      // What the proxy could not reach at one address it may reach at the next.
      if (failure.code === "ERR_TRUNKLINE_PROXY_STATUS" && this.#addresses.length > 0) return "again";
      throw failure;
    }
  }

  stop(): void {
    this.#stopped = true;
  }
}

/**
 * Asks a SOCKS5 proxy at the other end of the stream for a connection, and resolves when the stream leads to the
 * target. The library is loaded here, so that only programs with such a proxy pay for it.
 */
async function openSocksTunnel(
  stream: Duplex,
  proxy: ProxyServer,
  destination: { readonly host: string; readonly port: number },
  limit: number,
): Promise<void> {
  const { SocksClient } = await import("socks");
  if (stream.destroyed) throw new Error("Socket closed");
  await SocksClient.createConnection({
    command: "connect",
    destination: { ...destination },
    proxy: {
      host: proxy.host,
      port: proxy.port,
      type: 5,
      ...(proxy.username === undefined ? {} : { userId: proxy.username, password: proxy.password ?? "" }),
    },
    // Our own timer ends it at `limit`, with a better message.
    timeout: Math.min(limit + 1000, LONGEST_DELAY),
    existing_socket: stream,
  });
}
