import {
  type BodyInit,
  bodySource,
  createHeaders,
  Headers,
  type HeadersInit,
  headersFromRaw,
  type Request,
  Response,
  rawHeaders,
  requestParts,
  responseFromWire,
  sourceBody,
} from "../message/index.js";
import type { RoundTripper } from "../transport/index.js";

/** A request that a {@link mockTransport} received, with its whole body. */
export interface MockRequest {
  /** 1 for the first request, and so on. */
  readonly number: number;
  /** The request's method. */
  readonly method: string;
  /** The request's URL. */
  readonly url: string;
  /** The headers, as they would have been sent. */
  readonly headers: Headers;
  /** The whole body; empty when there was none. */
  readonly body: Uint8Array;
  /** The body as UTF-8. */
  text(): string;
  /** The body parsed as JSON. Throws a `SyntaxError` when it is not JSON. */
  json(): unknown;
}

/** A response, as data. */
export interface MockAnswer {
  /** The status; default 200. */
  readonly status?: number;
  /** The reason phrase; default empty. */
  readonly statusText?: string;
  /** The headers; default none. */
  readonly headers?: HeadersInit;
  /** The body; default none. Not together with `json`. */
  readonly body?: BodyInit | null;
  /** The body as JSON, with its content type. Not together with `body`. */
  readonly json?: unknown;
  /** Trailer fields; default none. */
  readonly trailers?: HeadersInit;
}

/** Answers a request with a `Response` (the platform's too), a response as data, or a string as the body of a 200. */
export type MockHandler = (
  request: MockRequest,
) =>
  | MockAnswer
  | Response
  | globalThis.Response
  | string
  | Promise<MockAnswer | Response | globalThis.Response | string>;

/** A `RoundTripper` without a network. */
export interface MockTransport extends RoundTripper {
  /** Every request so far, in order. */
  readonly requests: readonly MockRequest[];
}

interface Plain {
  readonly status: number;
  readonly statusText: string;
  readonly fields: readonly string[];
  readonly body: BodyInit | null;
  readonly trailers: Headers;
}

const mayHaveBody = (method: string, status: number): boolean =>
  method !== "HEAD" && status !== 204 && status !== 304;

const fromResponse = (response: Response | globalThis.Response): Plain => ({
  status: response.status,
  statusText: response.statusText,
  fields: response instanceof Response ? rawHeaders(response.headers) : [...response.headers].flat(),
  // Node's type of the platform's stream and our own name one class.
  body: response.body as ReadableStream<Uint8Array> | null,
  trailers: new Headers(),
});

const fromAnswer = (answer: MockAnswer): Plain => {
  const headers = createHeaders(answer.headers);
  if (answer.json !== undefined && answer.body !== undefined) {
    throw new TypeError("a mock answer has json or body, not both");
  }
  const body = answer.json === undefined ? (answer.body ?? null) : JSON.stringify(answer.json);
  const type = answer.json === undefined ? undefined : "application/json";
  if (type !== undefined && !headers.has("content-type")) headers.set("content-type", type);
  return {
    status: answer.status ?? 200,
    statusText: answer.statusText ?? "",
    fields: rawHeaders(headers),
    body,
    trailers: createHeaders(answer.trailers),
  };
};

const plainOf = (answer: MockAnswer | Response | globalThis.Response | string): Plain => {
  if (typeof answer === "string") return fromAnswer({ body: answer });
  return "arrayBuffer" in answer ? fromResponse(answer) : fromAnswer(answer);
};

const respond = (request: MockRequest, plain: Plain): Response => {
  const { status, statusText, fields, trailers } = plain;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(
      `a mock answer needs a status from 200 to 599, and ${request.method} ${request.url} got ${status}`,
    );
  }
  const headers = headersFromRaw([...fields], true);
  const { number } = request;
  const source = bodySource(plain.body ?? "");
  return responseFromWire({
    status,
    statusText,
    header: (name) => headers.get(name),
    headers: () => headers,
    url: request.url,
    body: mayHaveBody(request.method, status) ? sourceBody(source) : null,
    exchange: {
      connection: {
        id: 1,
        protocol: "http/1.1",
        reused: number > 1,
        requestNumber: number,
        remoteAddress: "127.0.0.1",
        remotePort: 0,
        localPort: 0,
      },
      timings: { queued: 0, sent: 0, waiting: 0 },
      trailers: Promise.resolve(trailers),
      why: () => ({ exchange: number, connection: 1, reused: number > 1, candidates: [], limits: {} }),
    },
  });
};

const readRequest = async (request: Request, number: number): Promise<MockRequest> => {
  const { source } = requestParts(request);
  const chunks: Uint8Array[] = [];
  if (source !== undefined) {
    const iterator = source.open();
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
      chunks.push(next.value);
  }
  const body = Buffer.concat(chunks);
  return {
    number,
    method: request.method,
    url: request.url,
    headers: new Headers(request.headers),
    body,
    text: () => body.toString("utf8"),
    json: () => JSON.parse(body.toString("utf8")) as unknown,
  };
};

/**
 * Makes a transport that answers requests by calling `handler`, to test programs that use a client.
 *
 * ```ts
 * const transport = mockTransport((request) => (request.url.endsWith("/a") ? { json: { a: 1 } } : { status: 404 }));
 * const client = new Client({ transport });
 * ```
 * An error that the handler throws rejects the call; throw a `NetworkError` to imitate a broken network. If the request
 * aborts, the call rejects with the signal's reason at once.
 */
export const mockTransport = (handler: MockHandler): MockTransport => {
  const requests: MockRequest[] = [];
  let count = 0;
  const answer = async (request: Request): Promise<Response> => {
    const seen = await readRequest(request, ++count);
    requests.push(seen);
    return respond(seen, plainOf(await handler(seen)));
  };
  return {
    requests,
    roundTrip(request) {
      const { signal } = requestParts(request);
      if (signal === undefined) return answer(request);
      return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const abort = (): void => reject(signal.reason);
        signal.addEventListener("abort", abort, { once: true });
        answer(request)
          .then(resolve, reject)
          .finally(() => signal.removeEventListener("abort", abort));
      });
    },
  };
};
