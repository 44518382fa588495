import type { Duplex } from "node:stream";
import { fileSystem } from "../../runtime/index.js";
import { descriptorOf } from "./emergency-read.js";

const oneByte = Buffer.allocUnsafeSlow(1);

/**
 * Looks into the kernel for what the event loop has not seen yet, without waiting: `true` while the peer keeps the
 * connection open and silent, else the evidence that it does not. About 2 µs. Where the socket has no descriptor
 * (Windows, custom streams) nothing can be seen and the answer is `true`.
 *
 * A byte that is found is consumed, which is of no matter: nothing is expected on an idle connection, and the
 * connection is given up. On TLS the peer's `close_notify` shows as such a byte.
 */
export function probe(socket: Duplex | undefined): true | string {
  if (socket === undefined || socket.destroyed) return "the socket was closed already";
  const descriptor = descriptorOf(socket);
  if (descriptor < 0) return true;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // the usual outcome is a thrown EAGAIN, whose stack nobody reads
  try {
    return fileSystem.readSync(descriptor, oneByte, 0, 1, null) === 0
      ? "the server had ended the connection while the event loop stood still"
      : "unexpected bytes had arrived while the event loop stood still";
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EAGAIN" || code === "EWOULDBLOCK") return true;
    return `the connection had failed (${code ?? "unknown"}) while the event loop stood still`;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
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
    fileSystem.readSync(descriptor, oneByte, 0, 1, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNRESET") return error as NodeJS.ErrnoException;
  }
  return undefined;
}
