import {
  appendQuery,
  type BodySource,
  bodyOf,
  checkedSignal,
  configureRequest,
  continueWait,
  createHeaders,
  DEFAULT_MODES,
  derivedRequest,
  type Headers,
  type HeadersInit,
  normaliseMethod,
  ownRequest,
  parseTarget,
  parseURL,
  plainRequest,
  priorityField,
  type RedirectMode,
  Request,
  type RequestModes,
  rawHeaders,
  requestMembers,
  requestModes,
  requestParts,
  type Target,
} from "../message/index.js";
import { composeTraces, type Trace } from "../trace/index.js";
import { sensitiveNames } from "./option-table.js";
import type { ClientOptions, Init } from "./options.js";
import { nowhereToGo } from "./policy.js";
import { SENSITIVE } from "./redirect-request.js";

/** What a client adds to its requests: base URL, headers, redirect mode. */
export class RequestDefaults {
  readonly #base: BaseURL | undefined;
  readonly #headers: Headers | undefined;
  /** Those of {@link #headers} that any origin may see. */
  readonly #publicHeaders: Headers | undefined;
  readonly #origins: ReadonlySet<string>;
  readonly #redirect: RedirectMode;
  readonly #trace: Trace | undefined;

  /** @throws TypeError for a URL, a header or a mode that cannot be used. */
  constructor(options: ClientOptions, origins: ReadonlySet<string>) {
    const { baseURL, headers } = options;
    this.#base = baseURL === undefined ? undefined : new BaseURL(baseURL, options.relativeURLs);
    this.#headers = headers === undefined ? undefined : createHeaders(givenHeaders(headers));
    this.#publicHeaders = this.#headers;
    this.#origins = origins;
    this.#redirect = checkMode(options.redirect ?? "follow");
    this.#trace = options.trace;
    // What does not follow a redirect to another origin does not go there by an absolute URL either.
    const scoped = [...SENSITIVE, ...sensitiveNames(options.sensitiveHeaders)].filter((name) =>
      this.#headers?.has(name),
    );
    if (scoped.length === 0) return;
    if (origins.size === 0) throw nowhereToGo(`a default ${scoped[0]} header`);
    this.#publicHeaders = createHeaders(this.#headers);
    for (const name of scoped) this.#publicHeaders.delete(name);
  }

