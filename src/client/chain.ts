/**
 * What a call goes through, from the outside in. This is the one place that orders it.
 *
 *   integrity        the whole body has one of the digests that the request names, or the call fails
 *   throwOnError     a status of 400 or more becomes an error, after everybody has seen the response
 *   use              the client's middleware, once a call: one request in, the last response out
 *   deliver          counts, decodes and limits the body of the last response
 *   redirects        each hop below is an exchange of its own
 *   retries          the attempts of one hop, and the waits between them
 *   auth             credentials for the hop's origin; answers a 401 once
 *   cookies          innermost, so that a challenge's or a failed attempt's cookies count already
 *   attempt          one exchange: deadline, `Accept-Encoding`, upload progress
 *   transport        wrapping this one is middleware at attempt level: `new Client({ transport: logged(transport) })`
 *
 * Most calls use none of it, or what costs no promise: they go the short way, {@link DirectCall}, as long as one
 * exchange is enough. The table of options says which ones need the chain (`needsChain`).
 */
import { rejection } from "../errors/index.js";
import {
  derivedRequest,
  ownRequest,
  ownResponse,
  type Request,
  type Response,
  responseHeader,
} from "../message/index.js";
import { type ExchangeOptions, type RoundTripper, type Settle, Transport } from "../transport/index.js";
import { attempt, attemptAfresh, isMisdirected } from "./attempt.js";
import { CallState } from "./call-state.js";
import { raceCall } from "./deadline.js";
import { deliver } from "./deliver.js";
import { HTTPError, isCallError, throwIfError } from "./http-error.js";
import { verified } from "./integrity.js";
import type { Middleware } from "./options.js";
import type { Policy } from "./policy.js";
import { followRedirects, isRedirect } from "./redirects.js";
import { sendWithRetries } from "./retries.js";
import type { Send } from "./send.js";

/** A client's calls: which way each goes. */
export class Chain {
  readonly #transport: RoundTripper;
  /** The transport when it is ours and there is no middleware, so that a call needs no promise in between. */
  readonly #direct: Transport | undefined;
  /** The middleware around the rest. */
  readonly #outer: RoundTripper;

  constructor(policy: Policy, transport: RoundTripper, middleware: readonly Middleware[]) {
    this.#transport = transport;
    this.#direct = middleware.length === 0 && transport instanceof Transport ? transport : undefined;
    this.#outer = withMiddleware(middleware, new InnerChain(policy, transport));
  }

