import type { Duplex } from "node:stream";
import type { ProxyServer } from "../route/index.js";

/** What a timer takes at most; the library has no way to say "no limit". */
const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * Asks a SOCKS5 proxy at the other end of the stream for a connection, and resolves when the stream leads to the
 * target. The library is loaded here, so that only programs with such a proxy pay for it.
 */
export async function openSocksTunnel(
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
