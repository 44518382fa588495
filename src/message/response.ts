import type { Duplex } from "node:stream";
import { shownURL } from "../errors/index.js";
import type { Decision, ResponseConnection, Timings } from "../trace/index.js";
import { BodyIterator } from "./body-iterator.js";
import { type BodyReader, ownCopy } from "./body-reader.js";
import { type BodyInit, bodySource } from "./body-source.js";
import { streamOf } from "./body-stream.js";
import { parseFormData } from "./form-data.js";
import { freezeHeaders, Headers, type HeadersInit } from "./headers.js";
import { INSPECT } from "./inspect-symbol.js";
import { feedFromIterator } from "./iterator-feed.js";
import { branchSource } from "./one-shot-source.js";
import { inheritFromPlatform } from "./platform.js";
import { checkStatus, checkStatusText, hasNoBody } from "./status.js";
import { redirectLocation } from "./target.js";
import type { ResponseOrigin, WireResponse } from "./wire-response.js";

/** What a response that is made by hand begins with. */
export interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
}

/** Tells the constructor that the engine fills the response itself. */
const FROM_WIRE: ResponseInit = Object.freeze({});

// The doors into the private state, opened once by the static block of the class.
let fromWire: (wire: WireResponse) => Response;
let bodyOf: (response: Response) => BodyReader | null;
let replaceBody: (response: Response, body: BodyReader | null) => void;
let headerOf: (response: Response, name: string) => string | null;
let isOwn: (response: object) => response is Response;
let fill: (response: Response, body: BodyReader | null, url: string) => void;

/** Under this name the responses of another copy of this package show what they were made from. */
export const SHARED_WIRE: unique symbol = Symbol.for("trunkline.response.1");

/**
 * A response: the interface of the WHATWG class, `instanceof globalThis.Response`, and what a program needs to
 * see its connection. The body is read from the connection as it is asked for; small ones have arrived already.
 */
export class Response {
  #wire: WireResponse | undefined;
  #body: BodyReader | null = null;
  #status = 200;
  #statusText: string | undefined;
  #headers: Headers | undefined;
  #url = "";
  #stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #type: "basic" | "default" | "error" = "default";
  /** True when a redirect led here. */
  redirected = false;
  /** How many exchanges the call needed: 1 without retries and redirects. */
  attempts = 1;

  /**
   * Makes a response by hand, as tests and middleware do.
   *
   * @throws RangeError when the status is not 200 to 599; TypeError when a status that has no body is given one.
   */
  constructor(body?: BodyInit | null, init?: ResponseInit) {
    if (init === FROM_WIRE) return;
    inheritFromPlatform("Response", Response);
    const status = checkStatus(init?.status ?? 200);
    this.#status = status;
    this.#statusText = checkStatusText(init?.statusText ?? "");
    this.#headers = new Headers(init?.headers);
    if (body === undefined || body === null) return;
    if (hasNoBody(status)) throw new TypeError(`Cannot make a Response with status ${status} and a body`);
    const source = bodySource(body);
    if (source.contentType !== undefined && !this.#headers.has("content-type")) {
      this.#headers.set("content-type", source.contentType);
    }
    this.#body = feedFromIterator(source);
  }

  static {
    Object.defineProperty(Response.prototype, INSPECT, {
      value(this: Response): string {
        return `Response { status: ${this.status}, url: ${JSON.stringify(shownURL(this.url))}, bodyUsed: ${this.bodyUsed} }`;
      },
    });
    fromWire = (wire) => {
      const response = new Response(undefined, FROM_WIRE);
      response.#wire = wire;
      response.#status = wire.status;
      response.#body = wire.body;
      response.#url = wire.url;
      response.#type = "basic";
      return response;
    };
    Object.defineProperty(Response.prototype, SHARED_WIRE, {
      get(this: Response): WireResponse | undefined {
        return this.#wire?.body === this.#body ? this.#wire : undefined;
      },
    });
    isOwn = (response) => #wire in response;
    fill = (response, body, url) => {
      response.#body = body;
      response.#url = url;
      if (url !== "") response.#type = "basic";
    };
    bodyOf = (response) => response.#body;
    replaceBody = (response, body) => {
      response.#body = body;
      response.#stream = undefined;
    };
    headerOf = (response, name) => {
      const wire = response.#wire;
      if (response.#headers === undefined && wire !== undefined) {
        const found = wire.header(name);
        if (found !== undefined) return found;
      }
      return response.headers.get(name);
    };
  }

