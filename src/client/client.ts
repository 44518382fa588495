import { showCaller, shownURL, tellCaller } from "../errors/index.js";
import {
  createHeaders,
  derivedRequest,
  INSPECT,
  type Inspect,
  type Request,
  type Response,
  readyBody,
  requestParts,
} from "../message/index.js";
import { givenMembers, ownMembers } from "../runtime/index.js";
import { defaultTransport, type RoundTripper } from "../transport/index.js";
import { Chain } from "./chain.js";
import { LazyJar } from "./cookies/index.js";
import { type Downloaded, type DownloadInit, download } from "./download.js";
import { isCallError } from "./http-error.js";
import type { ClientOptions, Init } from "./options.js";
import {
  allowedOrigins,
  type CallKind,
  callPolicy,
  checkClientOptions,
  clientPolicy,
  type Policy,
} from "./policy.js";
import { omittedHeaders, pairs, RequestDefaults } from "./request-defaults.js";

/** What a client was made with, without secrets; for `console.log`. */
let shownOf: (client: Client) => Record<string, unknown>;

/**
 * Policy for calls: base URL, headers, time limits, redirects, cookies, credentials, retries. A client owns no
 * connections and costs almost nothing to create: make one per request, per task or per tenant, and they still share
 * the pool of their transport, as in Go.
 */
export class Client {
  /** What sends this client's requests: the transport it was given, or {@link defaultTransport}. */
  readonly transport: RoundTripper;
  readonly #options: Readonly<ClientOptions>;
  readonly #defaults: RequestDefaults;
  readonly #policy: Policy;
  readonly #chain: Chain;

  /** @throws TypeError for an unknown option or a value of the wrong kind; RangeError for a value out of range. */
  constructor(given: ClientOptions = {}) {
    checkClientOptions(given);
    const options = ownMembers(given);
    this.transport = options.transport === undefined ? defaultTransport : options.transport;
    if (typeof (this.transport as Partial<RoundTripper> | null)?.roundTrip !== "function") {
      throw new TypeError("Cannot make a Client: its transport has no roundTrip method; pass a Transport");
    }
    // With the jar, so that a client made from this one has the same.
    this.#options = options.cookies === true ? ownMembers({ ...options, cookies: new LazyJar() }) : options;
    const origins = allowedOrigins(options);
    this.#defaults = new RequestDefaults(options, origins);
    this.#policy = clientPolicy(this.#options, origins);
    this.#chain = new Chain(this.#policy, this.transport, options.use ?? []);
  }

  /**
   * Sends a request and resolves when the response's head is in. As in WHATWG fetch, a status of 400 or more is not an
   * error. Rejects with a `TypeError`, before anything is dialed, when the request cannot be sent; with a
   * {@link NetworkError} or {@link TimeoutError} when it fails; with the signal's reason when it aborts.
   */
  fetch(input: string | URL | Request | globalThis.Request, init?: Init): Promise<Response> {
    return this.#call(FETCH, input, init, false);
  }

  /** The same for a ready `Request`, as in Go. An unknown option rejects the call, as it does in the verbs. */
  do(request: Request, options?: Init): Promise<Response> {
    return this.#call(DO, request, options, false);
  }

  /**
   * Sends a GET request. The result is a promise of the response that also has its body methods, so one `await` is
   * enough: `await client.get(url).json()`. An unknown option rejects the call, here and in the other verbs; otherwise
   * it fails as `fetch` does.
   */
  get(url: string | URL, init?: Init): Call;
  get(url: string | URL, init?: Init, ...more: unknown[]): Call {
    return this.#call(GET, url, init, more.length > 0);
  }

  /** Sends a HEAD request: GET's headers without the body. */
  head(url: string | URL, init?: Init): Call;
  head(url: string | URL, init?: Init, ...more: unknown[]): Call {
    return this.#call(HEAD, url, init, more.length > 0);
  }

  /** Sends a DELETE request. */
  delete(url: string | URL, init?: Init): Call;
  delete(url: string | URL, init?: Init, ...more: unknown[]): Call {
    return this.#call(DELETE, url, init, more.length > 0);
  }

  /** Sends an OPTIONS request. */
  options(url: string | URL, init?: Init): Call;
  options(url: string | URL, init?: Init, ...more: unknown[]): Call {
    return this.#call(OPTIONS, url, init, more.length > 0);
  }

