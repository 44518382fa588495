import type { Duplex } from "node:stream";
import { shownURL, tellCaller } from "../errors/index.js";
import type { Decision, ResponseConnection, Timings } from "../trace/index.js";
import { Body } from "./body.js";
import { alreadyUsed, blobOf, decodeUtf8, ownBytes, textStreamOf } from "./body-forms.js";
import { BodyReader } from "./body-reader.js";
import type { BodyInit } from "./body-source.js";
import type { ByteStream } from "./body-stream.js";
import { BodyIterator } from "./body-stream.js";
import { parseFormData } from "./form-data.js";
import { cloneHeaders, freezeHeaders, Headers } from "./headers.js";
import { INSPECT, type Inspect } from "./inspect-symbol.js";
import { needArguments, shapeInterface } from "./interface-shape.js";
import { inheritFromPlatform } from "./platform.js";
import {
  RESPONSE_SHAPE,
  type ResponseFacts,
  type ResponseInit,
  type ResponseType,
} from "./response-facts.js";
import { type SaveOptions, saveBody } from "./save-body.js";
import { hasNoBody, type ResponseHead, responseHead } from "./status.js";
import { redirectLocation } from "./target.js";
import { collectText, parseJson } from "./text-body.js";
import type { ResponseOrigin, WireResponse } from "./wire-response.js";

/** Tells the constructor that the engine fills the response itself. */
const FROM_WIRE: ResponseInit = Object.freeze({});

// The doors into the private state, opened once by the static block of the class.
let fromWire: (wire: WireResponse) => Response;
let readerOf: (response: Response) => BodyReader | null;
let replaceReader: (response: Response, reader: BodyReader | null) => void;
let headerOf: (response: Response, name: string) => string | null;
let isOwn: (response: object) => response is Response;
let settle: (response: Response, body: Body | undefined, facts: ResponseFacts) => void;
let readAs: <T>(response: Response, become: (bytes: Buffer) => T | Promise<T>) => Promise<T>;
let markRedirect: (response: Response, crossOrigin: boolean) => void;

/** Under this name the responses of another copy of this package show what they were made from. */
export const SHARED_WIRE: unique symbol = Symbol.for("trunkline.response.1");

/**
 * A response: the WHATWG class (Fetch §5.5), `instanceof globalThis.Response`, and its connection, timings, trailers and
 * reasons. The body is read from the connection as you read it; a small one has usually arrived with the head.
 */
export class Response {
  #wire: WireResponse | undefined;
  /** The body as it comes from below, until something asks for more than its bytes. */
  #reader: BodyReader | null = null;
  #body: Body | undefined;
  #status = 200;
  #statusText: string | undefined;
  #headers: Headers | undefined;
  #url = "";
  #type: ResponseType = "default";
  #redirected = false;
  #attempts = 1;

  /**
   * Makes a response by hand, as tests and middleware do.
   *
   * @throws RangeError when the status is not 200 to 599; TypeError when a status that has no body is given one.
   */
  constructor(body?: BodyInit | null, init?: ResponseInit) {
    if (init === FROM_WIRE) return;
    inheritFromPlatform("Response", Response);
    const given = body === undefined || body === null ? undefined : Body.extract(body);
    this.#fill(responseHead(init), given);
  }