  /** A network error, as the platform's `Response.error()`. */
  static error(): Response {
    const response = new Response();
    response.#type = "error";
    response.#status = 0;
    freezeHeaders(response.headers);
    return response;
  }

  /** A response with `value` as JSON and its content type. */
  static json(value: unknown, init?: ResponseInit): Response {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError("Cannot make a JSON response as the value is not JSON");
    const headers = new Headers(init?.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return new Response(text, { ...init, headers });
  }

  /** A response that redirects to `url`. */
  static redirect(url: string | URL, status = 302): Response {
    if (![301, 302, 303, 307, 308].includes(status)) {
      throw new RangeError(`Cannot redirect with status ${status} as it must be 301, 302, 303, 307 or 308`);
    }
    const response = new Response(null, { status, headers: { location: redirectLocation(url) } });
    freezeHeaders(response.headers);
    return response;
  }

  get status(): number {
    return this.#status;
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }

  get statusText(): string {
    this.#statusText ??= (this.#wire as WireResponse).statusText;
    return this.#statusText;
  }

  /** The response's headers; read-only where it came from the network. */
  get headers(): Headers {
    this.#headers ??= (this.#wire as WireResponse).headers();
    return this.#headers;
  }

  /** The final URL, without user part and fragment. */
  get url(): string {
    return this.#url;
  }

  get type(): "basic" | "default" | "error" {
    return this.#type;
  }

  get [Symbol.toStringTag](): string {
    return "Response";
  }

  // ── the connection ───────────────────────────────────────────────────────────────────────────────────────

  /** The connection it came over. @throws TypeError where the response was made by hand; so do {@link timings} and {@link why}. */
  get connection(): ResponseConnection {
    return this.#origin("connection").connection;
  }

  /** Where the time went, in milliseconds. */
  get timings(): Timings {
    return this.#origin("timings").timings;
  }

  /** Why this connection: which ones were considered, and what would have saved the dial. */
  why(): Decision {
    return this.#origin("a decision").why();
  }

  /** The fields after a chunked body, once it has been read. Failures are those of the body. */
  get trailers(): Promise<Headers> {
    return this.#wire === undefined ? Promise.resolve(new Headers()) : this.#wire.exchange.trailers;
  }

  /**
   * The connection as a stream, after a 101 to a request with `Connection: upgrade`, or a 2xx to CONNECT. It begins
   * with the bytes that came behind the response, is its owner's to end, and no time limit applies any more.
   */
  get upgraded(): Duplex | undefined {
    return this.#wire?.upgraded;
  }

  #origin(what: string): ResponseOrigin {
    if (this.#wire === undefined) {
      throw new TypeError(`Cannot tell ${what} of this response as it was not received from a server`);
    }
    return this.#wire.exchange;
  }

  // ── the body ─────────────────────────────────────────────────────────────────────────────────────────────

