import { type HpackEncoder, INDEX, type Indexing, NEVER_INDEX, PLAIN } from "./hpack-encoder.js";
import { FIELD_OVERHEAD } from "./hpack-table.js";

/** A request as HTTP/2 says it. What is here has passed HTTP/1.1's checks of methods, names and values. */
export interface Http2RequestHead {
  readonly method: string;
  /** `http` or `https`; "" for a plain CONNECT. */
  readonly scheme: string;
  /** Host and port, without user information; a Host of the caller's own belongs here. */
  readonly authority: string;
  /** Never empty: `/`, or `*`; "" for a plain CONNECT. */
  readonly path: string;
  /** Of an extended CONNECT (RFC 8441), such as `websocket`. */
  readonly protocol?: string | undefined;
  /** Name, value, name, value, … in any case. Fields of an HTTP/1.1 connection are left out. */
  readonly fields: readonly string[];
  /** What content-length says, unless `fields` says it; -1 for none. */
  readonly contentLength: number;
  /** Names, in lower case, whose values no table on the way may keep, beside those that are always secret. */
  readonly sensitive?: ReadonlySet<string> | undefined;
}

/** Not sent: they are about an HTTP/1.1 connection, or are said otherwise here (RFC 9113 §8.2.2, §8.3.1). */
const DROPPED: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
const SECRET: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "x-api-key"]);
/** Different in each request, or nearly. */
const CHANGING =
  /^(?:content-length|range|if-.*|date|age|etag|last-modified|content-md5|content-range|digest|(?:x-)?(?:request|correlation|trace|span)-?id|traceparent|tracestate|baggage|b3|x-b3-.*|idempotency-key|x-amz-date|x-amz-content-sha256|sentry-trace|x-datadog-.*)$/;
/** The same for most requests of a program, so that the first one may put them into the table. */
const CONSTANT: ReadonlySet<string> = new Set([
  ":authority",
  ":scheme",
  ":method",
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "content-type",
  "origin",
  "pragma",
  "te",
  "user-agent",
]);
/** Of a form with files: another in each request. */
const BOUNDARY = /boundary=/i;
/** Of a cookie pair. A shorter one could be guessed octet by octet by who sees how well it compresses. */
const SHORT_COOKIE = 20;
const REMEMBERED_NAMES = 64;
/** A longer value would not get a place in the table. */
const REMEMBERED_LENGTH = 1_000;
const LOWERED_NAMES = 512;
const TEMPLATES = 4;

const lowerNames = new Map<string, string>();

function lowerName(name: string): string {
  const known = lowerNames.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (lowerNames.size < LOWERED_NAMES) lowerNames.set(name, lower);
  return lower;
}

/** A head that was encoded, for others that differ in their path at most. */
interface Template {
  readonly head: Http2RequestHead;
  /** Of the encoder: with another the same octets may mean something else. */
  readonly generation: number;
  /** What comes before and after `:path`. */
  readonly before: string;
  readonly after: string;
  path: string;
  pathField: string;
}

/** Encodes the heads and trailers of one connection's requests; what repeats is looked up, not encoded. */
export class RequestHeadEncoder {
  readonly #encoder: HpackEncoder;
  readonly #templates: Template[] = [];
  #oldest = 0;
  /** The value that each name had when it was last sent: one that comes back is worth a place in the table. */
  #seen: Map<string, string> | undefined;

  constructor(encoder: HpackEncoder) {
    this.#encoder = encoder;
  }

  /** The header block of the head, one character an octet. It must be the next thing the peer's decoder sees. */
  encode(head: Http2RequestHead): string {
    const update = this.#encoder.sizeUpdate();
    const template = this.#find(head);
    if (template !== undefined) {
      if (template.path !== head.path) {
        template.path = head.path;
        template.pathField = this.#encoder.field(":path", head.path, PLAIN);
      }
      return update + template.before + template.pathField + template.after;
    }
    const { generation } = this.#encoder;
    let before = this.#field(":method", head.method, head);
    const extended = head.protocol !== undefined;
    if (extended) before += this.#field(":protocol", head.protocol as string, head);
    const plainConnect = head.method === "CONNECT" && !extended;
    if (!plainConnect) before += this.#field(":scheme", head.scheme, head);
    before += this.#field(":authority", head.authority, head);
    const pathField = plainConnect ? "" : this.#encoder.field(":path", head.path, PLAIN);
    const after = this.#fields(head);
    // A block that put something into the table cannot be sent again.
    if (!plainConnect && this.#encoder.generation === generation) {
      this.#templates[this.#oldest] = { head, generation, before, after, path: head.path, pathField };
      this.#oldest = (this.#oldest + 1) % TEMPLATES;
    }
    return update + before + pathField + after;
  }

