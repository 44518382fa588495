import { NetworkError, TimeoutError } from "../errors/index.js";
import { fieldValues, type Request, type Response, requestParts } from "../message/index.js";
import type { CallState } from "./call-state.js";
import { retryAfter } from "./retry-after.js";
import { retryBudget } from "./retry-budget.js";
import type { RetryPolicy } from "./retry-options.js";

/** Nobody waits longer in a call; a job queue is the place for that. */
const LONGEST_RETRY_AFTER = 120_000;
/** What fails the same way again, or is this client's own decision. */
const FINAL = new Set([
  "ERR_TRUNKLINE_CLOSED",
  "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED",
  "ERR_TRUNKLINE_TOO_MANY_WAITING",
  "ERR_TRUNKLINE_NO_STREAMS",
  "ERR_TRUNKLINE_REQUEST_BODY",
  "ERR_TRUNKLINE_BODY_LENGTH",
]);
/** Failures of which another attempt may know nothing; codes of broken messages and certificates are not here. */
const PASSING =
  /^ERR_TRUNKLINE_(?:CONNECTION_LOST|CONNECTION_RESET|SERVER_CLOSED|RESPONSE_CUT|WRITE|TIMEOUT)$/;

/** Whether the policy lets this request be sent again, whatever became of the attempt before. */
function maySendAgain(request: Request, policy: RetryPolicy): boolean {
  const { source } = requestParts(request);
  if (source !== undefined && !source.replayable) return false;
  return policy.methods === undefined
    ? request.idempotent
    : policy.methods.has(request.method) || request.idempotentMark === true;
}

/** Whether the transport knows that nothing happens twice, as where no connection was made. It holds for any method. */
function isSafe(error: unknown, policy: RetryPolicy): boolean {
  return policy.methods === undefined && error instanceof NetworkError && error.retryable;
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof NetworkError) || FINAL.has(error.code)) return false;
  // The time of the whole call is over, or the queue is what is too long.
  if (error instanceof TimeoutError) return error.timeout !== "timeout" && error.timeout !== "queueTimeout";
  return error.phase === "dns" || error.phase === "connect" || PASSING.test(error.code);
}

/** Sends, and sends again while the policy says so. The last answer or error is the caller's. */
export async function sendWithRetries(
  call: CallState,
  request: Request,
  policy: RetryPolicy,
  send: (request: Request) => Promise<Response>,
): Promise<Response> {
  const { target, signal } = requestParts(request);
  const budget = retryBudget(call.transport, target.origin);
  const repeatable = maySendAgain(request, policy);
  budget.sent(call.runtime.now());
  for (let attempt = 1; ; attempt += 1) {
    const last = attempt >= policy.attempts;
    let wait = call.runtime.random() * Math.min(policy.max, policy.base * 2 ** (attempt - 1));
    let response: Response | undefined;
    let failure: unknown;
    try {
      response = await send(request);
      if (last || !repeatable || !policy.statuses.has(response.status)) return response;
      wait = retryAfter(fieldValues(response.headers, "retry-after"), call.runtime.wallNow()) ?? wait;
    } catch (error) {
      if (last || signal?.aborted === true || !isPassing(error)) throw error;
      if (!repeatable && !isSafe(error, policy)) throw error;
      failure = error;
    }
    const now = call.runtime.now();
    // To wait for what cannot come in time only hides the answer there is.
    if (wait > LONGEST_RETRY_AFTER || now + wait >= call.deadline || !budget.take(now, policy.budget)) {
      if (response !== undefined) return response;
      throw failure;
    }
    await response?.close();
    await pause(call, wait, signal);
  }
}

/**
 * Waits, and keeps the process alive meanwhile; rejects with the signal's reason when it aborts. It is over at once when
 * the transport closes: that takes no more attempts, and says so.
 */
export function pause(
  { runtime, direct }: Pick<CallState, "runtime" | "direct">,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const end = (settle: () => void) => (): void => {
      timer.clear();
      stop?.();
      signal?.removeEventListener("abort", abort);
      settle();
    };
    const over = end(resolve);
    const abort = end(() => reject(signal?.reason));
    const timer = runtime.setTimer(over, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
    const stop = direct?.whenClosing(over);
  });
}
