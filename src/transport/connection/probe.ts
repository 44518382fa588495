import type { Duplex } from "node:stream";
import { fileSystem } from "../../runtime/index.js";
import type { CloseCause } from "../../trace/index.js";
import { closedBeforeUse, unsolicitedBeforeUse } from "./causes.js";
import { descriptorOf } from "./emergency-read.js";

/** Enough to tell a 408 from other bytes. */
const found = Buffer.allocUnsafeSlow(16);
/** The content type of a TLS record that holds an alert: on an idle connection, the end of the session. */
const TLS_ALERT = 0x15;

/**
 * Looks into the kernel for what the event loop has not seen yet, without waiting: why a connection on which nothing
 * is due cannot be used, `undefined` while the peer keeps it open and silent. 2 to 3 µs. Where the socket has no
 * descriptor (Windows, custom streams) only what Node has read already can be seen.
 *
 * Bytes that are found are consumed, which is of no matter: nothing is due, and the connection is given up.
 */
export function probe(socket: Duplex | undefined, idleFor: number): CloseCause | undefined {
  if (socket === undefined || socket.destroyed || hasEnded(socket)) return closedBeforeUse(idleFor);
  if (socket.readableLength > 0) return unsolicitedBeforeUse(found, 0, idleFor);
  const descriptor = descriptorOf(socket);
  if (descriptor < 0) return undefined;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // the usual outcome is a thrown EAGAIN, whose stack nobody reads
  try {
    const bytes = fileSystem.readSync(descriptor, found, 0, found.length, null);
    if (bytes === 0 || (isEncrypted(socket) && found[0] === TLS_ALERT)) return closedBeforeUse(idleFor);
    return unsolicitedBeforeUse(found, bytes, idleFor);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    if (code === "EAGAIN" || code === "EWOULDBLOCK") return undefined;
    const evidence = `${code}, found before the next request`;
    return { reason: code === "ECONNRESET" ? "reset" : "server-closed-idle", by: "server", evidence };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Whether the peer's end has been read, although its event is still to come. */
function hasEnded(socket: Duplex): boolean {
  const state = (socket as { readonly _readableState?: { readonly ended?: boolean } })._readableState;
  return state?.ended === true;
}

/** Whether it is a TLS socket. */
export function isEncrypted(socket: Duplex): boolean {
  return (socket as { readonly encrypted?: boolean }).encrypted === true;
}

/**
 * The reset that an end may hide: when it comes together with the last bytes, Node reports an ordinary end, which a
 * body without a length must not be taken for. Asked at the end, the kernel still tells the two apart.
 */
export function resetBehindEnd(socket: Duplex | undefined): NodeJS.ErrnoException | undefined {
  if (socket === undefined || socket.destroyed) return undefined;
  const descriptor = descriptorOf(socket);
  if (descriptor < 0) return undefined;
  try {
    fileSystem.readSync(descriptor, found, 0, 1, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNRESET") return error as NodeJS.ErrnoException;
  }
  return undefined;
}
