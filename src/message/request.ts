import { shownURL } from "../errors/index.js";
import type { Trace } from "../trace/index.js";
import { type BodySource, bodySource } from "./body-source.js";
import { streamOf } from "./body-stream.js";
import { createHeaders, Headers, type HeadersInit, headersFromRaw, rawHeaders } from "./headers.js";
import { INSPECT } from "./inspect-symbol.js";
import { feedFromIterator } from "./iterator-feed.js";
import { inheritFromPlatform } from "./platform.js";
import { appendQuery } from "./query.js";
import {
  bodyOf,
  continueWait,
  normaliseMethod,
  type RedirectMode,
  type RequestInit,
  signalOf,
} from "./request-init.js";
import { Response } from "./response.js";
import { authorizedTarget, parseTarget, parseURL, type Target } from "./target.js";

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Tells the constructor that the client has checked everything and fills the rest itself. */
const PLAIN: RequestInit = Object.freeze({});

// The doors into the private state, opened once by the static block of the class.
let makePlain: (method: string, target: Target) => Request;
let partsOf: (request: Request) => RequestParts;
let configure: (
  request: Request,
  headers: Headers | undefined,
  source: BodySource | undefined,
  signal: AbortSignal | undefined,
) => void;
let derive: (request: Request, changes: RequestChanges) => Request;
let recognise: (request: Request | globalThis.Request) => Request | undefined;

/** Under this name the requests of another copy of this package show what they are made of. */
const PARTS: unique symbol = Symbol.for("trunkline.request.0");

interface SharedParts extends RequestParts {
  /** The fields in order and case of the wire. */
  readonly fields: readonly string[];
}

/** What {@link derivedRequest} gives a request that differs from the one it is made from. */
export interface RequestChanges {
  readonly method?: string;
  readonly target?: Target;
  /** The fragment, "#" included. */
  readonly hash?: string;
  readonly headers?: Headers;
  /** Present, even as `undefined`: in place of the body. */
  readonly source?: BodySource | undefined;
  readonly signal?: AbortSignal;
}

/** A request: the WHATWG class's interface, `instanceof globalThis.Request`, and the extras of {@link RequestInit}. */
export class Request {
  #target: Target;
  #method: string;
  #headers: Headers | undefined;
  #source: BodySource | undefined;
  #signal: AbortSignal | undefined;
  #stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #used = false;
  #hash = "";
  /** How redirects are treated; `follow` unless said otherwise. */
  redirect: RedirectMode = "follow";
  idempotentMark: boolean | undefined = undefined;
  trailers: RequestInit["trailers"] = undefined;
  onInformational: RequestInit["onInformational"] = undefined;
  trace: Trace | undefined = undefined;
  /** Milliseconds the body waits for a 100; `undefined` when it does not wait. */
  expectContinue: number | undefined = undefined;
  /** The call it belongs to; a request made from it belongs to the same one. @internal */
  call: unknown = undefined;

  /**
   * @throws TypeError when the URL, the method or a header cannot be sent, or GET and HEAD are given a body.
   */
  constructor(input: string | URL | Request | globalThis.Request, init?: RequestInit, plain?: Target) {
    if (init === PLAIN) {
      this.#target = plain as Target;
      this.#method = input as string;
      return;
    }
    inheritFromPlatform("Request", Request);
    // Anything else is a URL by its text, as in fetch.
    const base =
      typeof input === "object" && typeof (input as Partial<Request> | null)?.url === "string"
        ? (recognise(input as Request) ?? (input as globalThis.Request))
        : undefined;
    const href = base === undefined ? String(input) : base.url;
    const query = init?.query;
    const target = parseTarget(query === undefined ? href : appendQuery(parseURL(href), query).href);
    const authorization = base instanceof Request ? base.#target.authorization : undefined;
    this.#target = authorization === undefined ? target : authorizedTarget(target, authorization);
    const hash = href.indexOf("#");
    if (hash >= 0) this.#hash = parseURL(href).hash;
    this.#method = normaliseMethod(init?.method === undefined ? (base?.method ?? "GET") : init.method);
    this.#headers = new Headers(init?.headers ?? (base?.headers as HeadersInit | undefined));
    this.#signal = init?.signal === undefined ? (base?.signal as AbortSignal | undefined) : signalOf(init);
    this.redirect = init?.redirect ?? (base?.redirect as RedirectMode | undefined) ?? "follow";
    if (!["follow", "manual", "error"].includes(this.redirect)) {
      throw new TypeError(
        `Cannot use redirect ${JSON.stringify(this.redirect)} as it must be follow, manual or error`,
      );
    }
    if (base instanceof Request) {
      this.idempotentMark = base.idempotentMark;
      this.trailers = base.trailers;
      this.onInformational = base.onInformational;
      this.expectContinue = base.expectContinue;
      this.trace = base.trace;
      this.call = base.call;
    }
    if (init !== undefined) this.#takeExtras(init);
    const given = init === undefined ? undefined : bodyOf(init);
    if (given !== undefined) this.#setBody(given);
    else if (init?.body === undefined && base !== undefined) this.#inheritBody(base);
    if (this.#source !== undefined && (this.#method === "GET" || this.#method === "HEAD")) {
      throw new TypeError(`Cannot send a body with ${this.#method}; use POST, PUT or PATCH`);
    }
  }