  /** The header block of a trailer section; `fields` are name, value, … in any case, and have been checked. */
  encodeTrailers(fields: readonly string[]): string {
    let block = this.#encoder.sizeUpdate();
    for (let i = 0; i + 1 < fields.length; i += 2) {
      block += this.#encoder.field(lowerName(fields[i] as string), fields[i + 1] as string, PLAIN);
    }
    return block;
  }

  #find(head: Http2RequestHead): Template | undefined {
    const { generation } = this.#encoder;
    for (const template of this.#templates) {
      if (template.generation === generation && sameButPath(template.head, head)) return template;
    }
    return undefined;
  }

  #fields(head: Http2RequestHead): string {
    const { fields } = head;
    let block = "";
    let hasLength = false;
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = lowerName(fields[i] as string);
      const value = fields[i + 1] as string;
      if (DROPPED.has(name) || (name === "te" && value.trim().toLowerCase() !== "trailers")) continue;
      if (name === "cookie") {
        block += this.#cookies(value);
        continue;
      }
      if (name === "content-length") hasLength = true;
      block += this.#field(name, value, head);
    }
    if (head.contentLength >= 0 && !hasLength) {
      block += this.#encoder.field("content-length", String(head.contentLength), PLAIN);
    }
    return block;
  }

  /** Each pair is a field of its own, so that the table can keep the ones that stay (RFC 9113 §8.2.3). */
  #cookies(value: string): string {
    let block = "";
    for (const pair of value.split("; ")) {
      const short = pair.length < SHORT_COOKIE;
      const name = short ? "" : `cookie ${pair.slice(0, pair.indexOf("=") + 1)}`;
      block += this.#encoder.field("cookie", pair, short ? NEVER_INDEX : this.#whenSeen(name, pair));
    }
    return block;
  }

  #field(name: string, value: string, head: Http2RequestHead): string {
    const secret = SECRET.has(name) || head.sensitive?.has(name) === true;
    return this.#encoder.field(name, value, secret ? NEVER_INDEX : this.#indexing(name, value));
  }

  #indexing(name: string, value: string): Indexing {
    if (CONSTANT.has(name)) return name === "content-type" && BOUNDARY.test(value) ? PLAIN : INDEX;
    return CHANGING.test(name) ? PLAIN : this.#whenSeen(name, value);
  }

  /** A value that came before may come again; one that is new each time must not push others out of the table. */
  #whenSeen(key: string, value: string): Indexing {
    if (value.length > REMEMBERED_LENGTH) return PLAIN;
    this.#seen ??= new Map();
    const seen = this.#seen;
    if (seen.get(key) === value) return INDEX;
    if (seen.size < REMEMBERED_NAMES || seen.has(key)) seen.set(key, value);
    return PLAIN;
  }
}

function sameButPath(a: Http2RequestHead, b: Http2RequestHead): boolean {
  if (a.method !== b.method || a.authority !== b.authority || a.scheme !== b.scheme) return false;
  if (a.contentLength !== b.contentLength || a.protocol !== b.protocol) return false;
  if (a.sensitive !== b.sensitive) return false;
  const left = a.fields;
  const right = b.fields;
  if (left === right) return true;
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/** The size of the list as RFC 9113 §6.5.2 counts, which the peer's SETTINGS_MAX_HEADER_LIST_SIZE bounds. */
export function headListSize(head: Http2RequestHead): number {
  let size = ":method:scheme:authority:path".length + FIELD_OVERHEAD * 4;
  size += head.method.length + head.scheme.length + head.authority.length + head.path.length;
  const { fields, protocol } = head;
  if (protocol !== undefined) size += ":protocol".length + protocol.length + FIELD_OVERHEAD;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    size += (fields[i] as string).length + (fields[i + 1] as string).length + FIELD_OVERHEAD;
  }
  return head.contentLength < 0 ? size : size + "content-length".length + FIELD_OVERHEAD + 16;
}
