import { createHeaders, type Request, type Response, requestParts } from "../message/index.js";
import { defaultTransport, type RoundTripper, Transport } from "../transport/index.js";
import { Call } from "./call.js";
import { CallState } from "./call-state.js";
import { InnerChain, runCall, withMiddleware } from "./chain.js";
import { type CookieJar, CookieKeeper, LazyJar } from "./cookies/index.js";
import { DirectCall } from "./direct-call.js";
import { checkNames } from "./option-names.js";
import type { ClientOptions, Init } from "./options.js";
import { allowedOrigins, callPolicy, clientPolicy, type Policy } from "./policy.js";
import { pairs, RequestDefaults } from "./request-defaults.js";

/**
 * Policy for calls: base URL, headers, time limits, redirects, cookies, credentials, retries. A client has no
 * connections of its own and costs nothing to make: one per request, per task or per tenant still shares the pool of
 * its transport, as in Go.
 */
export class Client {
  readonly transport: RoundTripper;
  readonly #options: Readonly<ClientOptions>;
  readonly #defaults: RequestDefaults;
  readonly #policy: Policy;
  /** The transport when it is ours and there is no middleware, so that a call needs no promise in between. */
  readonly #direct: Transport | undefined;
  /** The middleware around the chain. */
  readonly #outer: RoundTripper;

  /** @throws TypeError for an option it does not have; RangeError for a value out of range. */
  constructor(options: ClientOptions = {}) {
    checkNames(options);
    this.transport = options.transport === undefined ? defaultTransport : options.transport;
    if (typeof (this.transport as Partial<RoundTripper> | null)?.roundTrip !== "function") {
      throw new TypeError("Cannot make a Client as its transport has no roundTrip method; pass a Transport");
    }
    const jar = options.cookies === true ? new LazyJar() : options.cookies;
    // With the jar, so that a client made from this one has the same.
    this.#options =
      jar === options.cookies ? options : { ...options, ...(jar === undefined ? {} : { cookies: jar }) };
    const origins = allowedOrigins(options);
    this.#defaults = new RequestDefaults(options, origins);
    this.#policy = clientPolicy(
      options,
      jar === undefined || jar === false ? undefined : keeperOf(jar),
      origins,
    );
    const { use = [] } = options;
    if (!Array.isArray(use) || use.some((middleware) => typeof middleware !== "function")) {
      throw new TypeError("Cannot make a Client as its option use must be an array of functions");
    }
    this.#direct = use.length === 0 && this.transport instanceof Transport ? this.transport : undefined;
    this.#outer = withMiddleware(use, new InnerChain(this.#policy, this.transport));
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

  /** GET. The call is a promise of the response that also has its body methods: `await client.get(url).json()`. */
  get(url: string | URL, init?: Init): Call {
    return this.#call("GET", url, init);
  }

  /** HEAD: the headers that GET would have, without the body. */
  head(url: string | URL, init?: Init): Call {
    return this.#call("HEAD", url, init);
  }

  /** DELETE. */
  delete(url: string | URL, init?: Init): Call {
    return this.#call("DELETE", url, init);
  }

  /** OPTIONS. */
  options(url: string | URL, init?: Init): Call {
    return this.#call("OPTIONS", url, init);
  }

  /** POST; the body is `json`, `form` or `body`. */
  post(url: string | URL, init?: Init): Call {
    return this.#call("POST", url, init);
  }

  /** PUT; the body as for `post`. */
  put(url: string | URL, init?: Init): Call {
    return this.#call("PUT", url, init);
  }

  /** PATCH; the body as for `post`. */
  patch(url: string | URL, init?: Init): Call {
    return this.#call("PATCH", url, init);
  }

  /**
   * A client with these options on top of its own: headers are added, middleware goes inside of the present one, all
   * else is replaced. It shares the transport, unless given another, and the cookie jar.
   */
  extend(options: ClientOptions): Client {
    const { headers: present, use = [] } = this.#options;
    const headers = createHeaders(present);
    for (const [name, value] of pairs(options.headers)) headers.set(name, value);
    return new Client({
      ...this.#options,
      transport: this.transport,
      ...options,
      headers,
      use: [...use, ...(options.use ?? [])],
    });
  }

  #call(
    method: string | undefined,
    input: string | URL | Request | globalThis.Request,
    init: Init | undefined,
  ): Call {
    return new Call((resolve, reject) => {
      let request: Request | undefined;
      try {
        request = this.#defaults.request(method, input, init);
        const policy =
          init === undefined
            ? this.#policy
            : callPolicy(this.#policy, init, requestParts(request).target.origin);
        const direct = this.#direct;
        if (direct !== undefined && !policy.chained && isPlain(request)) {
          new DirectCall(policy, direct, request, resolve, reject).start();
        } else {
          runCall(CallState.begin(policy, this.transport), request, this.#outer).then(resolve, reject);
        }
      } catch (error) {
        // A stream that will not be sent is closed, as on every other way a call can end.
        if (request !== undefined) void requestParts(request).source?.cancel(error);
        reject(error);
      }
    });
  }
}

/** Whether nothing of the caller's is to be called while the request is under way, so that nobody's context matters. */
function isPlain(request: Request): boolean {
  return (
    request.expectContinue === undefined &&
    request.onInformational === undefined &&
    request.trace === undefined
  );
}

function keeperOf(jar: CookieJar | true): CookieKeeper {
  if (typeof jar === "object" && typeof jar.cookiesFor === "function" && typeof jar.store === "function") {
    return new CookieKeeper(jar);
  }
  throw new TypeError(
    "Cannot use this for cookies as it must be true, false or a jar with cookiesFor and store",
  );
}
