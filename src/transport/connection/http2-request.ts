import { expectsBody } from "../../http1/index.js";
import type { Http2RequestHead } from "../../http2/index.js";
import type { Outgoing } from "../exchange/index.js";
import { namesOf } from "./http1-request.js";

/** The request as HTTP/2 says it; what was made when it went out before is used again, so that its head is known by the encoder. */
export function http2Head(outgoing: Outgoing): Http2RequestHead {
  const known = outgoing.http2 as Http2RequestHead | undefined;
  if (known !== undefined) return known;
  const { method, target, framing, protocol } = outgoing;
  const fields = fieldsOf(outgoing);
  const head: Http2RequestHead = {
    method: protocol === undefined ? method : "CONNECT",
    protocol,
    scheme: target.secure ? "https" : "http",
    authority: hostOf(fields) ?? target.host,
    path: target.path,
    fields,
    contentLength: framing.kind === "none" ? (expectsBody(method) ? 0 : -1) : framing.length,
  };
  outgoing.http2 = head;
  return head;
}

/** A body in memory up to this size goes out right behind its head; a longer one is given out bit by bit. */
const SMALL_BODY = 16 * 1024;
const NOTHING = new Uint8Array(0);

/** The whole body where it goes out with its head, be it empty; undefined where it follows. */
export function bodyWithHead({ source, framing, expectWait, trailers }: Outgoing): Uint8Array | undefined {
  if (source === undefined || framing.kind === "none") return NOTHING;
  if (expectWait >= 0 || trailers !== undefined || framing.kind !== "length") return undefined;
  const { small } = source;
  const bytes = typeof small === "string" ? Buffer.from(small) : small;
  return bytes !== undefined && bytes.length <= SMALL_BODY && bytes.length === framing.length
    ? bytes
    : undefined;
}

/** The request's fields, and what only HTTP/2 says, or says otherwise. */
function fieldsOf({ fields: given, priority, trailers, protocol }: Outgoing): readonly string[] {
  const more: string[] = [];
  const fields = protocol === undefined ? given : withoutKey(given);
  if (priority !== undefined) more.push("Priority", priority);
  if (typeof trailers === "object" && !hasField(fields, "trailer"))
    more.push("Trailer", namesOf(trailers).join(", "));
  return more.length === 0 ? fields : [...fields, ...more];
}

/** A stream needs no proof that the server understood (RFC 8441 section 5). */
function withoutKey(fields: readonly string[]): readonly string[] {
  return fields.filter(
    (_, index) => (fields[index - (index % 2)] as string).toLowerCase() !== "sec-websocket-key",
  );
}

function hasField(fields: readonly string[], name: string): boolean {
  return fields.some((field, index) => index % 2 === 0 && field.toLowerCase() === name);
}

/** A Host of the caller's own: it is the authority, as in Go. */
function hostOf(fields: readonly string[]): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.length === 4 && name.toLowerCase() === "host") return fields[i + 1];
  }
  return undefined;
}

/** The fields of the head as they are sent, for a trace. */
export function* http2FieldsOf(head: Http2RequestHead): Iterable<readonly [string, string]> {
  yield [":method", head.method];
  if (head.protocol !== undefined) yield [":protocol", head.protocol];
  yield [":scheme", head.scheme];
  yield [":authority", head.authority];
  yield [":path", head.path];
  for (let i = 0; i < head.fields.length; i += 2) {
    yield [(head.fields[i] as string).toLowerCase(), head.fields[i + 1] as string];
  }
}
