import { channel } from "node:diagnostics_channel";
import { NetworkError } from "../../errors/index.js";
import { createHeaders, type Headers, type Request, rawHeaders, requestParts } from "../../message/index.js";
import type { Exchange, Watcher } from "./exchange.js";

// The channels that OpenTelemetry, Sentry, Datadog and New Relic read to see the requests of fetch and undici. What is
// published here has the shape of undici's messages, so that they see Trunkline's requests as well, and put their
// tracing headers on them. Without a subscriber nothing is made.

const create = channel("undici:request:create");
const sendHeaders = channel("undici:client:sendHeaders");
const gotHeaders = channel("undici:request:headers");
const trailers = channel("undici:request:trailers");
const failed = channel("undici:request:error");

/** An exchange has its telemetry where one of these has subscribers. */
export const TELEMETRY_CHANNELS: readonly { readonly hasSubscribers: boolean }[] = [
  create,
  sendHeaders,
  gotHeaders,
  trailers,
  failed,
];

/** On the requests of our messages: for those who watch undici itself, and count Trunkline's elsewhere. */
const MARK: unique symbol = Symbol.for("trunkline.published");

/** What subscribers know a request by: the members of undici's that they read. */
class PublishedRequest {
  readonly [MARK] = true;
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  /** Names and values by turns, as they go out; what the transport adds, too. */
  readonly headers: string[];
  readonly body: null = null;
  readonly idempotent: boolean;
  readonly contentLength: number | null;
  readonly contentType: string | null;
  readonly upgrade: null = null;
  completed = false;
  aborted = false;
  readonly #added: Headers;

  constructor(request: Request, added: Headers, acceptEncoding: string | undefined) {
    const { target, headers, source } = requestParts(request);
    this.origin = target.origin;
    this.path = target.path;
    this.method = request.method;
    this.headers = headers === undefined ? [] : [...rawHeaders(headers)];
    if (headers?.has("user-agent") !== true) this.headers.push("User-Agent", "trunkline");
    if (acceptEncoding !== undefined && headers?.has("accept-encoding") !== true)
      this.headers.push("Accept-Encoding", acceptEncoding);
    this.idempotent = request.idempotent;
    this.contentLength = source?.length ?? null;
    this.contentType = headers?.get("content-type") ?? null;
    this.#added = added;
  }

  /** Adds a field to the request, which is not written yet. @throws TypeError for what no header can be. */
  addHeader(name: string, value: string): this {
    this.#added.append(name, value);
    this.headers.push(name, value);
    return this;
  }
}

/** One exchange as the channels show it. */
export class Telemetry implements Watcher {
  readonly #request: PublishedRequest;
  /** What subscribers added. */
  readonly #added: Headers = createHeaders();

  /** Where an exchange begins and somebody listens. In the async context of its caller. */
  constructor(request: Request, acceptEncoding: string | undefined) {
    this.#request = new PublishedRequest(request, this.#added, acceptEncoding);
    create.publish({ request: this.#request });
  }

  /** The request's headers with those that were added. The request itself stays as it is: it may go out again. */
  headersWith(headers: Headers | undefined): Headers | undefined {
    const added = rawHeaders(this.#added);
    if (added.length === 0) return headers;
    const all = createHeaders(headers);
    for (let i = 0; i < added.length; i += 2) all.append(added[i] as string, added[i + 1] as string);
    return all;
  }

  sending(socket: unknown): void {
    if (!sendHeaders.hasSubscribers) return;
    const request = this.#request;
    let headers = `${request.method} ${request.path} HTTP/1.1\r\n`;
    for (let i = 0; i < request.headers.length; i += 2)
      headers += `${request.headers[i]}: ${request.headers[i + 1]}\r\n`;
    sendHeaders.publish({ request, headers, socket });
  }

  answered(exchange: Exchange): void {
    if (!gotHeaders.hasSubscribers) return;
    const { status: statusCode, statusText } = exchange;
    const headers = buffers(exchange.headers());
    gotHeaders.publish({ request: this.#request, response: { statusCode, headers, statusText } });
  }

  ended(exchange: Exchange, error: unknown): void {
    const request = this.#request;
    if (exchange.outcome === "complete") {
      request.completed = true;
      if (trailers.hasSubscribers) trailers.publish({ request, trailers: buffers(exchange.trailerFields()) });
      return;
    }
    request.aborted = exchange.outcome === "cancelled";
    // Given up by its reader, without a signal.
    const isClosed = request.aborted && exchange.cancelledWith === undefined;
    this.failed(isClosed ? abortError() : (error ?? exchange.bodyFailure));
  }

  /** It came to nothing. */
  failed(error: unknown): void {
    failed.publish({ request: this.#request, error: systemError(error) ?? error });
  }
}

/** The system's error behind ours, whose code is what dashboards know. */
function systemError(error: unknown): Error | undefined {
  const cause: unknown = error instanceof NetworkError ? error.cause : undefined;
  if (!(cause instanceof Error)) return undefined;
  const { code } = cause as NodeJS.ErrnoException;
  return typeof code === "string" && !code.startsWith("ERR_TRUNKLINE") ? cause : undefined;
}

/** Names and values by turns, as undici has them. */
function buffers(headers: Headers): Buffer[] {
  return rawHeaders(headers).map((text) => Buffer.from(text, "latin1"));
}

function abortError(): DOMException {
  return new DOMException("The response body was closed before its end", "AbortError");
}
