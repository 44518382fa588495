import { isForbiddenTrailer } from "../message/index.js";

/*
 * What a response may and may not do with a field (RFC 9113 §8.2), found once for each entry of a table and kept with
 * it. It is a set of bits; nearly every field has none.
 */

/** `:status`. */
export const KIND_STATUS = 0x01;
/** A pseudo-header field that no response has. */
export const KIND_PSEUDO = 0x02;
/** The name is not a lower-case token. */
export const KIND_BAD_NAME = 0x04;
/** The value holds an octet that no field value may. */
export const KIND_BAD_VALUE = 0x08;
/** The field says something about an HTTP/1.1 connection. */
export const KIND_CONNECTION = 0x10;
export const KIND_CONTENT_LENGTH = 0x20;
/** The field means nothing in a trailer section and is dropped there. */
export const KIND_NO_TRAILER = 0x40;
/** White space stands at an end of the value. */
export const KIND_BLANK = 0x80;

const BAD_NAME = /[^!#$%&'*+.^_`|~0-9a-z-]/;
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** The bits that a field's name alone decides. */
export function kindOfName(name: string): number {
  if (name.charCodeAt(0) === 0x3a) return name === ":status" ? KIND_STATUS : KIND_PSEUDO;
  if (name === "" || BAD_NAME.test(name)) return KIND_BAD_NAME;
  let kind = 0;
  if (CONNECTION_FIELDS.has(name)) kind |= KIND_CONNECTION;
  if (name === "content-length") kind |= KIND_CONTENT_LENGTH;
  if (isForbiddenTrailer(name)) kind |= KIND_NO_TRAILER;
  return kind;
}

/** The bits that a field's value adds. */
export function kindOfValue(value: string): number {
  if (value === "") return 0;
  const kind = BAD_VALUE.test(value) ? KIND_BAD_VALUE : 0;
  return isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1))
    ? kind | KIND_BLANK
    : kind;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
