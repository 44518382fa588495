import { randomBytes } from "node:crypto";

const KIB = 1024;

/** Sizes about every boundary of the engine: slab, read buffer, read-ahead, own buffers, drain. */
export const SIZES: readonly number[] = [
  0,
  1,
  8 * KIB - 1,
  8 * KIB + 1,
  64 * KIB - 1,
  64 * KIB,
  64 * KIB + 1,
  256 * KIB,
  256 * KIB + 1,
  1024 * KIB,
  5 * 1024 * KIB + 17,
];

const pattern = randomBytes(4099); // a prime, so that no two buffers look alike

/** `length` bytes that are different everywhere it matters. */
export function patterned(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at += pattern.length) pattern.copy(bytes, at);
  return bytes;
}

/** The response with this body in chunks of `size`. */
export function chunked(body: Buffer, size: number): Buffer {
  const parts: Buffer[] = [Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")];
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n"));
  }
  parts.push(Buffer.from("0\r\nX-Sum: yes\r\n\r\n"));
  return Buffer.concat(parts);
}

export function withLength(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
}

export function untilClose(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), body]);
}