  /** The request of a call. @throws TypeError for one that cannot be sent. */
  request(
    verb: { readonly method: string | undefined; readonly strict: boolean },
    input: string | URL | Request | globalThis.Request,
    init: Init | undefined,
  ): Request {
    if (typeof input !== "string" && !(input instanceof URL))
      return this.#fromRequest(input, init ?? undefined, verb.strict);
    // As fetch does it: all of that request, to another URL.
    if (isRequest(init))
      return this.#fromRequest(new Request(this.#href(String(input)), init), undefined, false);
    const target = this.#target(String(input), init);
    let request = plainRequest(
      verb.method ?? (init?.method === undefined ? "GET" : normaliseMethod(init.method)),
      target,
    );
    if (init !== undefined || this.#headers !== undefined)
      request = this.#filled(request, target, init ?? undefined, verb.strict);
    if (this.#redirect !== "follow" && init?.redirect === undefined)
      request = derivedRequest(request, { modes: { redirect: this.#redirect } });
    if (this.#trace !== undefined) request.trace = composeTraces(this.#trace, request.trace);
    return request;
  }

  /** The caller's own request stays as it is. */
  #fromRequest(input: Request | globalThis.Request, given: Init | undefined, strict: boolean): Request {
    const without = strict ? omittedHeaders(given?.headers) : NO_NAMES;
    const init =
      given === undefined || without.length === 0
        ? given
        : { ...given, headers: givenHeaders(given.headers as HeadersInit) };
    let request = ownRequest(input);
    if (init !== undefined) request = withInit(request, init);
    const { target, headers } = requestParts(request);
    const defaults = this.#defaultsFor(target);
    if (defaults !== undefined) {
      const all = createHeaders(headers);
      addMissing(all, defaults, without);
      request = derivedRequest(request, { headers: all });
    }
    if (this.#redirect !== "follow" && request.redirect === "follow" && init?.redirect === undefined) {
      request = derivedRequest(request, { modes: { redirect: this.#redirect } });
    }
    if (this.#trace !== undefined) {
      if (request === input) request = derivedRequest(request, {});
      request.trace = composeTraces(this.#trace, request.trace);
    }
    return request;
  }

  #target(url: string, init: Init | undefined): Target {
    const href = this.#href(url);
    const query = init?.query;
    return parseTarget(query === undefined ? href : appendQuery(parseURL(href), query).href);
  }

  #href(url: string): string {
    return this.#base === undefined ? url : this.#base.of(url);
  }

  #defaultsFor(target: Target): Headers | undefined {
    return this.#headers === this.#publicHeaders || this.#origins.has(target.origin)
      ? this.#headers
      : this.#publicHeaders;
  }

  #filled(request: Request, target: Target, init: Init | undefined, strict: boolean): Request {
    const defaults = this.#defaultsFor(target);
    const without = strict ? omittedHeaders(init?.headers) : NO_NAMES;
    let headers =
      init?.headers === undefined
        ? undefined
        : createHeaders(without.length === 0 ? init.headers : givenHeaders(init.headers));
    if (defaults !== undefined) {
      if (headers === undefined) headers = createHeaders(defaults);
      else addMissing(headers, defaults, without);
    }
    if (init === undefined) {
      configureRequest(request, headers, undefined, undefined);
      return request;
    }
    const source = bodyOf(init);
    if (source !== undefined) {
      refuseBodyless(request.method, source);
      if (source.contentType !== undefined) {
        headers ??= createHeaders();
        if (!headers.has("content-type")) headers.set("content-type", source.contentType);
      }
    }
    configureRequest(request, headers, source, checkedSignal(init.signal));
    takeExtras(request, init);
    const modes = modesOf(init);
    return modes === undefined ? request : derivedRequest(request, { modes });
  }
}

/** The request with what an init changes of it. */
function withInit(base: Request, init: Init): Request {
  const { target, source: present, headers: own } = requestParts(base);
  const source = bodyOf(init) ?? present;
  const method = init.method === undefined ? base.method : normaliseMethod(init.method);
  if (source !== undefined) refuseBodyless(method, source);
  const headers = createHeaders(init.headers ?? own);
  if (source !== present && source?.contentType !== undefined && !headers.has("content-type")) {
    headers.set("content-type", source.contentType);
  }
  const signal = init.signal === undefined ? undefined : checkedSignal(init.signal);
  const modes = modesOf(init);
  const request = derivedRequest(base, {
    method,
    headers,
    source,
    ...(init.query === undefined ? {} : { target: parseTarget(appendQuery(target.href, init.query)) }),
    ...(signal === undefined ? {} : { signal }),
    ...(modes === undefined ? {} : { modes }),
  });
  takeExtras(request, init);
  return request;
}

function takeExtras(request: Request, init: Init): void {
  if (init.idempotent !== undefined) request.idempotentMark = init.idempotent;
  if (init.trailers !== undefined) request.trailers = init.trailers;
  if (init.expectContinue !== undefined) request.expectContinue = continueWait(init.expectContinue);
  if (init.onInformational !== undefined) request.onInformational = init.onInformational;
  if (init.trace !== undefined) request.trace = init.trace;
  const priority = priorityField(init.priority, init.incremental);
  if (priority !== undefined) request.priorityField = priority;
}

/** The members that change what is sent or accepted, where there are any. */
function modesOf(init: Init): Partial<RequestModes> | undefined {
  const { redirect, integrity, cache, referrer, referrerPolicy } = init;
  if (redirect !== undefined) checkMode(redirect);
  return redirect === undefined &&
    integrity === undefined &&
    cache === undefined &&
    referrer === undefined &&
    referrerPolicy === undefined
    ? undefined
    : requestModes(DEFAULT_MODES, requestMembers({ redirect, integrity, cache, referrer, referrerPolicy }));
}

function refuseBodyless(method: string, source: BodySource): void {
  if (method !== "GET" && method !== "HEAD") return;
  const error = new TypeError(`Cannot send a body with ${method}; use POST, PUT or PATCH`);
  void source.cancel(error);
  throw error;
}

const NO_NAMES: readonly string[] = [];

/** The names, in lower case, of the headers that are given as `undefined` or `null`: not to be sent. */
export function omittedHeaders(headers: HeadersInit | undefined): readonly string[] {
  if (headers === undefined || headers === null) return NO_NAMES;
  let names: string[] | undefined;
  if (Array.isArray(headers)) {
    for (const pair of headers as readonly unknown[]) {
      if (isOmitted(pair)) (names ??= []).push(String(pair[0]).toLowerCase());
    }
  } else if (!(Symbol.iterator in headers)) {
    for (const name of Object.keys(headers)) {
      const value: unknown = (headers as Readonly<Record<string, unknown>>)[name];
      if (value === undefined || value === null) (names ??= []).push(name.toLowerCase());
    }
  }
  return names ?? NO_NAMES;
}

/** Of any realm: the platform's, ours, another copy's. */
function isRequest(init: unknown): init is Request {
  return (
    typeof init === "object" && init !== null && Object.prototype.toString.call(init) === "[object Request]"
  );
}

/** Whether it is a pair of a name and no value. */
function isOmitted(pair: unknown): pair is readonly unknown[] {
  return Array.isArray(pair) && pair.length === 2 && (pair[1] === undefined || pair[1] === null);
}

/** The headers without those. */
function givenHeaders(headers: HeadersInit): HeadersInit {
  if (omittedHeaders(headers).length === 0) return headers;
  const entries = Array.isArray(headers) ? headers : Object.entries(headers);
  return entries.filter((pair: unknown) => !isOmitted(pair)) as [string, string][];
}

function addMissing(headers: Headers, defaults: Headers, without: readonly string[]): void {
  const missing = [...pairs(defaults)].filter(
    ([name]) => !headers.has(name) && !without.includes(name.toLowerCase()),
  );
  for (const [name, value] of missing) headers.append(name, value);
}

/** The fields, in order and case as given. */
export function* pairs(headers: ClientOptions["headers"]): Generator<[string, string]> {
  if (headers === undefined) return;
  const raw = rawHeaders(createHeaders(givenHeaders(headers)));
  for (let i = 0; i < raw.length; i += 2) yield [raw[i] as string, raw[i + 1] as string];
}

function checkMode(mode: RedirectMode): RedirectMode {
  if (mode === "follow" || mode === "manual" || mode === "error") return mode;
  throw new TypeError(`Cannot use redirect ${JSON.stringify(mode)}: it must be follow, manual or error`);
}

/** What a client's relative URLs become; see `relativeURLs` of the options. */
class BaseURL {
  readonly #url: URL;
  readonly #joins: boolean;
  /** Origin (with credentials) and path, without a slash at its end. */
  readonly #prefix: string;

  /** @throws TypeError for what is not a URL, or has parts that no joined URL would have. */
  constructor(base: string | URL, mode: "join" | "resolve" = "join") {
    const url = parseURL(String(base));
    this.#url = url;
    this.#joins = mode === "join";
    if (this.#joins && (url.search !== "" || url.hash !== "")) {
      throw new TypeError(
        `Cannot make a Client with this baseURL: it has a ${url.search !== "" ? "query" : "fragment"}, which calls would lose; pass it to each call (query), or set relativeURLs: "resolve"`,
      );
    }
    this.#prefix = url.href.replace(/[?#].*$/s, "").replace(/(?<!\/)\/+$/, "");
  }

  /** @throws TypeError for what is not a URL. */
  of(given: string): string {
    // As the URL parser does, before it looks for a scheme.
    const url = /[\x00-\x20]/.test(given) ? given.replace(/^[\x00-\x20]+|[\t\n\r]+/g, "") : given;
    if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return url;
    // Two slashes name a host, as everywhere; credentials do not go there.
    if (!this.#joins || /^[/\\]{2}/.test(url)) return parseURL(url, this.#url).href;
    if (url === "" || url.startsWith("?") || url.startsWith("#")) return `${this.#url.href}${url}`;
    return `${this.#prefix}/${/^[/\\]/.test(url) ? url.slice(1) : url}`;
  }
}
