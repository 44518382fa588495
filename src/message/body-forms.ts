import type { Body } from "./body.js";
import { ownCopy } from "./chunk.js";
import type { Headers } from "./headers.js";
import { extractMimeType, serializeMimeType } from "./mime-type.js";
import { readableStreams } from "./platform.js";

/** The body's text as it arrives, decoded as UTF-8 (Fetch §5.3 "textStream()"). @throws TypeError when it was used. */
export function textStreamOf(body: Body | undefined): ReadableStream<string> {
  if (body === undefined) return new (readableStreams())({ start: (controller) => controller.close() });
  if (body.unusable) throw new TypeError("Cannot read this body: it has already been used; clone() it first");
  return body.stream.pipeThrough(new TextDecoderStream());
}

/** A blob of the bytes, whose type is what the headers say. */
export function blobOf(bytes: Uint8Array, headers: Headers): Blob {
  const type = extractMimeType(headers.get("content-type"));
  return new Blob([bytes as Uint8Array<ArrayBuffer>], {
    type: type === undefined ? "" : serializeMimeType(type),
  });
}

/** The bytes in memory of their own. */
export function ownBytes(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const whole = bytes.byteLength === bytes.buffer.byteLength;
  return whole ? new Uint8Array(bytes.buffer as ArrayBuffer) : ownCopy(bytes, 0, bytes.length);
}

/** UTF-8 decode (Encoding §6): a byte order mark is not part of the text. */
export function decodeUtf8(bytes: Buffer): string {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString("utf8", start);
}

/** The error of a second consumer. */
export function alreadyUsed(what: string): TypeError {
  return new TypeError(
    `Cannot read the response body (${what}): it has already been used; clone() the response first`,
  );
}
