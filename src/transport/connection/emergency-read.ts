import { readSync } from "node:fs";
import type { Duplex } from "node:stream";

/** The file descriptor of a plain TCP or Unix socket; -1 where there is none to read from directly. */
export function descriptorOf(socket: Duplex): number {
  const handle = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle;
  return handle?.fd ?? -1;
}

/**
 * Reads what the kernel holds for a socket, synchronously, until there is no more or `take` returns false.
 * Only for plain sockets; on TLS the bytes would be ciphertext.
 */
export function emergencyRead(socket: Duplex, take: (buffer: Buffer, bytes: number) => boolean): void {
  if ((socket as { readonly encrypted?: boolean }).encrypted === true) return;
  const descriptor = descriptorOf(socket);
  if (descriptor < 0) return;
  const buffer = Buffer.allocUnsafe(16 * 1024);
  try {
    for (;;) {
      const bytes = readSync(descriptor, buffer, 0, buffer.length, null);
      if (bytes === 0 || !take(buffer, bytes)) return;
    }
  } catch {
    // EAGAIN: nothing more; ECONNRESET: nothing any more.
  }
}
