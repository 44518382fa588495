import { frameName } from "./frame-types.js";
import { connectionError, frameSizeError, type Http2Error } from "./http2-error.js";

/** What a frame alone can tell: its numbers, and whether its length, stream and padding are what its type demands. */

export function lengthAt(buffer: Buffer, at: number): number {
  return ((buffer[at] as number) << 16) | ((buffer[at + 1] as number) << 8) | (buffer[at + 2] as number);
}

/** Four octets, the most significant first. */
export function uint32At(buffer: Buffer, at: number): number {
  return (
    (((buffer[at] as number) << 24) |
      ((buffer[at + 1] as number) << 16) |
      ((buffer[at + 2] as number) << 8) |
      (buffer[at + 3] as number)) >>>
    0
  );
}

/** The same without the reserved bit. */
export function uint31(buffer: Buffer, at: number): number {
  return uint32At(buffer, at) & 0x7fffffff;
}

export function needsStream(type: number, stream: number): void {
  if (stream === 0) {
    throw connectionError(`The server sent a ${frameName(type)} frame without a stream`);
  }
}

export function needsConnection(type: number, stream: number): void {
  if (stream !== 0) {
    throw connectionError(
      `The server sent a ${frameName(type)} frame on stream ${stream}, but such a frame belongs to the connection`,
    );
  }
}

export function needsLength(type: number, length: number, wanted: number): void {
  if (length !== wanted) throw wrongLength(type, length, String(wanted));
}

export function wrongLength(type: number, length: number, wanted: string): Http2Error {
  return frameSizeError(lengthText(type, length, wanted));
}

export function lengthText(type: number, length: number, wanted: string): string {
  return `The server sent a ${frameName(type)} frame of ${length} bytes instead of ${wanted}`;
}

export function paddingTooLong(type: number): Http2Error {
  return connectionError(`The server sent a ${frameName(type)} frame with more padding than fits in it`);
}