  static {
    Object.defineProperty(Response.prototype, INSPECT, {
      value(this: Response, depth: number, options: object, inspect: Inspect): string {
        if (!(#status in this)) return "Response {}";
        if (depth < 0) return "[Response]";
        const { status, statusText, headers, bodyUsed } = this;
        const connection = this.#wire?.exchange.connection;
        return `Response ${inspect(
          {
            status,
            statusText,
            url: shownURL(this.url),
            headers,
            bodyUsed,
            ...(connection === undefined
              ? {}
              : {
                  connection: { id: connection.id, protocol: connection.protocol, reused: connection.reused },
                }),
          },
          options,
        )}`;
      },
      writable: true,
      configurable: true,
    });
    fromWire = (wire) => {
      const response = new Response(undefined, FROM_WIRE);
      response.#wire = wire;
      response.#status = wire.status;
      response.#reader = wire.body;
      response.#url = wire.url;
      response.#type = "basic";
      // The one status without a body whose content may come all the same.
      if (wire.status === 205 && wire.body !== null) {
        response.#reader = null;
        void wire.body.cancel(undefined);
      }
      return response;
    };
    Object.defineProperty(Response.prototype, SHARED_WIRE, {
      get(this: Response): WireResponse | undefined {
        return this.#body === undefined && this.#wire?.body === this.#reader ? this.#wire : undefined;
      },
    });
    isOwn = (response) => #wire in response;
    settle = (response, body, { url, type, redirected = false, immutable = false }) => {
      if (immutable) freezeHeaders(response.headers);
      response.#body = body;
      response.#url = url;
      response.#type = type;
      response.#redirected = redirected;
    };
    markRedirect = (response, crossOrigin) => {
      response.#redirected = true;
      if (crossOrigin) response.#type = "cors";
    };
    readAs = (response, become) => {
      if (!(#status in response)) return notAResponse();
      const signal = response.#reader?.signal;
      // Once the call is aborted, every way to read its body fails at once (Fetch §5.6 "abort the fetch() call").
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      return response.#collect().then(become);
    };
    readerOf = (response) => {
      const body = response.#body;
      if (body !== undefined) {
        response.#reader = body.reader;
        response.#body = undefined;
      }
      return response.#reader;
    };
    replaceReader = (response, reader) => {
      response.#reader = reader;
      response.#body = undefined;
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

  #fill({ status, statusText, headers }: ResponseHead, body: Body | undefined): void {
    this.#status = status;
    this.#statusText = statusText;
    this.#headers = headers;
    if (body === undefined) return;
    if (hasNoBody(status)) throw new TypeError(`Cannot make a Response with status ${status} and a body`);
    const type = body.contentType;
    if (type !== undefined && !headers.has("content-type")) headers.append("content-type", type);
    this.#body = body;
  }

  /** A network error (Fetch §5.5): type `"error"`, status 0, no body. */
  static error(): Response {
    const response = new Response();
    response.#type = "error";
    response.#status = 0;
    freezeHeaders(response.headers);
    return response;
  }

  /** A response with `value` as JSON and its content type. Throws a `TypeError` when `value` cannot be JSON. */
  static json(value: unknown, init?: ResponseInit): Response {
    needArguments(arguments, 1, "Response.json");
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError("Cannot make a JSON response: the value is not JSON");
    const response = new Response(undefined, FROM_WIRE);
    inheritFromPlatform("Response", Response);
    response.#fill(responseHead(init), Body.json(text));
    return response;
  }

  /** A redirect to `url`. Throws a `TypeError` for an invalid URL, a `RangeError` for a status that is not a redirect's. */
  static redirect(url: string | URL, status = 302): Response {
    needArguments(arguments, 1, "Response.redirect");
    const location = redirectLocation(url);
    const code = Number(status) & 0xffff;
    if (![301, 302, 303, 307, 308].includes(code)) {
      throw new RangeError(`Cannot redirect with status ${status}: it must be 301, 302, 303, 307 or 308`);
    }
    const response = new Response(null, { status: code });
    response.headers.set("location", location);
    freezeHeaders(response.headers);
    return response;
  }

  /** The status: 200 to 599, 101 after an upgrade, or 0 for `Response.error()`. */
  get status(): number {
    return this.#status;
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }

  /** The reason phrase of the status line; always empty over HTTP/2, which has none. */
  get statusText(): string {
    this.#statusText ??= (this.#wire as WireResponse).statusText;
    return this.#statusText;
  }

  /** The response's headers; read-only when the response came from the network. */
  get headers(): Headers {
    this.#headers ??= (this.#wire as WireResponse).headers();
    return this.#headers;
  }

  /** The final URL, without credentials and fragment; empty for a response made by hand. */
  get url(): string {
    return this.#url;
  }

  /**
   * `"basic"` for a response from the network, `"cors"` when a redirect led to another origin, `"default"` for one made
   * by hand, `"error"` for `Response.error()`.
   */
  get type(): ResponseType {
    return this.#type;
  }

  /** Whether a redirect was followed to get this response. */
  get redirected(): boolean {
    return this.#redirected;
  }

  /** How often the call sent a request: 1 without retries and redirects. */
  get attempts(): number {
    return this.#attempts;
  }
  /** @internal */
  set attempts(count: number) {
    this.#attempts = count;
  }

  /** `"Response"`. */
  get [Symbol.toStringTag](): string {
    return "Response";
  }

  // ── the connection ───────────────────────────────────────────────────────────────────────────────────────

  /** The connection that carried the response. Throws a `TypeError` for a response made by hand. */
  get connection(): ResponseConnection {
    return this.#origin("connection").connection;
  }

  /** Where the time went, in milliseconds, by phase. Throws a `TypeError` for a response made by hand. */
  get timings(): Timings {
    return this.#origin("timings").timings;
  }

  /**
   * Why the request got this connection: which ones were considered, and what would have saved the dial. It is data, and
   * `String(response.why())` is a sentence. Throws a `TypeError` for a response made by hand.
   */
  why(): Decision {
    return this.#origin("a decision").why();
  }

  /**
   * The trailer fields (RFC 9110 §6.5), once the body has been read; empty when none were sent. Rejects with the body's
   * error; a rejection that nobody handles is silent.
   */
  get trailers(): Promise<Headers> {
    return this.#wire === undefined ? Promise.resolve(new Headers()) : this.#wire.exchange.trailers;
  }

  /**
   * The connection as a stream, after a 101 to a request with `Connection: upgrade`, or a 2xx to CONNECT; over HTTP/2 the
   * stream of a WebSocket (RFC 8441). Otherwise `undefined`. It starts with any bytes that followed the response's head.
   * It is yours: you end it. No time limit applies to it, and the signal of the call no longer ends it.
   */
  get upgraded(): Duplex | undefined {
    return this.#wire?.upgraded;
  }

  #origin(what: string): ResponseOrigin {
    if (this.#wire === undefined) {
      throw new TypeError(`This response has no ${what}: it was not received from a server`);
    }
    return this.#wire.exchange;
  }

  // ── the body ─────────────────────────────────────────────────────────────────────────────────────────────

  /** The body as a stream; `null` when there can be none (HEAD, 204, 205, 304, an upgrade). */
  get body(): ByteStream | null {
    return this.#whole()?.stream ?? null;
  }

  /** Whether reading the body has begun, or it was cancelled. */
  get bodyUsed(): boolean {
    return this.#body?.used ?? this.#reader?.taken ?? false;
  }

  /** The body as text, decoded as UTF-8. Rejects with a `TypeError` when it has already been read. */
  text(): Promise<string> {
    if (!(#status in this)) return notAResponse();
    const reader = this.#reader;
    if (reader !== null && this.#body === undefined && !reader.taken && reader.signal?.aborted !== true) {
      reader.take();
      const now = reader.textNow();
      return now === undefined ? collectText(reader) : Promise.resolve(now);
    }
    return readAs(this, decodeUtf8);
  }

  /** The body as a stream of UTF-8 text (Fetch §5.3). Throws a `TypeError` when it has been read or is locked. */
  textStream(): ReadableStream<string> {
    return textStreamOf(this.#whole());
  }

  /** The body parsed as JSON. Rejects with a `SyntaxError` when it is not JSON, else as `text()` does. */
  json<T = unknown>(): Promise<T> {
    if (!(#status in this)) return notAResponse();
    const reader = this.#reader;
    if (reader === null || this.#body !== undefined || reader.taken) {
      return readAs(this, (bytes) => parseJson<T>(decodeUtf8(bytes), this));
    }
    if (reader.signal?.aborted === true) return Promise.reject(reader.signal.reason);
    reader.take();
    const now = reader.textNow();
    if (now === undefined) return collectText(reader).then((text) => parseJson<T>(text, this));
    try {
      return Promise.resolve(parseJson<T>(now, this));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The body's bytes, in a buffer of their own. Rejects with a `TypeError` when it has already been read. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return readAs(this, ownBytes);
  }

  /** The body's bytes as an `ArrayBuffer`. Rejects with a `TypeError` when it has already been read. */
  arrayBuffer(): Promise<ArrayBuffer> {
    return readAs(this, (bytes) => ownBytes(bytes).buffer);
  }

  /** The body as a blob with the type of `Content-Type`. Rejects with a `TypeError` when it has already been read. */
  blob(): Promise<Blob> {
    return readAs(this, (bytes) => blobOf(bytes, this.headers));
  }

  /** A multipart or URL-encoded body. Rejects with a `TypeError` when it is neither, or has already been read. */
  formData(): Promise<FormData> {
    return readAs(this, (bytes) => parseFormData(bytes, this.headers.get("content-type")));
  }

  /** The body's bytes as they arrive. Leaving the loop early abandons the rest, as `close()` does. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined, undefined> {
    const reader = this.#reader;
    if (this.#body?.unusable === true || (this.#body === undefined && reader?.taken === true)) {
      return new BodyIterator(undefined, Promise.reject(alreadyUsed("iterate")));
    }
    const source = this.#body === undefined ? reader : this.#body.lend();
    source?.take();
    return new BodyIterator(source ?? undefined, undefined);
  }

  /**
   * Saves the body to a file and returns its length in bytes. The body is first written to a temporary file beside
   * `path`, which is renamed once complete, so nobody sees half a file. Memory stays at a few buffers, whatever the size.
   *
   * @throws the body's error or the system's; an existing file at `path` is then unchanged. TypeError when the body has
   *   already been read.
   */
  saveTo(path: string | URL, options?: SaveOptions): Promise<{ bytes: number }> {
    return tellCaller(this.#save(path, options));
  }

  async #save(path: string | URL, options: SaveOptions | undefined): Promise<{ bytes: number }> {
    const body = this.#body;
    if (body === undefined ? this.#reader?.taken === true : body.unusable) throw alreadyUsed("save");
    const reader = body === undefined ? this.#reader : body.lend();
    return saveBody(reader ?? BodyReader.empty(), path, options);
  }

  /**
   * Abandons what is unread of the body. Up to 256 KiB are read and dropped within 50 ms; if more is left, an HTTP/1.1
   * connection closes, and over HTTP/2 only the stream is reset. Safe to call at any time, and more than once.
   */
  async close(): Promise<void> {
    this.upgraded?.destroy();
    if (this.#body !== undefined) await this.#body.cancel();
    else await this.#reader?.cancel(undefined);
  }

  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A copy; read or close both bodies. Throws a `TypeError` when the body has already been used. */
  clone(): Response {
    const body = this.#whole();
    if (body?.unusable === true) {
      throw new TypeError("Cannot clone this response: its body has been used");
    }
    const copy = new Response(undefined, FROM_WIRE);
    copy.#wire = this.#wire;
    copy.#status = this.#status;
    copy.#statusText = this.#statusText;
    copy.#headers = this.#headers === undefined ? undefined : cloneHeaders(this.#headers);
    copy.#url = this.#url;
    copy.#type = this.#type;
    copy.#redirected = this.#redirected;
    copy.#attempts = this.#attempts;
    copy.#body = body?.clone();
    return copy;
  }

  /** The body as something that has a stream. */
  #whole(): Body | undefined {
    if (this.#body === undefined && this.#reader !== null) {
      this.#body = Body.fromReader(this.#reader);
      // Whoever reads the bytes holds the stream's lock for good.
      if (this.#reader.taken) this.#body.take();
    }
    return this.#body;
  }

  /** All bytes; the buffer may be a view on memory that others use, unless it fills its own. */
  async #collect(): Promise<Buffer> {
    const body = this.#body;
    if (body !== undefined) {
      if (body.unusable) throw alreadyUsed("all of it");
      return body.collect();
    }
    const reader = this.#reader;
    if (reader === null) return Buffer.alloc(0);
    if (reader.taken) throw alreadyUsed("all of it");
    reader.take();
    return reader.collect();
  }
}

shapeInterface(Response, RESPONSE_SHAPE);
// The static operation, which needs one, and the method, which needs none, have one name.
Object.defineProperty(Response.json, "length", { value: 1, configurable: true });

/** The engine's constructor. */
export function responseFromWire(wire: WireResponse): Response {
  return fromWire(wire);
}

/** The reader behind the response's body, for layers that decode or measure it. */
export function responseBody(response: Response): BodyReader | null {
  return readerOf(response);
}

/** What `response.headers.get(name)` gives, without making a `Headers` for it. */
export function responseHeader(response: Response, name: string): string | null {
  return headerOf(response, name);
}

/** Whether it is of this very class; another copy's and the platform's are not. */
export function isOwnResponse(response: object): response is Response {
  return isOwn(response);
}

/** Gives a response that was made by hand a body as it is, and what a response from somewhere has. */
export function settleResponse(response: Response, body: Body | undefined, facts: ResponseFacts): Response {
  settle(response, body, facts);
  return response;
}

/** Notes that a redirect led to this response. */
export function markRedirected(response: Response, crossOrigin: boolean): void {
  markRedirect(response, crossOrigin);
}

/** Puts another body under the same head. */
export function replaceResponseBody(response: Response, body: BodyReader | null): void {
  replaceReader(response, body);
}

function notAResponse(): Promise<never> {
  return Promise.reject(
    new TypeError("Cannot call this method: it was called on an object that is not a Response"),
  );
}