  static {
    makePlain = (method, target) => new Request(method, PLAIN, target);
    partsOf = (request) => ({
      target: request.#target,
      headers: request.#headers,
      source: request.#source,
      signal: request.#signal,
    });
    configure = (request, headers, source, signal) => {
      request.#headers = headers;
      request.#source = source;
      request.#signal = signal;
    };
    recognise = (request) => {
      if (#target in request) return request;
      const parts = (request as { readonly [PARTS]?: SharedParts })[PARTS];
      if (parts === undefined) return undefined;
      const own = makePlain(request.method, parts.target);
      own.#hash = request.url.slice(parts.target.href.length);
      own.#headers = headersFromRaw([...parts.fields]);
      own.#source = parts.source;
      own.#signal = parts.signal;
      own.#copyExtras(request as Request);
      return own;
    };
    derive = (request, changes) => {
      const copy = makePlain(changes.method ?? request.#method, changes.target ?? request.#target);
      copy.#hash = changes.hash ?? request.#hash;
      copy.#headers =
        changes.headers ?? (request.#headers === undefined ? undefined : createHeaders(request.#headers));
      copy.#source = "source" in changes ? changes.source : request.#source;
      copy.#signal = changes.signal ?? request.#signal;
      copy.#copyExtras(request);
      return copy;
    };
  }

  /** Upper case for the methods of fetch; others as given. */
  get method(): string {
    return this.#method;
  }

  /** The normalised URL, without user part. */
  get url(): string {
    return `${this.#target.href}${this.#hash}`;
  }

  /** The URL, parsed. */
  get parsedURL(): URL {
    return new URL(this.url);
  }

  get headers(): Headers {
    this.#headers ??= new Headers();
    return this.#headers;
  }

  /** Aborts the call, its body included. Always present, as fetch has it. */
  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    const source = this.#source;
    if (source === undefined) return null;
    if (this.#stream === undefined) {
      const stream: ReadableStream<Uint8Array<ArrayBuffer>> = streamOf(feedFromIterator(source), () => {
        // `clone` reads the stream for both; this request goes on with its own branch, which nobody has used yet.
        if (this.#stream === stream) this.#markUsed();
      });
      this.#stream = stream;
    }
    return this.#stream;
  }

  get bodyUsed(): boolean {
    return this.#used;
  }

  /** Whether it may be sent again after a connection was lost. */
  get idempotent(): boolean {
    return (
      this.idempotentMark ??
      (IDEMPOTENT.has(this.#method) ||
        (this.#headers?.has("idempotency-key") ?? false) ||
        (this.#headers?.has("x-idempotency-key") ?? false))
    );
  }

  // Members of the WHATWG class that mean something only in a browser; their values are the defaults there.
  get cache(): "default" {
    return "default";
  }
  get credentials(): "same-origin" {
    return "same-origin";
  }
  get destination(): "" {
    return "";
  }
  get duplex(): "half" {
    return "half";
  }
  get integrity(): "" {
    return "";
  }
  get keepalive(): boolean {
    return false;
  }
  get mode(): "cors" {
    return "cors";
  }
  get referrer(): string {
    return "about:client";
  }
  get referrerPolicy(): "" {
    return "";
  }
  get [Symbol.toStringTag](): string {
    return "Request";
  }

  text(): Promise<string> {
    return this.#asResponse().text();
  }
  json<T = unknown>(): Promise<T> {
    return this.#asResponse().json<T>();
  }
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#asResponse().bytes();
  }
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#asResponse().arrayBuffer();
  }
  blob(): Promise<Blob> {
    return this.#asResponse().blob();
  }
  formData(): Promise<FormData> {
    return this.#asResponse().formData();
  }

  /** The same request again. A body that can be read only once is split between the two. */
  clone(): Request {
    if (this.#used) throw new TypeError("Cannot clone this request as its body has been used");
    const copy = makePlain(this.#method, this.#target);
    copy.#hash = this.#hash;
    copy.#headers = this.#headers === undefined ? undefined : new Headers(this.#headers);
    copy.#signal = this.#signal;
    copy.#copyExtras(this);
    const source = this.#source;
    if (source !== undefined) {
      if (source.replayable) {
        copy.#source = source;
      } else {
        const [mine, theirs] = (this.body as ReadableStream<Uint8Array<ArrayBuffer>>).tee();
        this.#stream = undefined;
        this.#source = bodySource(mine);
        copy.#source = bodySource(theirs);
      }
    }
    return copy;
  }

  #copyExtras(from: Request): void {
    this.redirect = from.redirect;
    this.idempotentMark = from.idempotentMark;
    this.trailers = from.trailers;
    this.onInformational = from.onInformational;
    this.expectContinue = from.expectContinue;
    this.trace = from.trace;
    this.call = from.call;
  }

  #asResponse(): Response {
    if (this.#used) throw new TypeError("Cannot read the request body as it has already been used");
    const source = this.#source;
    if (source === undefined) return new Response(null);
    this.#markUsed();
    const type = this.headers.get("content-type");
    const response = new Response(streamOf(feedFromIterator(source)));
    if (type !== null) response.headers.set("content-type", type);
    return response;
  }

  #markUsed(): void {
    this.#used = true;
  }

  #takeExtras(init: RequestInit): void {
    if (init.idempotent !== undefined) this.idempotentMark = init.idempotent;
    if (init.trailers !== undefined) this.trailers = init.trailers;
    if (init.onInformational !== undefined) this.onInformational = init.onInformational;
    if (init.expectContinue !== undefined) this.expectContinue = continueWait(init.expectContinue);
    if (init.trace !== undefined) this.trace = init.trace;
  }

  #setBody(source: BodySource): void {
    this.#source = source;
    if (source.contentType !== undefined && !this.headers.has("content-type")) {
      this.headers.set("content-type", source.contentType);
    }
  }

  #inheritBody(base: Request | globalThis.Request): void {
    if (base.bodyUsed) throw new TypeError("Cannot make a Request from one whose body has been used");
    if (base instanceof Request) {
      this.#source = base.#source;
      if (base.#source !== undefined && !base.#source.replayable) base.#markUsed();
    } else if (base.body !== null) {
      this.#source = bodySource(base.body as unknown as ReadableStream<Uint8Array<ArrayBuffer>>);
    }
  }
}

Object.defineProperty(Request.prototype, INSPECT, {
  value(this: Request): string {
    return `Request { method: ${JSON.stringify(this.method)}, url: ${JSON.stringify(shownURL(this.url))} }`;
  },
});

Object.defineProperty(Request.prototype, PARTS, {
  get(this: Request): SharedParts {
    return { ...partsOf(this), fields: rawHeaders(this.headers) };
  },
});

/** What the client and the transport need of a request without paying for the public getters. */
export interface RequestParts {
  readonly target: Target;
  readonly headers: Headers | undefined;
  readonly source: BodySource | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The request's parts. */
export function requestParts(request: Request): RequestParts {
  return partsOf(request);
}

/** A request from a parsed target; its method is not checked. */
export function plainRequest(method: string, target: Target): Request {
  return makePlain(method, target);
}

/** Sets what {@link plainRequest} left empty. */
export function configureRequest(
  request: Request,
  headers: Headers | undefined,
  source: BodySource | undefined,
  signal: AbortSignal | undefined,
): void {
  configure(request, headers, source, signal);
}

/**
 * The request as one of ours: itself, or one made from that of another copy of this package, which cannot be read as
 * ours can, or from the platform's.
 */
export function ownRequest(request: Request | globalThis.Request): Request {
  return (typeof request === "object" && request !== null && recognise(request)) || new Request(request);
}

/** A request that differs from `request` in `changes` only. They share a body that is not changed. */
export function derivedRequest(request: Request, changes: RequestChanges): Request {
  return derive(request, changes);
}
