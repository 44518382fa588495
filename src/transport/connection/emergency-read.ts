import type { Duplex } from "node:stream";
import { fileSystem } from "../../runtime/index.js";

/** The file descriptor of a plain TCP or Unix socket; -1 where there is none to read from directly. */
export function descriptorOf(socket: Duplex): number {
  const handle = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle;
  return handle?.fd ?? -1;
}

/**
 * Reads what the kernel holds for a socket, synchronously, until there is no more or `take` returns false. Returns
 * whether the peer's orderly end was met. Only for plain sockets; on TLS the bytes would be ciphertext.
 */
export function emergencyRead(socket: Duplex, take: (buffer: Buffer, bytes: number) => boolean): boolean {
  if ((socket as { readonly encrypted?: boolean }).encrypted === true) return false;
  const descriptor = descriptorOf(socket);
  if (descriptor < 0) return false;
  const buffer = Buffer.allocUnsafe(16 * 1024);
  try {
    for (;;) {
      const bytes = fileSystem.readSync(descriptor, buffer, 0, buffer.length, null);
      if (bytes === 0) return true;
      if (!take(buffer, bytes)) return false;
    }
  } catch {
    return false; // EAGAIN: nothing more; ECONNRESET: nothing any more.
  }
}
