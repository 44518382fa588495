import { ownMembers } from "../runtime/index.js";
import { checkMembers } from "./known-members.js";
import type { BudgetLimits } from "./retry-budget.js";

/** How a client retries failures that may pass. */
export interface RetryOptions {
  /** The most attempts, the first included; default 3. */
  attempts?: number;
  /**
   * Methods that may be retried; default: the idempotent ones (RFC 9110 §9.2.2), requests marked `idempotent`, and any
   * request for which no connection could be made, since no server has seen it.
   */
  methods?: string[];
  /** Statuses to retry; default 408, 429, 502, 503 and 504. */
  statuses?: number[];
  /**
   * The wait before attempt n + 1 is random, up to `base` × 2ⁿ⁻¹ ms and never more than `max` ms; defaults 100 and
   * 5,000. A `Retry-After` header of up to two minutes is obeyed instead; a longer one ends the retries.
   */
  backoff?: { base?: number; max?: number };
  /**
   * The most extra load that retries may put on an origin: `ratio` of its requests in the last ten seconds (default
   * 0.2), and in any case `reservePerSecond` retries a second (default 10). All clients of a transport share it.
   */
  budget?: { ratio?: number; reservePerSecond?: number };
}

/** The same, complete and checked. */
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

/** The options with their defaults. @throws RangeError, TypeError for values that make no sense. */
export function retryPolicy(given: RetryOptions | boolean | undefined): RetryPolicy | undefined {
  if (given === undefined || given === false) return undefined;
  const options = given === true ? {} : given;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot use ${String(given)} for retry: it must be true, false or an object of options`,
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
      throw new RangeError(`Cannot use ${String(status)} in retry.statuses: it is not a final status`);
    }
  }
  return policy;
}

function least(name: string, value: number, minimum: number): number {
  if (typeof value === "number" && value >= minimum) return value;
  throw new RangeError(`Cannot use ${String(value)} for ${name}: it must be a number, at least ${minimum}`);
}
