/**
 * What a call goes through, from the outside in. This is the one place that orders it.
 *
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
 * A call with nothing of it in use does not come here: `DirectCall` hands it to the transport, and looks at the response.
 */
import { derivedRequest, ownRequest, ownResponse, type Request, type Response } from "../message/index.js";
import type { RoundTripper } from "../transport/index.js";
import { attempt } from "./attempt.js";
import { CallState } from "./call-state.js";
import { raceCall } from "./deadline.js";
import { deliver } from "./deliver.js";
import { throwIfError } from "./http-error.js";
import type { Middleware } from "./options.js";
import type { Policy } from "./policy.js";
import { followRedirects, isRedirect } from "./redirects.js";
import { sendWithRetries } from "./retries.js";
import type { Send } from "./send.js";

/** Sends the call's request through the whole chain; `outer` is the client's middleware around an {@link InnerChain}. */
export function runCall(call: CallState, request: Request, outer: RoundTripper): Promise<Response> {
  const own = derivedRequest(request, {});
  own.call = call;
  const sent = new Promise<Response>((resolve) => resolve(outer.roundTrip(own)));
  const response = raceCall(call, own, sent.then(ownResponse));
  return call.policy.throwOnError ? response.then((last) => throwIfError(own, last)) : response;
}

/** The middleware around the rest, the first outermost. */
export function withMiddleware(middleware: readonly Middleware[], inner: RoundTripper): RoundTripper {
  let outer = inner;
  for (let i = middleware.length - 1; i >= 0; i -= 1) {
    outer = (middleware[i] as Middleware)(outer);
    if (typeof outer?.roundTrip !== "function") {
      throw new TypeError(
        `Cannot use middleware ${i} as it did not return an object with a roundTrip method`,
      );
    }
  }
  return outer;
}

/** What the client's middleware calls. A request that middleware made from nothing is a call of its own. */
export class InnerChain implements RoundTripper {
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
    return finishCall(call, request, await send(request), send);
  }
}

/** From the first response to the last, and its body. */
export async function finishCall(
  call: CallState,
  request: Request,
  first: Response,
  send: Send,
): Promise<Response> {
  const response = isRedirect(first.status)
    ? await followRedirects(first, request, call.policy.redirects, send)
    : first;
  response.attempts = call.attempts;
  return deliver(call.policy, request, response);
}

/** One hop, with all its attempts. */
export function exchangeOf(call: CallState): Send {
  const { cookies, auth, retry } = call.policy;
  let send: Send = (request) => attempt(call, request);
  if (cookies !== undefined) send = around(send, (request, next) => cookies.send(request, next));
  if (auth !== undefined) send = around(send, (request, next) => auth.send(request, next));
  if (retry !== undefined)
    send = around(send, (request, next) => sendWithRetries(call, request, retry, next));
  return send;
}

function around(next: Send, step: (request: Request, next: Send) => Promise<Response>): Send {
  return (request) => step(request, next);
}