  /** Starts a call. A failure resolves it with a promise that rejects. */
  start(policy: Policy, request: Request, settle: Resolve): void {
    const resolve: Resolve =
      request.integrity === ""
        ? settle
        : (last) => settle(Promise.resolve(last).then((response) => verified(request, response)));
    if (this.#direct !== undefined && !policy.chained && isPlain(request)) {
      new DirectCall(policy, this.#direct, request, resolve).start();
      return;
    }
    runCall(CallState.begin(policy, this.#transport), request, this.#outer).then(resolve, (error: unknown) =>
      resolve(rejection(error)),
    );
  }
}

/** Settles the promise of a call. */
type Resolve = (response: Response | Promise<Response>) => void;

/** Whether nothing of the caller's is to be called while the request is under way, so that nobody's context matters. */
function isPlain(request: Request): boolean {
  return (
    request.expectContinue === undefined &&
    request.onInformational === undefined &&
    request.trace === undefined
  );
}

/** Sends the call's request through the whole chain; `outer` is the client's middleware around an `InnerChain`. */
function runCall(call: CallState, request: Request, outer: RoundTripper): Promise<Response> {
  const own = derivedRequest(request, {});
  own.call = call;
  const sent = new Promise<Response>((resolve) => resolve(outer.roundTrip(own)));
  const response = raceCall(call, own, sent.then(ownResponse));
  return call.policy.throwOnError ? response.then((last) => answer(call.policy, own, last)) : response;
}

/** The middleware around the rest, the first outermost. */
function withMiddleware(middleware: readonly Middleware[], inner: RoundTripper): RoundTripper {
  let outer = inner;
  for (let i = middleware.length - 1; i >= 0; i -= 1) {
    outer = (middleware[i] as Middleware)(outer);
    if (typeof outer?.roundTrip !== "function") {
      throw new TypeError(`Cannot use middleware ${i}: it did not return an object with a roundTrip method`);
    }
  }
  return outer;
}

/** What the client's middleware calls. A request that middleware made from nothing is a call of its own. */
class InnerChain implements RoundTripper {
  readonly #policy: Policy;
  readonly #transport: RoundTripper;

  constructor(policy: Policy, transport: RoundTripper) {
    this.#policy = policy;
    this.#transport = transport;
  }

  async roundTrip(given: Request): Promise<Response> {
    const request = ownRequest(given);
    const call =
      request.call instanceof CallState ? request.call : CallState.begin(this.#policy, this.#transport);
    const send = exchangeOf(call);
    return finishCall(call, request, await send(request, true), send);
  }
}

/** From the first response to the last, and its body. */
async function finishCall(call: CallState, request: Request, first: Response, send: Hop): Promise<Response> {
  const response = isRedirect(first.status)
    ? await followRedirects(first, request, call.policy, send)
    : first;
  response.attempts = call.attempts;
  return deliver(call.policy, request, response);
}

/** Sends one hop; `trusted`: whether the call's credentials may go with it. */
type Hop = (request: Request, trusted: boolean) => Promise<Response>;

/** One hop, with all its attempts. */
function exchangeOf(call: CallState): Hop {
  const { cookies, auth, retry } = call.policy;
  let send: Hop = (request) => attempt(call, request);
  if (cookies !== undefined) send = around(send, (request, next) => cookies.send(request, next));
  if (auth !== undefined) {
    const bare = send;
    const identified = around(send, (request, next) => auth.send(request, next));
    send = (request, trusted) => (trusted ? identified : bare)(request, trusted);
  }
  if (retry !== undefined)
    send = around(send, (request, next) => sendWithRetries(call, request, retry, next));
  return send;
}

function around(next: Hop, step: (request: Request, next: Send) => Promise<Response>): Hop {
  return (request, trusted) => step(request, (inner) => next(inner, trusted));
}

/** Whether there is anything to do to the response's body; most often there is not. */
function changesBody(policy: Policy, response: Response): boolean {
  return (
    policy.onProgress !== undefined ||
    policy.maxResponseBytes !== Number.POSITIVE_INFINITY ||
    (policy.decompress !== undefined && responseHeader(response, "content-encoding") !== null)
  );
}

/** The outermost step. @throws HTTPError where the policy asks for one. */
function answer(policy: Policy, request: Request, response: Response): Response {
  return policy.throwOnError ? throwIfError(request, response) : response;
}

/**
 * A call that our own transport can most often carry out in one exchange: there are cookies to add at most before it,
 * and only the response shows whether there is more to do. It costs one object and no promise.
 */
class DirectCall implements Settle {
  readonly #policy: Policy;
  readonly #transport: Transport;
  readonly #request: Request;
  readonly #options: ExchangeOptions;
  readonly #resolve: Resolve;
  /** Said, so that it is not looked for on `Object.prototype`. */
  readonly ended = undefined;

  constructor(policy: Policy, transport: Transport, request: Request, resolve: Resolve) {
    this.#policy = policy;
    this.#transport = transport;
    this.#request = request;
    this.#resolve = resolve;
    this.#options =
      policy.timeout === Number.POSITIVE_INFINITY
        ? policy.untimed
        : { ...policy.untimed, deadline: transport.now() + policy.timeout, timeout: policy.timeout };
  }

  start(): void {
    const ready = this.#policy.cookies?.prepare(this.#request) ?? this.#request;
    // Only a foreign jar takes its time, and that goes the way of the chain.
    this.#transport.start(ready as Request, this, this.#options);
  }

  resolve(response: Response): void {
    try {
      const kept = this.#policy.cookies?.keep(this.#request, response);
      if (kept === undefined) this.#answered(response);
      else kept.then(() => this.#answered(response)).catch((error) => this.#failed(response, error));
    } catch (error) {
      this.#failed(response, error);
    }
  }

  reject(error: unknown): void {
    this.#resolve(rejection(error, isCallError(error)));
  }

  #failed(response: Response, error: unknown): void {
    if (!(error instanceof HTTPError)) void response.close();
    this.reject(error);
  }

  #answered(response: Response): void {
    const policy = this.#policy;
    if (response.status >= 300 && isRedirect(response.status) && this.#request.redirect !== "manual") {
      this.#goOn(response);
      return;
    }
    if (response.status === 421 && isMisdirected(this.#request, response)) {
      this.#goOn(response);
      return;
    }
    if (changesBody(policy, response)) deliver(policy, this.#request, response);
    this.#resolve(answer(policy, this.#request, response));
  }

  /** More exchanges are needed after all. */
  #goOn(response: Response): void {
    const policy = this.#policy;
    const request = this.#request;
    const call = new CallState(policy, this.#transport, this.#options.deadline);
    call.attempts = response.attempts;
    const send = exchangeOf(call);
    const first = isMisdirected(request, response)
      ? attemptAfresh(call, request, response)
      : Promise.resolve(response);
    first
      .then((settled) => finishCall(call, request, settled, send))
      .then((last) => answer(policy, request, last))
      .then(this.#resolve, (error: unknown) => this.reject(error));
  }
}