  /** Sends a POST request; the body is `json`, `form` or `body`. */
  post(url: string | URL, init?: Init): Call;
  post(url: string | URL, init?: Init, ...more: unknown[]): Call {
    return this.#call(POST, url, init, more.length > 0);
  }

  /** Sends a PUT request; the body as for `post`. */
  put(url: string | URL, init?: Init): Call;
  put(url: string | URL, init?: Init, ...more: unknown[]): Call {
    return this.#call(PUT, url, init, more.length > 0);
  }

  /** Sends a PATCH request; the body as for `post`. */
  patch(url: string | URL, init?: Init): Call;
  patch(url: string | URL, init?: Init, ...more: unknown[]): Call {
    return this.#call(PATCH, url, init, more.length > 0);
  }

  /**
   * Downloads a URL to a file. The file gets its name once it is complete; with `resume`, a download continues from what
   * an earlier attempt left. Memory stays at a few buffers, whatever the size.
   *
   * @throws HTTPError for a status other than 2xx; the call's error; the system's error when the file cannot be written.
   */
  download(url: string | URL, path: string | URL, init: DownloadInit = {}): Promise<Downloaded> {
    return tellCaller(
      download((options) => this.get(url, options), url, path, init),
      isCallError,
    );
  }

  /**
   * Makes a client with these options on top of this one's: headers are merged, middleware is added inside the existing
   * middleware, and every other option replaces the old value. The new client shares the transport and the cookie jar,
   * unless it is given others.
   */
  extend(given: ClientOptions): Client {
    const options = ownMembers(given);
    const { headers: present, use = [] } = this.#options;
    const headers = createHeaders([...pairs(present)]);
    for (const name of omittedHeaders(options.headers)) headers.delete(name);
    for (const [name, value] of pairs(options.headers)) headers.set(name, value);
    return new Client({
      ...this.#options,
      transport: this.transport,
      ...options,
      headers,
      use: [...use, ...(options.use ?? [])],
    });
  }

  static {
    shownOf = (client) => {
      const { auth, headers, baseURL, cookies, ...others } = client.#options;
      const shown: Record<string, unknown> = {};
      if (baseURL !== undefined) shown["baseURL"] = shownURL(String(baseURL));
      if (headers !== undefined) shown["headers"] = createHeaders([...pairs(headers)]);
      if (auth !== undefined) shown["auth"] = "***";
      if (cookies !== undefined) shown["cookies"] = cookies !== false;
      return { ...shown, ...others, transport: client.transport };
    };
  }

