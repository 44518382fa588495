import {
  type BodyInit,
  bodyOf,
  configureRequest,
  createHeaders,
  type Headers,
  normaliseMethod,
  parseTarget,
  parseURL,
  appendQuery,
  plainRequest,
  rawHeaders,
  Request,
  type Response,
  type Target,
} from "../message/index.js";
import { defaultTransport, type RoundTripper, type Settle, Transport } from "../transport/index.js";
import { Call } from "./call.js";
import type { ClientOptions, Init } from "./options.js";

/**
 * Policy for calls: base URL, headers, time limits. A client has no connections of its own and costs nothing to
 * make: one per request, per task or per tenant still shares the pool of its transport, as in Go.
 */
export class Client {
  readonly transport: RoundTripper;
  readonly #options: Readonly<ClientOptions>;
  readonly #baseURL: URL | undefined;
  readonly #headers: Headers | undefined;
  readonly #timeout: number;
  /** The transport when it is ours, so that a call needs no promise in between. */
  readonly #direct: Transport | undefined;

  /** @throws TypeError for an option it does not have; RangeError for a value out of range. */
  constructor(options: ClientOptions = {}) {
    for (const name of Object.keys(options)) {
      if (!OPTION_NAMES.has(name)) throw new TypeError(`Cannot make a Client as it has no option ${JSON.stringify(name)}${belongs(name)}`);
    }
    this.#options = options;
    this.transport = options.transport ?? defaultTransport;
    if (typeof this.transport.roundTrip !== "function") {
      throw new TypeError("Cannot make a Client as its transport has no roundTrip method; pass a Transport");
    }
    this.#direct = this.transport instanceof Transport ? this.transport : undefined;
    this.#baseURL = options.baseURL === undefined ? undefined : parseURL(String(options.baseURL));
    this.#headers = options.headers === undefined ? undefined : createHeaders(options.headers);
    this.#timeout = checkTimeout(options.timeout);
  }

  /**
   * Sends a request and resolves when the response's head is in. Follows WHATWG fetch: a status of 400 or more is
   * not an error.
   *
   * @throws TypeError for a request that cannot be sent, before anything is dialed; NetworkError and TimeoutError;
   * the signal's reason when it aborts. All as rejections.
   */
  fetch(input: string | URL | Request | globalThis.Request, init?: Init): Promise<Response> {
    return this.#call(undefined, input, init);
  }

  /** The same, Go-style. */
  do(request: Request): Promise<Response> {
    return this.#call(undefined, request, undefined);
  }

  get(url: string | URL, init?: Init): Call {
    return this.#call("GET", url, init);
  }

  head(url: string | URL, init?: Init): Call {
    return this.#call("HEAD", url, init);
  }

  delete(url: string | URL, init?: Init): Call {
    return this.#call("DELETE", url, init);
  }

  options(url: string | URL, init?: Init): Call {
    return this.#call("OPTIONS", url, init);
  }

  post(url: string | URL, init?: Init): Call {
    return this.#call("POST", url, init);
  }

  put(url: string | URL, init?: Init): Call {
    return this.#call("PUT", url, init);
  }

  patch(url: string | URL, init?: Init): Call {
    return this.#call("PATCH", url, init);
  }

  /** A client with these options on top of its own. It shares the transport, unless given another. */
  extend(options: ClientOptions): Client {
    const headers = createHeaders(this.#options.headers);
    for (const [name, value] of pairs(options.headers)) headers.set(name, value);
    return new Client({ ...this.#options, transport: this.transport, ...options, headers });
  }

  #call(method: string | undefined, input: string | URL | Request | globalThis.Request, init: Init | undefined): Call {
    return new Call((resolve, reject) => {
      let request: Request;
      let timeout: number;
      try {
        request = this.#request(method, input, init);
        timeout = init?.timeout === undefined ? this.#timeout : checkTimeout(init.timeout);
      } catch (error) {
        reject(error);
        return;
      }
      this.#send(request, timeout, { resolve, reject });
    });
  }

  #send(request: Request, timeout: number, settle: Settle): void {
    const direct = this.#direct;
    if (direct !== undefined) {
      direct.start(request, settle, timeout === NEVER ? undefined : { deadline: direct.now() + timeout, timeout });
      return;
    }
    this.transport.roundTrip(request).then(settle.resolve, settle.reject);
  }

  #request(method: string | undefined, input: string | URL | Request | globalThis.Request, init: Init | undefined): Request {
    if (typeof input === "string" || input instanceof URL) {
      const target = this.#target(String(input), init);
      const request = plainRequest(method ?? (init?.method === undefined ? "GET" : normaliseMethod(init.method)), target);
      if (init !== undefined || this.#headers !== undefined) this.#fill(request, init);
      return request;
    }
    const request = init === undefined && input instanceof Request ? input : new Request(input, init);
    if (this.#headers !== undefined) {
      for (const [name, value] of pairs(this.#headers)) if (!request.headers.has(name)) request.headers.append(name, value);
    }
    return request;
  }

  #target(url: string, init: Init | undefined): Target {
    if (this.#baseURL === undefined && init?.query === undefined) return parseTarget(url);
    const resolved = parseURL(url, this.#baseURL);
    return parseTarget((init?.query === undefined ? resolved : appendQuery(resolved, init.query)).href);
  }

  #fill(request: Request, init: Init | undefined): void {
    const defaults = this.#headers;
    let headers = init?.headers === undefined ? undefined : createHeaders(init.headers);
    if (defaults !== undefined) {
      if (headers === undefined) headers = createHeaders(defaults);
      else for (const [name, value] of pairs(defaults)) if (!headers.has(name)) headers.append(name, value);
    }
    if (init === undefined) {
      configureRequest(request, headers, undefined, undefined);
      return;
    }
    const source = bodyOf(init);
    if (source !== undefined) {
      if (request.method === "GET" || request.method === "HEAD") {
        throw new TypeError(`Cannot send a body with ${request.method}; use POST, PUT or PATCH`);
      }
      if (source.contentType !== undefined) {
        headers ??= createHeaders();
        if (!headers.has("content-type")) headers.set("content-type", source.contentType);
      }
    }
    configureRequest(request, headers, source, init.signal ?? undefined);
    if (init.redirect !== undefined) request.redirect = init.redirect;
    if (init.idempotent !== undefined) request.idempotentMark = init.idempotent;
    if (init.trailers !== undefined) request.trailers = init.trailers;
    if (init.onInformational !== undefined) request.onInformational = init.onInformational;
  }
}

const NEVER = Number.POSITIVE_INFINITY;

function checkTimeout(timeout: number | undefined): number {
  if (timeout === undefined) return NEVER;
  if (typeof timeout !== "number" || Number.isNaN(timeout) || timeout < 0) {
    throw new RangeError(`Cannot use ${String(timeout)} for timeout as it must be a number of milliseconds, at least 0`);
  }
  return timeout;
}

function* pairs(headers: ClientOptions["headers"]): Generator<[string, string]> {
  if (headers === undefined) return;
  const raw = rawHeaders(createHeaders(headers));
  for (let i = 0; i < raw.length; i += 2) yield [raw[i] as string, raw[i + 1] as string];
}

const OPTIONS: Record<keyof ClientOptions, true> = { transport: true, baseURL: true, headers: true, timeout: true };
const OPTION_NAMES = new Set<string>(Object.keys(OPTIONS));

function belongs(name: string): string {
  return /^(max|idle|keep|connect|tls|proxy|lookup)/i.test(name) ? "; options about connections belong to the Transport" : "";
}

export type { BodyInit };
