import { shownURL } from "../errors/index.js";
import { givenMembers } from "../runtime/index.js";
import type { Trace } from "../trace/index.js";
import { Body } from "./body.js";
import { blobOf, decodeUtf8, ownBytes, textStreamOf } from "./body-forms.js";
import type { ByteStream } from "./body-stream.js";
import { guardText } from "./foreign-reader.js";
import { parseFormData } from "./form-data.js";
import { createHeaders, Headers, type HeadersInit, headersFromRaw, rawHeaders } from "./headers.js";
import { INSPECT, type Inspect } from "./inspect-symbol.js";
import { needArguments, shapeInterface } from "./interface-shape.js";
import { inheritFromPlatform } from "./platform.js";
import { isPlatformRequest, platformBody } from "./platform-request.js";
import {
  checkedSignal,
  normaliseMethod,
  priorityField,
  type RequestExtras,
  type RequestInit,
} from "./request-init.js";
import type { RequestChanges, RequestParts } from "./request-members.js";
import {
  DEFAULT_MODES,
  modesOf,
  REQUEST_SHAPE,
  type RedirectMode,
  type ReferrerPolicy,
  type RequestCache,
  type RequestCredentials,
  type RequestMode,
  type RequestModes,
  requestMembers,
  requestModes,
} from "./request-members.js";
import type { BodySource } from "./source.js";
import { fetchTarget, hashOf, type Target } from "./target.js";

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
let spend: (request: Request) => void;

/** Under this name the requests of another copy of this package show what they are made of. */
const PARTS: unique symbol = Symbol.for("trunkline.request.0");

interface SharedParts extends RequestParts {
  /** The fields in order and case of the wire. */
  readonly fields: readonly string[];
}

/** A request: the WHATWG class (Fetch §5.4), `instanceof globalThis.Request`, and more that a client can send. */
export class Request {
  #target: Target;
  #method: string;
  #headers: Headers | undefined;
  #source: BodySource | undefined;
  #body: Body | undefined;
  /** What aborts the call; the public signal, made when somebody asks for it, follows it. */
  #given: AbortSignal | undefined;
  #signal: AbortSignal | undefined;
  #hash = "";
  #modes: RequestModes = DEFAULT_MODES;
  #idempotent: boolean | undefined;
  #trailers: RequestExtras["trailers"];
  #onInformational: RequestExtras["onInformational"];
  #trace: Trace | undefined;
  #expectContinue: number | undefined;
  #priority: string | undefined;
  #call: unknown;

  /** @throws TypeError for a URL, method, header or member of `init` that cannot be used, and for GET or HEAD with a body. */
  constructor(input: string | URL | Request | globalThis.Request, init?: RequestInit);
  /** @internal */
  constructor(input: string | URL | Request | globalThis.Request, init?: RequestInit, plain?: Target);
  constructor(input: string | URL | Request | globalThis.Request, init?: RequestInit, plain?: Target) {
    if (init === PLAIN) {
      this.#target = plain as Target;
      this.#method = input as string;
      return;
    }
    needArguments(arguments, 1, "new Request");
    inheritFromPlatform("Request", Request);
    const base = requestOf(input);
    if (base === undefined) {
      const url = typeof input === "string" ? input : `${input}`;
      this.#target = fetchTarget(url);
      this.#hash = hashOf(url);
      this.#method = "GET";
    } else {
      this.#target = base.#target;
      this.#hash = base.#hash;
      this.#method = base.#method;
      this.#given = base.#given;
      this.#modes = base.#modes;
      this.#priority = base.#priority;
    }
    if (init === undefined || init === null) {
      if (base === undefined) return;
      this.#headers = base.#headers === undefined ? undefined : createHeaders(base.#headers);
    } else {
      const members = requestMembers(givenMembers(init));
      this.#modes = requestModes(this.#modes, members);
      if (members.method !== undefined) this.#method = normaliseMethod(members.method);
      if (members.priority !== undefined) this.#priority = priorityField(members.priority, undefined);
      if (members.signal !== undefined) this.#given = checkedSignal(members.signal);
      this.#headers = new Headers(members.headers === undefined ? base?.headers : members.headers);
      if (members.body !== undefined && members.body !== null) {
        this.#setBody(Body.extract(members.body), members);
        return;
      }
    }
    const inherited = base === undefined ? undefined : base.#whole();
    if (inherited === undefined) return;
    this.#refuseBodyless();
    this.#body = inherited.handOver();
  }