  /** The body as a stream; `null` where there cannot be one (HEAD, 204, 304). */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    const body = this.#body;
    if (body === null) return null;
    if (this.#stream === undefined) {
      this.#stream = streamOf(body);
      if (body.taken) this.#stream.getReader();
    }
    return this.#stream;
  }

  get bodyUsed(): boolean {
    return this.#body?.taken ?? false;
  }

  /** The body as text, decoded as UTF-8. */
  text(): Promise<string> {
    const body = this.#body;
    if (body === null) return Promise.resolve("");
    if (!this.#take(body)) return this.#used("text");
    const now = body.textNow();
    return now === undefined ? body.collect().then(decodeUtf8) : Promise.resolve(now);
  }

  /** The body parsed as JSON. @throws SyntaxError when it is not JSON. */
  json<T = unknown>(): Promise<T> {
    const body = this.#body;
    if (body === null) return Promise.reject(this.#notJson("", undefined));
    if (!this.#take(body)) return this.#used("json");
    const now = body.textNow();
    if (now === undefined) return body.collect().then((bytes) => this.#parse<T>(decodeUtf8(bytes)));
    try {
      return Promise.resolve(JSON.parse(now) as T);
    } catch (error) {
      return Promise.reject(this.#notJson(now, error));
    }
  }

  /** The body's bytes, in memory of their own. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const body = this.#body;
    if (body === null) return new Uint8Array(0);
    if (!this.#take(body)) return this.#used("bytes");
    const bytes = await body.collect();
    const whole = bytes.byteLength === bytes.buffer.byteLength;
    return whole ? new Uint8Array(bytes.buffer as ArrayBuffer) : ownCopy(bytes, 0, bytes.length);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.headers.get("content-type") ?? "" });
  }

  /** The body parsed as a form, `multipart/form-data` or `application/x-www-form-urlencoded`. */
  async formData(): Promise<FormData> {
    return parseFormData(await this.bytes(), this.headers.get("content-type"));
  }

  /** The body's bytes as they arrive. Leaving the loop early gives the rest up. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined, undefined> {
    const body = this.#body;
    if (body === null) return new BodyIterator(undefined, undefined);
    if (!this.#take(body)) return new BodyIterator(undefined, this.#used("iterate"));
    return new BodyIterator(body, undefined);
  }

  /** Gives up what has not been read of the body: a short rest is read, a long one costs the connection. Safe always. */
  async close(): Promise<void> {
    this.upgraded?.destroy();
    await this.#body?.cancel(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A second response with the same head and body. Both bodies must be read or closed. */
  clone(): Response {
    const body = this.#body;
    if (body?.taken === true || this.#stream?.locked === true) {
      throw new TypeError("Cannot clone this response as its body has been used");
    }
    const copy = new Response(undefined, FROM_WIRE);
    copy.#wire = this.#wire;
    copy.#status = this.#status;
    copy.#statusText = this.#statusText;
    copy.#headers = this.#headers === undefined ? undefined : new Headers(this.#headers);
    copy.#url = this.#url;
    copy.#type = this.#type;
    copy.redirected = this.redirected;
    copy.attempts = this.attempts;
    if (body !== null) {
      const [mine, theirs] = (this.body as ReadableStream<Uint8Array<ArrayBuffer>>).tee();
      this.#body = feedFromIterator(branchSource(mine));
      this.#stream = undefined;
      copy.#body = feedFromIterator(branchSource(theirs));
    }
    return copy;
  }

  /** Begins to read the body, unless somebody has. Its stream is locked, as in fetch: it would take bytes away. */
  #take(body: BodyReader): boolean {
    if (body.taken || this.#stream?.locked === true) return false;
    body.take();
    this.#stream?.getReader();
    return true;
  }

  #used(what: string): Promise<never> {
    return Promise.reject(
      new TypeError(
        `Cannot read the response body (${what}) as it has already been used; clone() the response first`,
      ),
    );
  }

  #parse<T>(text: string): T {
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw this.#notJson(text, error);
    }
  }

  #notJson(text: string, cause: unknown): SyntaxError {
    const type = this.headers.get("content-type") ?? "no content-type";
    const what = text === "" ? "it is empty" : "it is not JSON";
    return new SyntaxError(
      `Cannot parse the response body as ${what} (status ${this.#status}, ${type}, ${text.length} characters)`,
      { cause },
    );
  }
}

/** The engine's constructor. */
export function responseFromWire(wire: WireResponse): Response {
  return fromWire(wire);
}

/** The reader behind the response's body, for layers that decode or measure it. */
export function responseBody(response: Response): BodyReader | null {
  return bodyOf(response);
}

/** What `response.headers.get(name)` gives, without making a `Headers` for it. */
export function responseHeader(response: Response, name: string): string | null {
  return headerOf(response, name);
}

/** Whether it is of this very class; another copy's and the platform's are not. */
export function isOwnResponse(response: object): response is Response {
  return isOwn(response);
}

/** Gives a response that was made without a body one, and where it came from. */
export function fillResponse(response: Response, body: BodyReader | null, url: string): void {
  fill(response, body, url);
}

/** Puts another body under the same head. */
export function replaceResponseBody(response: Response, body: BodyReader | null): void {
  replaceBody(response, body);
}

function decodeUtf8(bytes: Buffer): string {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString("utf8", start);
}
