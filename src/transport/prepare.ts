import {
  CHUNKED_BODY,
  encodeRequestHead,
  NO_BODY,
  type RequestFraming,
  validateMethod,
  validateRequestHeaders,
  validateTrailers,
} from "../http1/index.js";
import {
  type BodySource,
  createHeaders,
  type Headers,
  type Request,
  rawHeaders,
  type Target,
} from "../message/index.js";

/** A request ready for the wire. */
export interface Prepared {
  /** What goes out first, in one write: the head, and a small body with it. */
  readonly head: string | Buffer;
  /** A body that follows; undefined when there is none or it went with the head. */
  readonly upload: BodySource | undefined;
  /** Bytes the upload must have; -1 for chunked. */
  readonly uploadLength: number;
  /** The request asks for the connection to end with it. */
  readonly close: boolean;
  /** Whether the request can be sent again. */
  readonly replayable: boolean;
  /** The request asks for another protocol on the connection. */
  readonly upgrade: boolean;
  /** Milliseconds the body waits for the server to ask for it; -1 for not at all. */
  readonly expectWait: number;
}

const NO_HEADERS: readonly string[] = [];
/** Up to this size a body is joined to its head: copying it costs less than a second system call. */
const JOINED_BYTES = 64 * 1024;
const USER_AGENT = "trunkline";

/**
 * Checks everything about a request and encodes its head, before anything is dialed.
 *
 * @throws TypeError that names the offending header.
 */
export function prepare(
  request: Request,
  target: Target,
  headers: Headers | undefined,
  source: BodySource | undefined,
  keepAlive: boolean,
  acceptEncoding?: string,
): Prepared {
  const { method } = request;
  if (headers === undefined && source === undefined && method === "GET" && keepAlive)
    return plainGet(target, acceptEncoding);
  const fields = headers === undefined ? NO_HEADERS : rawHeaders(headers);
  validateMethod(method);
  const { trailers } = request;
  // Those that a function gives are known only when the body has been sent.
  if (trailers !== undefined && typeof trailers !== "function")
    validateTrailers(rawHeaders(createHeaders(trailers)));
  const length = trailers === undefined ? source?.length : undefined;
  const facts = validateRequestHeaders(fields, source === undefined ? 0 : (length ?? -1));
  const framing = framingOf(
    method,
    source,
    length ?? (trailers === undefined && facts.contentLength >= 0 ? facts.contentLength : undefined),
  );
  const close = facts.close || !keepAlive;
  const all = withDefaults(fields, target, method === "HEAD" ? undefined : acceptEncoding);
  const expectWait = framing.kind === "none" ? -1 : (request.expectContinue ?? -1);
  const upgrade = facts.upgrade || method === "CONNECT";
  const head = encodeRequestHead({
    method,
    target: method === "CONNECT" ? authorityOf(target, headers, source) : target.path,
    host: target.host,
    headers: expectWait >= 0 && !facts.expectContinue ? [...all, "Expect", "100-continue"] : all,
    framing,
    close,
  });
  const replayable = source === undefined || source.replayable;
  if (source === undefined) {
    return { head, upload: undefined, uploadLength: 0, close, replayable, upgrade, expectWait };
  }
  const joined =
    framing.kind === "length" && expectWait < 0 ? joinBody(head, source.small, framing.length) : undefined;
  if (joined !== undefined) {
    return { head: joined, upload: undefined, uploadLength: 0, close, replayable, upgrade, expectWait };
  }
  return {
    head,
    upload: source,
    uploadLength: framing.kind === "length" ? framing.length : -1,
    close,
    replayable,
    upgrade,
    expectWait,
  };
}

/** What CONNECT asks for (RFC 9110 §9.3.6): the `Host` field's host and port, else the server itself. */
function authorityOf(target: Target, headers: Headers | undefined, source: BodySource | undefined): string {
  if (source !== undefined) {
    throw new TypeError("Cannot send a body with CONNECT; write to response.upgraded once it is there");
  }
  const host = headers?.get("host") ?? `${target.host}`;
  return /:\d+$/.test(host) ? host : `${host}:${target.port}`;
}

/** A GET without fields of its own has the same head each time. */
function plainGet(target: Target, acceptEncoding: string | undefined): Prepared {
  const head =
    acceptEncoding === undefined
      ? (target.plainHead ??= encodePlainGet(target, undefined))
      : (target.codedHead ??= encodePlainGet(target, acceptEncoding));
  return {
    head,
    upload: undefined,
    uploadLength: 0,
    close: false,
    replayable: true,
    upgrade: false,
    expectWait: -1,
  };
}

function encodePlainGet(target: Target, acceptEncoding: string | undefined): string {
  return encodeRequestHead({
    method: "GET",
    target: target.path,
    host: target.host,
    headers: withDefaults(NO_HEADERS, target, acceptEncoding),
    framing: NO_BODY,
  });
}

function framingOf(
  method: string,
  source: BodySource | undefined,
  length: number | undefined,
): RequestFraming {
  if (source === undefined) return NO_BODY;
  if (length === undefined) return CHUNKED_BODY;
  // An empty body of a method that needs none is no body.
  if (length === 0 && method !== "POST" && method !== "PUT" && method !== "PATCH") return NO_BODY;
  return { kind: "length", length };
}

/** The fields every request has unless it says otherwise: an empty `user-agent` leaves it out, as in Go. */
function withDefaults(
  fields: readonly string[],
  target: Target,
  acceptEncoding: string | undefined,
): readonly string[] {
  let accept = false;
  let userAgent = false;
  let authorization = target.authorization === undefined;
  let coding = acceptEncoding === undefined;
  let omit = -1;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    switch (name.length) {
      case 5:
        // A part of a coded body cannot be decoded.
        coding ||= name.toLowerCase() === "range";
        break;
      case 6:
        accept ||= name.toLowerCase() === "accept";
        break;
      case 10:
        if (name.toLowerCase() === "user-agent") {
          userAgent = true;
          if (fields[i + 1] === "") omit = i;
        }
        break;
      case 13:
        authorization ||= name.toLowerCase() === "authorization";
        break;
      case 15:
        coding ||= name.toLowerCase() === "accept-encoding";
        break;
    }
  }
  if (accept && userAgent && authorization && coding && omit < 0) return fields;
  const all = omit < 0 ? [...fields] : [...fields.slice(0, omit), ...fields.slice(omit + 2)];
  if (!userAgent) all.unshift("User-Agent", USER_AGENT);
  if (!accept) all.push("Accept", "*/*");
  if (!coding) all.push("Accept-Encoding", acceptEncoding as string);
  if (!authorization) all.push("Authorization", target.authorization as string);
  return all;
}

function joinBody(
  head: string,
  small: string | Uint8Array | undefined,
  length: number,
): string | Buffer | undefined {
  if (small === undefined) return length === 0 ? head : undefined;
  if (length > JOINED_BYTES) return undefined;
  if (typeof small === "string") {
    // As many characters as bytes: ASCII, which is the same in latin1.
    return small.length === length
      ? head + small
      : Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(small, "utf8")]);
  }
  const joined = Buffer.allocUnsafe(head.length + small.byteLength);
  joined.write(head, 0, "latin1");
  joined.set(small, head.length);
  return joined;
}
