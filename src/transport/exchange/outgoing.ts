import {
  frameRequest,
  NO_BODY,
  type RequestFraming,
  validateMethod,
  validateRequestHeaders,
  validateTrailers,
} from "../../http1/index.js";
import {
  type BodySource,
  createHeaders,
  DEFAULT_CONTINUE_WAIT,
  type Headers,
  type HeadersInit,
  type Request,
  rawHeaders,
  type Target,
} from "../../message/index.js";

/** A request that has been checked and framed, and is not bytes yet: what a carrier is given to send. */
export interface Outgoing {
  readonly method: string;
  /** As it goes out: through a proxy that forwards, its path is the whole URL. */
  readonly target: Target;
  /** What CONNECT asks for; undefined for every other method. */
  readonly authority: string | undefined;
  /** Name, value, name, value, …, those that every request has included. */
  readonly fields: readonly string[];
  readonly framing: RequestFraming;
  /** Undefined where there is no body. */
  readonly source: BodySource | undefined;
  /** What follows the body (name, value, …), or what makes it once the body has been sent; undefined for nothing. */
  readonly trailers: Trailers | undefined;
  /** The request asks for the connection to end with it. */
  readonly close: boolean;
  /** The request asks for another protocol on the connection. */
  readonly upgrade: boolean;
  /** The protocol it asks for, where HTTP/2 can carry that on a stream (RFC 8441); undefined where it asks for none, or another. */
  readonly protocol: string | undefined;
  /** Milliseconds the body waits for the server to ask for it; -1 for not at all. */
  readonly expectWait: number;
  /** What HTTP/2's `priority` field says, where the caller's fields say nothing; undefined for nothing. */
  readonly priority: string | undefined;
  /** Whether the request can be sent again. */
  readonly replayable: boolean;
  /** What a codec made of it, kept where the same request goes out again and again. Its own, by name. */
  http1: unknown;
  http2: unknown;
}

type Trailers = readonly string[] | (() => HeadersInit | Promise<HeadersInit>);

const NO_HEADERS: readonly string[] = [];
const USER_AGENT = "trunkline";

/**
 * Checks everything about a request and decides its framing, before anything is dialed.
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
): Outgoing {
  const { method } = request;
  if (
    headers === undefined &&
    source === undefined &&
    method === "GET" &&
    keepAlive &&
    request.trailers === undefined &&
    request.priorityField === undefined
  ) {
    return plainGet(target, acceptEncoding);
  }
  const fields = headers === undefined ? NO_HEADERS : rawHeaders(headers);
  validateMethod(method);
  if (method === "TRACE" && source !== undefined) {
    throw new TypeError("Cannot send a body with TRACE (RFC 9110 §9.3.8); omit it, or use POST");
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
  // Who writes the field by hand wants to be asked for the body too.
  const asked = request.expectContinue ?? (facts.expectContinue ? DEFAULT_CONTINUE_WAIT : -1);
  const expectWait = empty ? -1 : asked;
  const own = empty && facts.expectContinue ? withoutExpect(fields) : fields;
  const all = withDefaults(own, target, method === "HEAD" ? undefined : acceptEncoding);
  return {
    method,
    target,
    authority: method === "CONNECT" ? authorityOf(target, headers, source) : undefined,
    fields: expectWait >= 0 && !facts.expectContinue ? [...all, "Expect", "100-continue"] : all,
    framing,
    source,
    trailers,
    close,
    upgrade,
    protocol: facts.upgrade && method === "GET" && source === undefined ? tunnelled(fields) : undefined,
    expectWait,
    priority: headers?.has("priority") === true ? undefined : request.priorityField,
    replayable: source === undefined || source.replayable,
    http1: undefined,
    http2: undefined,
  };
}

/** Of what `Upgrade` may name, servers of HTTP/2 know this one (RFC 8441). */
function tunnelled(fields: readonly string[]): string | undefined {
  const values: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if ((fields[i] as string).toLowerCase() === "upgrade") values.push((fields[i + 1] as string).trim());
  }
  return values.length === 1 && values[0]?.toLowerCase() === "websocket" ? "websocket" : undefined;
}

/** Whether sending it calls functions of the caller's: a source that is not in memory, trailers made at the end. */
export function runsCallersCode({ source, trailers }: Outgoing): boolean {
  return (source !== undefined && source.small === undefined) || typeof trailers === "function";
}

/** The trailers, fixed now where they are known; those of a function can be neither checked nor announced. */
function trailersOf({ trailers }: Request, source: BodySource | undefined): Trailers | undefined {
  if (trailers === undefined) return undefined;
  if (source === undefined) {
    throw new TypeError(
      'Cannot send trailers without a body: they follow it; an empty one (body: "") is enough',
    );
  }
  if (typeof trailers === "function") return trailers;
  const fields = rawHeaders(createHeaders(trailers));
  validateTrailers(fields);
  return fields;
}

/** Without content there is nothing to ask for (RFC 9110 §10.1.1). */
function withoutExpect(fields: readonly string[]): readonly string[] {
  return fields.filter((_, index) => (fields[index - (index % 2)] as string).toLowerCase() !== "expect");
}

/** What CONNECT asks for (RFC 9110 §9.3.6): the `Host` field's host and port, else the server itself. */
function authorityOf(target: Target, headers: Headers | undefined, source: BodySource | undefined): string {
  if (source !== undefined) {
    throw new TypeError(
      "Cannot send a body with CONNECT; write to response.upgraded once the response has arrived",
    );
  }
  const host = headers?.get("host") ?? `${target.host}`;
  return /:\d+$/.test(host) ? host : `${host}:${target.port}`;
}

/** A GET without fields of its own is the same each time. */
function plainGet(target: Target, acceptEncoding: string | undefined): Outgoing {
  return (
    acceptEncoding === undefined
      ? (target.plainGet ??= bareGet(target, undefined))
      : (target.codedGet ??= bareGet(target, acceptEncoding))
  ) as Outgoing;
}

function bareGet(target: Target, acceptEncoding: string | undefined): Outgoing {
  return {
    method: "GET",
    target,
    authority: undefined,
    fields: withDefaults(NO_HEADERS, target, acceptEncoding),
    framing: NO_BODY,
    source: undefined,
    trailers: undefined,
    close: false,
    upgrade: false,
    protocol: undefined,
    expectWait: -1,
    priority: undefined,
    replayable: true,
    http1: undefined,
    http2: undefined,
  };
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
  const omitted: number[] = [];
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
          // One is enough (RFC 9110 §10.1.5): the first, as in Go.
          if (userAgent || fields[i + 1] === "") omitted.push(i);
          userAgent = true;
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
  if (accept && userAgent && authorization && coding && omitted.length === 0) return fields;
  const all = omitted.length === 0 ? [...fields] : fields.filter((_, i) => !omitted.includes(i - (i % 2)));
  if (!userAgent) all.unshift("User-Agent", USER_AGENT);
  if (!accept) all.push("Accept", "*/*");
  if (!coding) all.push("Accept-Encoding", acceptEncoding as string);
  if (!authorization) all.push("Authorization", target.authorization as string);
  return all;
}
