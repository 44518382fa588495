import {
  CONTINUATION,
  DATA,
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frame-types.js";

/** Frames as strings of one character an octet: they join into one write and have no owner. */

/** What a client says first (RFC 9113 §3.4), before its SETTINGS. */
export const CONNECTION_PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** The 9 octets before a payload of `length` octets. */
export function frameHeader(type: number, flags: number, stream: number, length: number): string {
  return String.fromCharCode(
    (length >>> 16) & 0xff,
    (length >>> 8) & 0xff,
    length & 0xff,
    type,
    flags,
    (stream >>> 24) & 0xff,
    (stream >>> 16) & 0xff,
    (stream >>> 8) & 0xff,
    stream & 0xff,
  );
}

/** Four octets, the most significant first. */
export function uint32(value: number): string {
  return String.fromCharCode(
    (value >>> 24) & 0xff,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  );
}

/** A header block in a HEADERS frame, and in CONTINUATION frames where it is longer than `maxFrame`. */
export function headersFrames(stream: number, block: string, endStream: boolean, maxFrame: number): string {
  const flags = endStream ? FLAG_END_STREAM : 0;
  if (block.length <= maxFrame) {
    return frameHeader(HEADERS, flags | FLAG_END_HEADERS, stream, block.length) + block;
  }
  let frames = frameHeader(HEADERS, flags, stream, maxFrame) + block.slice(0, maxFrame);
  for (let at = maxFrame; at < block.length; at += maxFrame) {
    const part = block.slice(at, at + maxFrame);
    const last = at + maxFrame >= block.length;
    frames += frameHeader(CONTINUATION, last ? FLAG_END_HEADERS : 0, stream, part.length) + part;
  }
  return frames;
}

export function dataHeader(stream: number, length: number, endStream: boolean): string {
  return frameHeader(DATA, endStream ? FLAG_END_STREAM : 0, stream, length);
}

/** `pairs` are setting and value, setting and value, … */
export function settingsFrame(pairs: readonly number[]): string {
  let payload = "";
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const id = pairs[i] as number;
    payload += String.fromCharCode((id >>> 8) & 0xff, id & 0xff) + uint32(pairs[i + 1] as number);
  }
  return frameHeader(SETTINGS, 0, 0, payload.length) + payload;
}

export const SETTINGS_ACK: string = frameHeader(SETTINGS, FLAG_ACK, 0, 0);

/** `payload` has 8 characters. */
export function pingFrame(payload: string, ack: boolean): string {
  return frameHeader(PING, ack ? FLAG_ACK : 0, 0, 8) + payload;
}

export function rstStreamFrame(stream: number, code: number): string {
  return frameHeader(RST_STREAM, 0, stream, 4) + uint32(code);
}

/** `stream` 0 is the connection. */
export function windowUpdateFrame(stream: number, increment: number): string {
  return frameHeader(WINDOW_UPDATE, 0, stream, 4) + uint32(increment);
}

export function goAwayFrame(lastStream: number, code: number, debug: string): string {
  return frameHeader(GOAWAY, 0, 0, 8 + debug.length) + uint32(lastStream) + uint32(code) + debug;
}
