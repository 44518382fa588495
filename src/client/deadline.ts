import { type Phase, TimeoutError } from "../errors/index.js";
import {
  type BodyReader,
  derivedRequest,
  pulledBody,
  type Request,
  type Response,
  replaceResponseBody,
  requestParts,
  responseBody,
} from "../message/index.js";
import { nameOf } from "./call-error.js";
import type { CallState } from "./call-state.js";

/**
 * Holds a foreign round tripper to the call's time limit: its signal aborts when the time is over, and should it not
 * listen, the call rejects all the same. Our own transport has the limit on its clock and needs none of this.
 */
export function withinDeadline(
  call: CallState,
  request: Request,
  send: (request: Request) => Promise<Response>,
): Promise<Response> {
  if (call.deadline === Number.POSITIVE_INFINITY) return send(request);
  const limit = new TimeLimit(call, request);
  return limit.race(send(limit.on(request))).then(
    (response) => {
      const body = responseBody(response);
      if (body === null || body.complete) limit.clear();
      else replaceResponseBody(response, limit.body(body));
      return response;
    },
    (error: unknown) => {
      limit.clear();
      throw error;
    },
  );
}

/**
 * Holds one attempt to the policy's limit: until the head of its response is in. It is an abort to whatever sends it,
 * and what sends it may not listen.
 */
export function withinAttempt(
  call: CallState,
  request: Request,
  send: (request: Request) => Promise<Response>,
): Promise<Response> {
  const { attemptTimeout } = call.policy;
  if (attemptTimeout === Number.POSITIVE_INFINITY) return send(request);
  const limit = new TimeLimit(call, request, attemptTimeout);
  return limit.race(send(limit.on(request))).finally(() => limit.clear());
}

/**
 * Settles as the promise, unless the call's time is over or its signal aborts before: for what does not listen to
 * either, as a token function or middleware. A response that comes too late is closed.
 */
export function raceCall(call: CallState, request: Request, promise: Promise<Response>): Promise<Response> {
  const { signal } = requestParts(request);
  if (call.deadline === Number.POSITIVE_INFINITY && signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    let settled = false;
    const limit = call.deadline === Number.POSITIVE_INFINITY ? undefined : new TimeLimit(call, request);
    const settle = (): void => {
      settled = true;
      limit?.clear();
      signal?.removeEventListener("abort", aborted);
    };
    const fail = (error: unknown): void => {
      settle();
      reject(error);
    };
    const aborted = (): void => fail(signal?.reason);
    signal?.addEventListener("abort", aborted, { once: true });
    limit?.signal.addEventListener("abort", () => fail(limit.signal.reason), { once: true });
    promise.then((response) => {
      if (settled) {
        void response.close();
        return;
      }
      settle();
      resolve(response);
    }, fail);
  });
}

class TimeLimit {
  readonly #controller = new AbortController();
  readonly #timer: { clear(): void };
  readonly #over: Promise<never>;
  #phase: Phase = "headers";

  /** Of the call, unless `attemptTimeout` gives the milliseconds for one attempt. */
  constructor(call: CallState, request: Request, attemptTimeout?: number) {
    const started = call.runtime.now();
    this.#over = new Promise((_, reject) => {
      this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true });
    });
    // Whoever races against it sees it; if nobody does any more, it must not be an unhandled rejection.
    this.#over.catch(() => undefined);
    this.#timer = call.runtime.setTimer(
      () => {
        const spent = call.runtime.now() - started;
        this.#controller.abort(timedOut(call, request, this.#phase, spent, attemptTimeout));
      },
      Math.max(0, attemptTimeout ?? call.deadline - started + graceOf(call)),
    );
  }

  /** The request, which aborts when the time is over. */
  on(request: Request): Request {
    const { signal } = requestParts(request);
    return derivedRequest(request, {
      signal: signal === undefined ? this.signal : AbortSignal.any([signal, this.signal]),
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  race<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#over]);
  }

  clear(): void {
    this.#timer.clear();
  }

  /** The body, whose end is the end of the limit. */
  body(raw: BodyReader): BodyReader {
    this.#phase = "body";
    return pulledBody({
      next: async () => {
        raw.take();
        const chunk = await this.race(raw.read());
        if (chunk === undefined) this.clear();
        return chunk;
      },
      cancel: (reason) => {
        this.clear();
        return raw.cancel(reason);
      },
    });
  }
}

/**
 * Our own transport ends an exchange on its own clock, and its error says in which phase the time went; so it goes
 * first, and the limit here is for what lies between and around exchanges.
 */
const GRACE = 10;

function graceOf(call: CallState): number {
  return call.direct === undefined ? 0 : GRACE;
}

/** The error of a call, or an attempt, whose time is over. */
function timedOut(
  call: CallState,
  request: Request,
  phase: Phase,
  spent: number,
  attemptTimeout: number | undefined,
): TimeoutError {
  const isCall = attemptTimeout === undefined;
  const milliseconds = isCall ? call.policy.timeout : attemptTimeout;
  const what = isCall
    ? `the call took longer than its timeout of ${milliseconds} ms (the current exchange took ${Math.round(spent)} ms)`
    : `attempt ${call.attempts + 1} got no response within the attemptTimeout of ${milliseconds} ms`;
  return new TimeoutError(`${nameOf(request)} timed out: ${what}`, {
    code: "ERR_TRUNKLINE_TIMEOUT",
    phase,
    url: request.url,
    responseStarted: phase === "body",
    timeout: isCall ? "timeout" : "attemptTimeout",
    milliseconds,
    spent: { exchange: spent },
  });
}