  static {
    makePlain = (method, target) => new Request(method, PLAIN, target);
    partsOf = (request) => {
      return {
        target: request.#target,
        headers: request.#headers,
        source: request.#body === undefined ? request.#source : request.#body.source,
        signal: request.#given,
      };
    };
    configure = (request, headers, source, signal) => {
      request.#headers = headers;
      request.#source = source;
      request.#given = signal;
    };
    recognise = (request) => {
      if (#target in request) return request;
      const parts = (request as { readonly [PARTS]?: SharedParts })[PARTS];
      if (parts === undefined) return undefined;
      const own = makePlain(request.method, parts.target);
      own.#hash = hashOf(request.url);
      own.#headers = headersFromRaw([...parts.fields]);
      own.#source = parts.source;
      own.#given = parts.signal;
      const { cache, credentials, integrity, keepalive, mode, redirect, referrer, referrerPolicy } =
        request as Request;
      own.#modes = { cache, credentials, integrity, keepalive, mode, redirect, referrer, referrerPolicy };
      own.#copyExtras(request as Request);
      return own;
    };
    derive = (request, given) => {
      const changes = givenMembers(given);
      const copy = makePlain(changes.method ?? request.#method, changes.target ?? request.#target);
      copy.#hash = changes.hash ?? request.#hash;
      copy.#headers =
        changes.headers ?? (request.#headers === undefined ? undefined : createHeaders(request.#headers));
      if ("source" in changes) copy.#source = changes.source;
      else copy.#source = request.#body === undefined ? request.#source : request.#body.source;
      copy.#given = changes.signal ?? request.#given;
      copy.#modes = changes.modes === undefined ? request.#modes : { ...request.#modes, ...changes.modes };
      copy.#copyExtras(request);
      return copy;
    };
    spend = (request) => request.#whole()?.take();
    Object.defineProperty(Request.prototype, INSPECT, {
      value(this: Request, depth: number, options: object, inspect: Inspect): string {
        if (!(#target in this)) return "Request {}";
        if (depth < 0) return "[Request]";
        const { method, url, headers, bodyUsed } = this;
        return `Request ${inspect({ method, url: shownURL(url), headers, bodyUsed }, options)}`;
      },
      writable: true,
      configurable: true,
    });
    guardText(Request.prototype);
    Object.defineProperty(Request.prototype, PARTS, {
      get(this: Request): SharedParts {
        return { ...partsOf(this), fields: rawHeaders(this.headers) };
      },
    });
  }

  /** The method. Fetch's standard methods are in upper case; others are as given. */
  get method(): string {
    return this.#method;
  }

  /** The normalised URL. */
  get url(): string {
    return `${this.#target.href}${this.#hash}`;
  }

  /** The URL as a `URL`; a new one each time, so changing it does not change the request. */
  get parsedURL(): URL {
    return new URL(this.url);
  }

  /** The request's headers; changes to them are sent. */
  get headers(): Headers {
    this.#headers ??= new Headers();
    return this.#headers;
  }

  /** This request's own signal. It aborts when the signal given in `init` does; without one it never aborts. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const given = this.#given;
      this.#signal = given === undefined ? new AbortController().signal : AbortSignal.any([given]);
    }
    return this.#signal;
  }

  /** The body as a stream, or `null` when the request has no body. */
  get body(): ByteStream | null {
    return this.#whole()?.stream ?? null;
  }

  /** Whether the body has been read, or was sent. */
  get bodyUsed(): boolean {
    return this.#whole()?.used ?? false;
  }

  /** The cache mode. There is no cache here; see `RequestInit.cache` for what is sent. Default `"default"`. */
  get cache(): RequestCache {
    return this.#modes.cache;
  }
  /** The credentials mode; without effect outside a browser. Default `"same-origin"`. */
  get credentials(): RequestCredentials {
    return this.#modes.credentials;
  }
  /** Subresource Integrity hashes, one of which the response's body must match; empty (the default) for no check. */
  get integrity(): string {
    return this.#modes.integrity;
  }
  /** The value given in `init`; without effect outside a browser. Default false. */
  get keepalive(): boolean {
    return this.#modes.keepalive;
  }
  /** The request mode; without effect outside a browser. Default `"cors"`. */
  get mode(): RequestMode {
    return this.#modes.mode;
  }
  /** What happens to a redirect. Default `"follow"`. */
  get redirect(): RedirectMode {
    return this.#modes.redirect;
  }
  /** The referrer: a URL, `""` for none, or `"about:client"` (the default), which sends none here. */
  get referrer(): string {
    return this.#modes.referrer;
  }
  /** How much of the referrer is sent, and to whom; empty (the default) for `strict-origin-when-cross-origin`. */
  get referrerPolicy(): ReferrerPolicy {
    return this.#modes.referrerPolicy;
  }
  /** Always `""`, as for every request that a script makes. */
  get destination(): "" {
    this.#method;
    return "";
  }
  /** Always `"half"`, as in the Fetch standard. */
  get duplex(): "half" {
    this.#method;
    return "half";
  }
  /** Always false: only browsers navigate. */
  get isReloadNavigation(): boolean {
    this.#method;
    return false;
  }
  /** Always false: only browsers navigate. */
  get isHistoryNavigation(): boolean {
    this.#method;
    return false;
  }
  /** `"Request"`. */
  get [Symbol.toStringTag](): string {
    return "Request";
  }

  /** Reads the body as UTF-8 text. Rejects with a `TypeError` when the body has already been read. */
  async text(): Promise<string> {
    return decodeUtf8(await this.#collect());
  }
  /** Reads the body and parses it as JSON. Rejects with a `SyntaxError` when it is not JSON, else as `text()` does. */
  async json<T = unknown>(): Promise<T> {
    return JSON.parse(decodeUtf8(await this.#collect())) as T;
  }
  /** Reads the body as bytes. Rejects with a `TypeError` when the body has already been read. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return ownBytes(await this.#collect());
  }
  /** Reads the body into an `ArrayBuffer`. Rejects with a `TypeError` when the body has already been read. */
  async arrayBuffer(): Promise<ArrayBuffer> {
    return ownBytes(await this.#collect()).buffer;
  }
  /** Reads the body into a `Blob` of its content type. Rejects with a `TypeError` when the body has already been read. */
  async blob(): Promise<Blob> {
    return blobOf(await this.#collect(), this.headers);
  }
  /** Reads a multipart or URL-encoded body. Rejects with a `TypeError` when it is neither, or has already been read. */
  async formData(): Promise<FormData> {
    return parseFormData(await this.#collect(), this.headers.get("content-type"));
  }

  /** The body as a stream of UTF-8 text (Fetch §5.3). Throws a `TypeError` when it has been read or is locked. */
  textStream(): ReadableStream<string> {
    return textStreamOf(this.#whole());
  }

  /** A copy of the request; both have the whole body. Throws a `TypeError` when the body has already been used. */
  clone(): Request {
    const body = this.#whole();
    if (body?.unusable === true) throw new TypeError("Cannot clone this request: its body has been used");
    const copy = derive(this, { source: undefined });
    copy.#body = body?.clone();
    return copy;
  }

  // ── what a client knows of it beside ─────────────────────────────────────────────────────────────────────

  /** Whether it may be sent again after its connection was lost: the option `idempotent`, or its default. */
  get idempotent(): boolean {
    return (
      this.#idempotent ??
      (IDEMPOTENT.has(this.#method) ||
        (this.#headers?.has("idempotency-key") ?? false) ||
        (this.#headers?.has("x-idempotency-key") ?? false))
    );
  }
  /** What the option `idempotent` was set to; `undefined` (the default) lets the method and headers decide. */
  get idempotentMark(): boolean | undefined {
    return this.#idempotent;
  }
  set idempotentMark(mark: boolean | undefined) {
    this.#idempotent = mark;
  }
  /** Trailer fields to send after the body, or a function that returns them once the body has been sent; default none. */
  get trailers(): RequestExtras["trailers"] {
    return this.#trailers;
  }
  set trailers(trailers: RequestExtras["trailers"]) {
    this.#trailers = trailers;
  }
  /** Called with the status and headers of each 1xx response before the final one; default none. */
  get onInformational(): RequestExtras["onInformational"] {
    return this.#onInformational;
  }
  set onInformational(listener: RequestExtras["onInformational"]) {
    this.#onInformational = listener;
  }
  /** Hooks called for the events of this request; default none. */
  get trace(): Trace | undefined {
    return this.#trace;
  }
  set trace(trace: Trace | undefined) {
    this.#trace = trace;
  }
  /** Milliseconds that the body waits for `100 Continue`; `undefined` (the default) does not wait. */
  get expectContinue(): number | undefined {
    return this.#expectContinue;
  }
  set expectContinue(milliseconds: number | undefined) {
    this.#expectContinue = milliseconds;
  }
  /** The value of the `priority` header (RFC 9218), sent over HTTP/2 only; `undefined` (the default) sends none. */
  get priorityField(): string | undefined {
    return this.#priority;
  }
  set priorityField(field: string | undefined) {
    this.#priority = field;
  }
  /** The call it belongs to; a request made from it belongs to the same one. @internal */
  get call(): unknown {
    return this.#call;
  }
  /** @internal */
  set call(call: unknown) {
    this.#call = call;
  }

  #copyExtras(from: Request): void {
    this.#idempotent = from.idempotentMark;
    this.#trailers = from.trailers;
    this.#onInformational = from.onInformational;
    this.#expectContinue = from.expectContinue;
    this.#trace = from.trace;
    this.#priority = from.priorityField;
    this.#call = from.call;
  }

  /** The body as something that has a stream. */
  #whole(): Body | undefined {
    if (this.#body === undefined && this.#source !== undefined) this.#body = Body.fromSource(this.#source);
    return this.#body;
  }

  async #collect(): Promise<Buffer> {
    return (await this.#whole()?.collect()) ?? Buffer.alloc(0);
  }

  #setBody(body: Body, { duplex, keepalive }: { duplex: boolean; keepalive: boolean }): void {
    this.#refuseBodyless();
    if (!body.replayable) {
      if (keepalive)
        throw new TypeError(
          "Cannot send a stream with keepalive: keepalive needs a body that can be buffered",
        );
      if (!duplex) throw new TypeError('Cannot send a stream without duplex: "half" in the same init');
      const { mode } = this.#modes;
      if (mode !== "cors" && mode !== "same-origin") {
        throw new TypeError(`Cannot send a stream with mode ${JSON.stringify(mode)}`);
      }
    }
    this.#body = body;
    const type = body.contentType;
    if (type !== undefined && !this.headers.has("content-type")) this.headers.append("content-type", type);
  }

  #refuseBodyless(): void {
    if (this.#method !== "GET" && this.#method !== "HEAD") return;
    throw new TypeError(`Cannot send a body with ${this.#method}; use POST, PUT or PATCH`);
  }
}

shapeInterface(Request, REQUEST_SHAPE);

/** Anything that is not a request is a URL by its text, as in fetch. */
function requestOf(input: unknown): Request | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const own = recognise(input as Request);
  if (own !== undefined) return own;
  if (!isPlatformRequest(input)) return undefined;
  const { method, url, headers, signal } = input;
  const request = makePlain(method, fetchTarget(url));
  const taken = platformBody(input);
  configure(request, createHeaders(headers as HeadersInit), undefined, signal);
  return derive(request, {
    hash: hashOf(url),
    source: taken,
    modes: modesOf(input),
  });
}

/** The request's parts. @throws TypeError for a scheme that no connection is made for. */
export function requestParts(request: Request): RequestParts {
  const parts = partsOf(request);
  if (parts.target.unsupported !== undefined) throw new TypeError(parts.target.unsupported);
  return parts;
}

/** Where the request goes, whatever its scheme. */
export function requestTarget(request: Request): Target {
  return partsOf(request).target;
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

/** Marks the body as used: somebody sends it. */
export function spendBody(request: Request): void {
  spend(request);
}
