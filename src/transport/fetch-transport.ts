import { AsyncLocalStorage } from "node:async_hooks";
import { codeOf, type ErrorCode, NetworkError, type Phase } from "../errors/index.js";
import {
  type BodySource,
  createHeaders,
  ownRequest,
  ownResponse,
  type Request,
  type Response,
  rawHeaders,
  requestParts,
} from "../message/index.js";
import type { RoundTripper } from "./round-tripper.js";

/** A function like `globalThis.fetch`. */
export type Fetch = typeof globalThis.fetch;
type FetchInit = NonNullable<Parameters<Fetch>[1]>;

/** A body up to this size is read before it is handed over, so that its length is known; a longer one is streamed. */
const COLLECTED_BYTES = 1024 * 1024;

/**
 * Makes a round tripper that sends requests through a `fetch` function, so that you can use a `Client` with tools that
 * replace `fetch` (msw, nock, undici's `MockAgent`) or on other runtimes. Trunkline's pool is not used, so there is
 * nothing to explain. Requests reject with a `NetworkError` when that fetch fails, with the signal's reason when it
 * aborts, and with a `TypeError` for what a fetch cannot do: trailers, `expectContinue`, `onInformational` and traces.
 *
 * @param fetch The function to call. Default: `globalThis.fetch`, looked up anew for each call, so that tools may replace
 *   it before or after. You may put a client over this transport in its place.
 * @throws TypeError when `fetch` is not a function.
 */
export function fetchTransport(fetch: Fetch = globalThis.fetch): RoundTripper {
  if (typeof fetch !== "function") {
    throw new TypeError(
      "Cannot make a fetchTransport from this: it must be a function like globalThis.fetch",
    );
  }
  return new FetchTransport(fetch);
}

class FetchTransport implements RoundTripper {
  readonly #fetch: Fetch;
  /**
   * Of the global fetch, which is followed when it is replaced: the request that it is sending. A program may put a client
   * over this transport in its place, and would go round in circles if that sent the same request over it again.
   */
  readonly #sending: AsyncLocalStorage<string> | undefined;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
    this.#sending = fetch === globalThis.fetch ? new AsyncLocalStorage() : undefined;
  }

  async roundTrip(given: Request): Promise<Response> {
    const request = ownRequest(given);
    const { source, signal } = requestParts(request);
    try {
      refuseWhatFetchLacks(request);
      signal?.throwIfAborted();
      const init = await initOf(request);
      return answer(request, await this.#send(request, init));
    } catch (error) {
      void source?.cancel(error);
      throw failure(request, error, "headers");
    }
  }

  #send(request: Request, init: FetchInit): Promise<globalThis.Response> {
    const { url } = request;
    const fetch = this.#fetch; // some runtimes refuse to be called as a method
    const sent = `${request.method} ${url}`;
    if (this.#sending === undefined || this.#sending.getStore() === sent) return fetch(url, init);
    return this.#sending.run(sent, () => globalThis.fetch(url, init));
  }
}

function refuseWhatFetchLacks(request: Request): void {
  for (const name of ["trailers", "expectContinue", "onInformational", "trace"] as const) {
    if (request[name] !== undefined) throw lacking(name);
  }
  if (request.priorityField?.endsWith("i") === true) throw lacking("incremental");
}

function lacking(name: string): TypeError {
  return new TypeError(
    `Cannot send a request with ${name} over fetchTransport: fetch does not support it; use a Transport`,
  );
}

/** What fetch calls the urgency. */
const PRIORITIES: Readonly<Record<string, string>> = { "u=1": "high", "u=3": "auto", "u=5": "low" };

async function initOf(request: Request): Promise<FetchInit> {
  const { target, headers, source, signal } = requestParts(request);
  const all = createHeaders(headers);
  if (target.authorization !== undefined && !all.has("authorization"))
    all.set("authorization", target.authorization);
  const raw = rawHeaders(all);
  const fields: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) fields.push([raw[i] as string, raw[i + 1] as string]);
  const body = source === undefined ? undefined : await bodyOf(source);
  return {
    method: request.method,
    headers: fields,
    redirect: "manual",
    ...(signal === undefined ? {} : { signal }),
    ...(request.priorityField === undefined ? {} : { priority: PRIORITIES[request.priorityField] }),
    ...(body === undefined ? {} : { body, duplex: "half" }),
  } as FetchInit;
}