  #call(
    kind: Verb,
    input: string | URL | Request | globalThis.Request,
    given: Init | undefined,
    more: boolean,
  ): Call {
    const init = typeof given === "object" && given !== null ? givenMembers(given) : given;
    return new Call((resolve, reject) => {
      let request: Request | undefined;
      try {
        if (kind.strict) checkArguments(kind, input, init, more);
        request = this.#defaults.request(kind, input, init);
        const policy =
          init === undefined || init === null
            ? this.#policy
            : callPolicy(this.#policy, init, requestParts(request).target.origin, kind);
        const ready = typeof input === "string" ? undefined : readyBody(requestParts(request).source);
        if (ready === undefined) {
          this.#chain.start(policy, request, resolve);
        } else {
          const waiting = request;
          resolve(
            ready.then(
              (source) =>
                new Promise((settle) =>
                  this.#chain.start(policy, derivedRequest(waiting, { source }), settle),
                ),
            ),
          );
        }
      } catch (error) {
        // A stream that will not be sent is closed, as on every other way a call can end.
        if (request !== undefined) void requestParts(request).source?.cancel(error);
        showCaller(error, this.#call);
        reject(error);
      }
    });
  }
}

Object.defineProperty(Client.prototype, INSPECT, {
  value(this: Client, depth: number, options: object, inspect: Inspect): string {
    return depth < 0 ? "[Client]" : `Client ${inspect(shownOf(this), options)}`;
  },
});

/** One of the ways to make a call. */
interface Verb extends CallKind {
  /** Its method; undefined where the request has one. */
  readonly method: string | undefined;
}

const FETCH: Verb = { name: "fetch", method: undefined, strict: false, takesBody: false };
const DO: Verb = { name: "do", method: undefined, strict: true, takesBody: false };
const GET = verb("get", false);
const HEAD = verb("head", false);
const DELETE = verb("delete", false);
const OPTIONS = verb("options", false);
const POST = verb("post", true);
const PUT = verb("put", true);
const PATCH = verb("patch", true);

function verb(name: string, takesBody: boolean): Verb {
  return { name, method: name.toUpperCase(), strict: true, takesBody };
}

/** @throws TypeError for arguments in the manner of other clients, which would be lost here. */
function checkArguments(kind: Verb, input: unknown, init: unknown, more: boolean): void {
  const { name, method, takesBody } = kind;
  const usage = `${name}(url, ${takesBody ? "{ json, headers }" : "{ query, headers }"})`;
  if (method !== undefined && typeof input === "object" && !isURL(input)) {
    throw new TypeError(`Cannot use this as the URL of ${name}; write ${usage}, or fetch(request)`);
  }
  if (more) {
    throw new TypeError(`Cannot pass a third argument to ${name}: it takes two, ${usage}`);
  }
  if (init === undefined || init === null) return;
  // What is a thing of the platform's, or a list, is a body.
  if (typeof init !== "object" || Symbol.iterator in init || Symbol.toStringTag in init) {
    throw new TypeError(`Cannot use this as the options of ${name}: they must be an object; write ${usage}`);
  }
  const given = (init as Init).method;
  if (method === undefined || given === undefined) return;
  if (String(given).toUpperCase() !== method) {
    throw new TypeError(
      `Cannot use method ${JSON.stringify(given)} in ${name}: it sends ${method}; use fetch(url, { method })`,
    );
  }
}

/** Of any realm. */
function isURL(value: object | null): boolean {
  return typeof (value as { readonly href?: unknown } | null)?.href === "string";
}

/**
 * What the verbs return: a promise of the response that also has the response's body methods, so one `await` is enough:
 * `await client.get(url).json()`.
 */
export class Call extends Promise<Response> {
  /** The body as text; see `Response.text`. */
  text(): Promise<string> {
    return this.then((response) => response.text());
  }

  /** The body parsed as JSON; see `Response.json`. */
  json<T = unknown>(): Promise<T> {
    return this.then((response) => response.json<T>());
  }

  /** The body's bytes; see `Response.bytes`. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.then((response) => response.bytes());
  }

  /** The body's bytes as an `ArrayBuffer`; see `Response.arrayBuffer`. */
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.then((response) => response.arrayBuffer());
  }

  /** The body as a blob with its media type; see `Response.blob`. */
  blob(): Promise<Blob> {
    return this.then((response) => response.blob());
  }

  /** The body parsed as a form; see `Response.formData`. */
  formData(): Promise<FormData> {
    return this.then((response) => response.formData());
  }
}

// `await` takes a promise as it is only when its `constructor` is `Promise`; for any other it makes a second one
// and waits three more turns of the microtask queue. What `then` returns is a plain promise too.
Object.defineProperty(Call.prototype, "constructor", { value: Promise, configurable: true, writable: true });

/** The client behind `get`, `post` and the other functions: all defaults, on `defaultTransport`. */
export const defaultClient: Client = new Client();

/** Sends a GET request: `defaultClient.get`. */
export function get(url: string | URL, init?: Init): Call {
  return defaultClient.get(url, init);
}

/** Sends a HEAD request: `defaultClient.head`. */
export function head(url: string | URL, init?: Init): Call {
  return defaultClient.head(url, init);
}

/** Sends a POST request: `defaultClient.post`. */
export function post(url: string | URL, init?: Init): Call {
  return defaultClient.post(url, init);
}

/** Sends a PUT request: `defaultClient.put`. */
export function put(url: string | URL, init?: Init): Call {
  return defaultClient.put(url, init);
}

/** Sends a PATCH request: `defaultClient.patch`. */
export function patch(url: string | URL, init?: Init): Call {
  return defaultClient.patch(url, init);
}

/** Sends a DELETE request: `defaultClient.delete`, under another name because `delete` is a keyword. */
export function del(url: string | URL, init?: Init): Call {
  return defaultClient.delete(url, init);
}
