import type { AddressInfo } from "node:net";

/** The part of a `node:net` server that shows where it listens. */
interface Listening {
  address(): AddressInfo | string | null;
}

/** The TCP port a server listens on; 0 on a Unix socket, and when it does not listen. */
export function portOf(server: Listening): number {
  const address = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
}

/** `http://127.0.0.1:40123`; on a Unix socket `http://localhost`. */
export function originOf(
  server: Listening,
  secure: boolean,
  { path, host = "127.0.0.1" }: { readonly path?: string; readonly host?: string },
): string {
  const scheme = secure ? "https" : "http";
  if (path !== undefined) return `${scheme}://localhost`;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${portOf(server)}`;
}
