import {
  EncodedRequest,
  encodeRequestHead,
  frameRequest,
  NO_BODY,
  validateMethod,
  validateRequestHeaders,
  validateTrailers,
} from "../http1/index.js";
import {
  type BodySource,
  createHeaders,
  type Headers,
  type HeadersInit,
  type Request,
  rawHeaders,
  type Target,
} from "../message/index.js";

/** A request whose body does not go out with its head. */
export interface Outgoing {
  readonly request: EncodedRequest;
  readonly source: BodySource;
  /** What follows the body (name, value, …), or what makes it once the body has been sent. */
  readonly trailers: Trailers;
}

type Trailers = readonly string[] | (() => HeadersInit | Promise<HeadersInit>);

/** A request ready for the wire. */
export interface Prepared {
  /** What goes out first, in one write: the head, and a small body with it. */
  readonly head: string | Buffer;
  /** What is written in place of `head` where the body does not go out with it. */
  readonly upload: Outgoing | undefined;
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
  if (
    headers === undefined &&
    source === undefined &&
    method === "GET" &&
    keepAlive &&
    request.trailers === undefined
  ) {
    return plainGet(target, acceptEncoding);
  }
  const fields = headers === undefined ? NO_HEADERS : rawHeaders(headers);
  validateMethod(method);
  if (method === "TRACE" && source !== undefined) {
    throw new TypeError("Cannot send a body with TRACE (RFC 9110 §9.3.8); leave it out, or use POST");
  }
  const trailers = trailersOf(request, source);
  const facts = validateRequestHeaders(fields, source === undefined ? 0 : (source.length ?? -1));
  const framing = frameRequest(
    method,
    source === undefined ? undefined : { length: source.length, trailers: trailers !== undefined },
    facts.contentLength,
  );
  const close = facts.close || !keepAlive;
  const upgrade = facts.upgrade || method === "CONNECT";
  const empty = framing.kind === "none" || (framing.kind === "length" && framing.length === 0);
  const expectWait = empty ? -1 : (request.expectContinue ?? -1);
  const own = empty && facts.expectContinue ? withoutExpect(fields) : fields;
  const all = withDefaults(own, target, method === "HEAD" ? undefined : acceptEncoding);
  const encoded = new EncodedRequest({
    method,
    target: method === "CONNECT" ? authorityOf(target, headers, source) : target.path,
    host: target.host,
    headers: expectWait >= 0 && !facts.expectContinue ? [...all, "Expect", "100-continue"] : all,
    framing,
    close,
    trailerNames: typeof trailers === "object" ? namesOf(trailers) : undefined,
  });
  const replayable = source === undefined || source.replayable;
  const joined =
    source === undefined
      ? encoded.headAlone
      : expectWait < 0
        ? encoded.whole(source.small, JOINED_BYTES)
        : undefined;
  return {
    head: joined ?? encoded.headAlone,
    upload:
      source === undefined || joined !== undefined
        ? undefined
        : { request: encoded, source, trailers: trailers ?? NO_HEADERS },
    close,
    replayable,
    upgrade,
    expectWait,
  };
}

/** The trailers, fixed now where they are known; those of a function can be neither checked nor announced. */
function trailersOf({ trailers }: Request, source: BodySource | undefined): Trailers | undefined {
  if (trailers === undefined) return undefined;
  if (source === undefined) {
    throw new TypeError(
      'Cannot send trailers without a body as they follow it; an empty one (body: "") will do',
    );
  }
  if (typeof trailers === "function") return trailers;
  const fields = rawHeaders(createHeaders(trailers));
  validateTrailers(fields);
  return fields;
}

/** What the Trailer field announces (RFC 9110 §6.6.2): each name once, as it was first spelled. */
function namesOf(trailers: readonly string[]): string[] {
  const names = new Map<string, string>();
  for (let i = trailers.length - 2; i >= 0; i -= 2) {
    const name = trailers[i] as string;
    names.set(name.toLowerCase(), name);
  }
  return [...names.values()].reverse();
}

/** Without content there is nothing to ask for (RFC 9110 §10.1.1). */
function withoutExpect(fields: readonly string[]): readonly string[] {
  return fields.filter((_, index) => (fields[index - (index % 2)] as string).toLowerCase() !== "expect");
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
