import { NetworkError, TimeoutError } from "../errors/index.js";
import { fieldValues, type Request, type Response, requestParts } from "../message/index.js";
import { ownMembers } from "../runtime/index.js";
import type { CallState } from "./call-state.js";
import { checkMembers } from "./known-members.js";
import { pause } from "./pause.js";
import { retryAfter } from "./retry-after.js";
import { type BudgetLimits, retryBudget } from "./retry-budget.js";

/** How what failed for now is sent again. */
export interface RetryOptions {
  /** Attempts of one exchange, the first one counted; default 3. */
  attempts?: number;
  /** Methods that may be sent again; default: the idempotent ones (RFC 9110 §9.2.2), and what is marked `idempotent`. */
  methods?: string[];
  /** Statuses that are worth another attempt; default 408, 429, 502, 503 and 504. */
  statuses?: number[];
  /**
   * The wait before attempt n + 1 is a random time up to `base` × 2ⁿ⁻¹ ms, at most `max`; defaults 100 and 5,000. A
   * `Retry-After` field is obeyed instead, up to two minutes; a longer one ends the retries.
   */
  backoff?: { base?: number; max?: number };
  /**
   * At most this much extra load on an origin: `ratio` of its requests of the last ten seconds (default 0.2), and
   * `reservePerSecond` retries a second in any case (default 10). Shared by all clients of a transport.
   */
  budget?: { ratio?: number; reservePerSecond?: number };
}

export interface RetryPolicy {
  readonly attempts: number;
  /** `undefined`: what the request says of itself. */
  readonly methods: ReadonlySet<string> | undefined;
  readonly statuses: ReadonlySet<number>;
  readonly base: number;
  readonly max: number;
  readonly budget: BudgetLimits;
}

const STATUSES = [408, 429, 502, 503, 504];
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

/** Whether the policy lets this request be sent again at all. */
function maySendAgain(request: Request, policy: RetryPolicy): boolean {
  const { source } = requestParts(request);
  if (source !== undefined && !source.replayable) return false;
  return policy.methods === undefined
    ? request.idempotent
    : policy.methods.has(request.method) || request.idempotentMark === true;
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
    const last = !repeatable || attempt >= policy.attempts;
    let wait = call.runtime.random() * Math.min(policy.max, policy.base * 2 ** (attempt - 1));
    let response: Response | undefined;
    let failure: unknown;
    try {
      response = await send(request);
      if (last || !policy.statuses.has(response.status)) return response;
      wait = retryAfter(fieldValues(response, "retry-after"), call.runtime.wallNow()) ?? wait;
    } catch (error) {
      if (last || signal?.aborted === true || !isPassing(error)) throw error;
      failure = error;
    }
    const now = call.runtime.now();
    // To wait for what cannot come in time only hides the answer there is.
    if (wait > LONGEST_RETRY_AFTER || now + wait >= call.deadline || !budget.take(now, policy.budget)) {
      if (response !== undefined) return response;
      throw failure;
    }
    await response?.close();
    await pause(call.runtime, wait, signal);
  }
}

/** The options with their defaults. @throws RangeError, TypeError for values that make no sense. */
export function retryPolicy(given: RetryOptions | boolean | undefined): RetryPolicy | undefined {
  if (given === undefined || given === false) return undefined;
  const options = given === true ? {} : given;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot use ${String(given)} for retry as it must be true, false or an object of options`,
    );
  }
  const own = ownMembers(options);
  const backoff = ownMembers(own.backoff ?? {});
  const budget = ownMembers(own.budget ?? {});
  checkMembers("retry", own, ["attempts", "methods", "statuses", "backoff", "budget"]);
  checkMembers("retry.backoff", backoff, ["base", "max"]);
  checkMembers("retry.budget", budget, ["ratio", "reservePerSecond"]);
  const policy: RetryPolicy = {
    attempts: least("retry.attempts", own.attempts ?? 3, 1),
    methods:
      own.methods === undefined ? undefined : new Set(own.methods.map((method) => method.toUpperCase())),
    statuses: new Set(own.statuses ?? STATUSES),
    base: least("retry.backoff.base", backoff.base ?? 100, 0),
    max: least("retry.backoff.max", backoff.max ?? 5_000, 0),
    budget: {
      ratio: least("retry.budget.ratio", budget.ratio ?? 0.2, 0),
      reservePerSecond: least("retry.budget.reservePerSecond", budget.reservePerSecond ?? 10, 0),
    },
  };
  for (const status of policy.statuses) {
    if (!Number.isInteger(status) || status < 200 || status > 999) {
      throw new RangeError(`Cannot use ${String(status)} in retry.statuses as it is no final status`);
    }
  }
  return policy;
}

function least(name: string, value: number, minimum: number): number {
  if (typeof value === "number" && value >= minimum) return value;
  throw new RangeError(`Cannot use ${String(value)} for ${name} as it must be a number, at least ${minimum}`);
}
