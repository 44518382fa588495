import type { Duplex } from "node:stream";
import type { SessionCache } from "./session-cache.js";

/**
 * Puts the sessions a server sends into the cache, for as long as the socket lives. Those that come before the
 * returned function is called are held back: TLS 1.2 sends its ticket before the certificate's name has been
 * checked, and a resumed session is not checked again.
 */
export function listenForSessions(socket: Duplex, sessions: SessionCache, key: string): () => void {
  let early: Buffer[] | undefined = [];
  socket.on("session", (session: Buffer) => {
    if (early === undefined) sessions.put(key, session);
    else early.push(session);
  });
  return () => {
    for (const session of early ?? []) sessions.put(key, session);
    early = undefined;
  };
}