async function bodyOf(source: BodySource): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  const { small, length } = source;
  if (small !== undefined) return typeof small === "string" ? Buffer.from(small, "utf8") : small;
  const iterator = source.open();
  if (length !== undefined && length <= COLLECTED_BYTES) {
    const chunks: Uint8Array[] = [];
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next())
      chunks.push(step.value);
    return Buffer.concat(chunks);
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function answer(request: Request, response: globalThis.Response): Response {
  if (response.type === "opaqueredirect") {
    throw new TypeError(
      "Cannot follow redirects over this fetch: it hides them (opaqueredirect); use one that shows them, as Node's does",
    );
  }
  const { body } = response;
  if (body === null) return ownResponse(response);
  const { status, statusText, headers, url, redirected, type } = response;
  const shown = { status, statusText, headers, url, redirected, type, body: readBody(request, body) };
  return ownResponse(shown as unknown as globalThis.Response);
}

/** The body, whose failures are ours. */
function readBody(
  request: Request,
  body: globalThis.ReadableStream<Uint8Array>,
): globalThis.ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(failure(request, error, "body"));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** What codes of the system and of undici are here. */
const CODES: Readonly<Record<string, readonly [code: ErrorCode, phase: Phase]>> = {
  ENOTFOUND: ["ERR_TRUNKLINE_DNS", "dns"],
  EAI_AGAIN: ["ERR_TRUNKLINE_DNS", "dns"],
  ECONNREFUSED: ["ERR_TRUNKLINE_CONNECTION_REFUSED", "connect"],
  EHOSTUNREACH: ["ERR_TRUNKLINE_UNREACHABLE", "connect"],
  ENETUNREACH: ["ERR_TRUNKLINE_UNREACHABLE", "connect"],
  ETIMEDOUT: ["ERR_TRUNKLINE_CONNECT_TIMEOUT", "connect"],
  UND_ERR_CONNECT_TIMEOUT: ["ERR_TRUNKLINE_CONNECT_TIMEOUT", "connect"],
  ECONNRESET: ["ERR_TRUNKLINE_CONNECTION_RESET", "headers"],
  EPIPE: ["ERR_TRUNKLINE_WRITE", "write"],
  UND_ERR_SOCKET: ["ERR_TRUNKLINE_CONNECTION_LOST", "headers"],
  ERR_HTTP2_STREAM_ERROR: ["ERR_TRUNKLINE_STREAM_RESET", "headers"],
};

/** A fetch's failure as one of ours, so that retries and callers know it; everything else as it is. */
function failure(request: Request, error: unknown, phase: Phase): unknown {
  const { signal, target } = requestParts(request);
  if (signal?.aborted === true || error instanceof NetworkError || !isNetworkFailure(error)) return error;
  const { cause } = error as { readonly cause?: { readonly message?: unknown } | null };
  const [code, where] = CODES[codeOf(cause)] ?? ["ERR_TRUNKLINE_FETCH", phase];
  const what = typeof cause?.message === "string" && cause.message !== "" ? cause.message : error.message;
  return new NetworkError(`${request.method} ${target.origin} failed over the given fetch: ${what}`, {
    code,
    phase: phase === "body" ? phase : where,
    url: request.url,
    responseStarted: phase === "body",
    retryable: request.idempotent && phase !== "body",
    cause: error,
  });
}

/**
 * By the messages of the platforms: what is wrong with a request is a `TypeError` too. By name, because in jest the
 * platform's errors are of another realm.
 */
function isNetworkFailure(error: unknown): error is TypeError {
  const { name, message } = (error ?? {}) as { readonly name?: unknown; readonly message?: unknown };
  return (
    name === "TypeError" &&
    typeof message === "string" &&
    /^(?:fetch failed|Failed to fetch|terminated|NetworkError|Load failed|network error|The network connection was lost|Network request failed)/i.test(
      message,
    )
  );
}
