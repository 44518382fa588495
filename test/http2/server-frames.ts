import { dataHeader, frameHeader, headersFrames, settingsFrame } from "../../src/http2/index.js";

/** Frames of a server for tests of the session; its header blocks use no table and no Huffman code. */

/** A field without indexing, spelled out (RFC 7541 §6.2.2). */
export function literal(name: string, value: string): string {
  return `\0${text(name)}${text(value)}`;
}

function text(value: string): string {
  const { length } = value;
  if (length < 127) return String.fromCharCode(length) + value;
  let octets = "\x7f";
  let left = length - 127;
  for (; left >= 128; left = Math.floor(left / 128)) octets += String.fromCharCode((left % 128) | 128);
  return octets + String.fromCharCode(left) + value;
}

/** A header block of `[name, value, …]`. */
export function block(fields: readonly string[]): string {
  let octets = "";
  for (let i = 0; i < fields.length; i += 2) octets += literal(fields[i] as string, fields[i + 1] as string);
  return octets;
}

/** A response head; a number is its status. */
export function head(
  stream: number,
  status: number | string,
  fields: readonly string[] = [],
  end = false,
): string {
  return headersFrames(stream, block([":status", String(status), ...fields]), end, 16_384);
}

export function trailers(stream: number, fields: readonly string[], end = true): string {
  return headersFrames(stream, block(fields), end, 16_384);
}

export function data(stream: number, body: string, end = false): string {
  return dataHeader(stream, body.length, end) + body;
}

/** The same with padding of so many octets. */
export function padded(stream: number, body: string, padding: number, end = false): string {
  return `${frameHeader(0, end ? 9 : 8, stream, body.length + padding + 1)}${String.fromCharCode(padding)}${body}${"\0".repeat(padding)}`;
}

/** DATA, padded where `padding` is a number; the body is octets, one character each. */
export function dataFrame(stream: number, body: string, padding: number | undefined, end: boolean): string {
  return padding === undefined ? data(stream, body, end) : padded(stream, body, padding, end);
}

/** What a server says first: its SETTINGS, as pairs of id and value. */
export function greeting(...pairs: number[]): string {
  return settingsFrame(pairs);
}
