import { EncodedRequest } from "../../http1/index.js";
import type { Outgoing } from "../exchange/index.js";

/** A request as HTTP/1.1 sends it. */
export interface Http1Request {
  /** What goes out in one write: the head, and a small body with it. */
  readonly head: string | Buffer;
  /** Set where a body follows: it writes the head too, in place of `head`. */
  readonly rest: EncodedRequest | undefined;
}

/** Up to this size a body is joined to its head: copying it costs less than a second system call. */
const JOINED_BYTES = 64 * 1024;

/** Encodes the request, and leaves it in `outgoing.http1` for when it goes out again. */
export function encodeHttp1(outgoing: Outgoing): Http1Request {
  const { method, target, authority, fields, framing, source, close, trailers, expectWait } = outgoing;
  const encoded = new EncodedRequest({
    method,
    target: authority ?? target.path,
    host: target.host,
    headers: fields,
    framing,
    close,
    trailerNames: typeof trailers === "object" ? namesOf(trailers) : undefined,
  });
  const joined =
    source === undefined
      ? encoded.headAlone
      : expectWait < 0
        ? encoded.whole(source.small, JOINED_BYTES)
        : undefined;
  const request: Http1Request = {
    head: joined ?? encoded.headAlone,
    rest: joined === undefined ? encoded : undefined,
  };
  outgoing.http1 = request;
  return request;
}

/** What the Trailer field announces (RFC 9110 §6.6.2): each name once, as it was first spelled. */
export function namesOf(trailers: readonly string[]): string[] {
  const names = new Map<string, string>();
  for (let i = trailers.length - 2; i >= 0; i -= 2) {
    const name = trailers[i] as string;
    names.set(name.toLowerCase(), name);
  }
  return [...names.values()].reverse();
}

/** The fields of an encoded head, for a trace. */
export function* fieldsOf({ head }: Http1Request): Iterable<readonly [string, string]> {
  const text = typeof head === "string" ? head : head.toString("latin1");
  const lines = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    yield [line.slice(0, colon), line.slice(colon + 1).trim()];
  }
}
