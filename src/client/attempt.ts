import {
  createHeaders,
  derivedRequest,
  ownResponse,
  type Request,
  type Response,
  requestParts,
} from "../message/index.js";
import type { CallState } from "./call-state.js";
import { withinAttempt, withinDeadline } from "./deadline.js";
import { ACCEPT_ENCODING } from "./decode/index.js";
import { countedSource } from "./progress.js";

/**
 * One exchange of the call: what is left of the call's time goes with it. A server that refuses to be waited for (417)
 * gets the request once more, without the expectation (RFC 9110 §15.5.18); one that was asked over the wrong connection
 * (421) is asked once more, over one of its own.
 */
export async function attempt(call: CallState, request: Request): Promise<Response> {
  const response = await exchange(call, request);
  if (isMisdirected(request, response)) return attemptAfresh(call, request, response);
  if (response.status !== 417 || request.expectContinue === undefined) return response;
  const { source } = requestParts(request);
  if (source === undefined || !source.replayable) return response;
  await response.close();
  const unexpecting = derivedRequest(request, {});
  unexpecting.expectContinue = undefined;
  return exchange(call, unexpecting);
}

/** Whether the server says that this connection was not for it, and the request can go out again (RFC 9110 §15.5.20). */
export function isMisdirected(request: Request, response: Response): boolean {
  return response.status === 421 && requestParts(request).source?.replayable !== false;
}

/** The same request once more, over a connection that is dialed for it. */
export async function attemptAfresh(
  call: CallState,
  request: Request,
  misdirected: Response,
): Promise<Response> {
  await misdirected.close();
  return exchange(call, request, true);
}

async function exchange(call: CallState, request: Request, fresh = false): Promise<Response> {
  const sent = observed(call, request);
  try {
    const response = await withinAttempt(call, sent, (limited) =>
      call.direct === undefined ? foreign(call, limited) : direct(call, limited, fresh),
    );
    call.attempts += response.attempts;
    return response;
  } catch (error) {
    call.attempts += 1;
    throw error;
  }
}

function direct(call: CallState, request: Request, fresh: boolean): Promise<Response> {
  const options = fresh ? { ...call.exchangeOptions, fresh } : call.exchangeOptions;
  return new Promise((resolve, reject) => {
    call.direct?.start(request, { resolve, reject, ended: undefined }, options);
  });
}

/** Over a round tripper that is not ours, which knows requests and signals and nothing else. */
function foreign(call: CallState, request: Request): Promise<Response> {
  const { headers, target } = requestParts(request);
  const asks =
    call.policy.decompress !== undefined &&
    request.method !== "HEAD" &&
    headers?.has("accept-encoding") !== true &&
    headers?.has("range") !== true;
  const identifies = target.authorization !== undefined && headers?.has("authorization") !== true;
  let sent = request;
  if (asks || identifies) {
    const all = createHeaders(headers);
    if (asks) all.set("accept-encoding", ACCEPT_ENCODING);
    if (identifies) all.set("authorization", target.authorization as string);
    sent = derivedRequest(request, { headers: all });
  }
  return withinDeadline(call, sent, async (limited) => ownResponse(await call.transport.roundTrip(limited)));
}

function observed(call: CallState, request: Request): Request {
  const listener = call.policy.onProgress;
  const { source } = requestParts(request);
  if (listener === undefined || source === undefined) return request;
  return derivedRequest(request, { source: countedSource(source, listener) });
}
