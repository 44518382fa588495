import type { RoundTripper } from "../transport/index.js";

export interface BudgetLimits {
  /** Retries per request of the last ten seconds. */
  readonly ratio: number;
  /** Retries a second that are allowed in any case. */
  readonly reservePerSecond: number;
}

const SECONDS = 10;
const MAX_ORIGINS = 1_024;

/**
 * How much extra load retries may put on an origin that is in trouble: counts of the last ten seconds, a slot each.
 */
export class RetryBudget {
  readonly #requests = new Float64Array(SECONDS);
  readonly #retries = new Float64Array(SECONDS);
  #second = 0;

  /** A request was sent that is not a retry. */
  sent(now: number): void {
    const slot = this.#turnTo(now);
    this.#requests[slot] = (this.#requests[slot] as number) + 1;
  }

  /** Whether one more retry may be sent; counts it then. */
  take(now: number, limits: BudgetLimits): boolean {
    const slot = this.#turnTo(now);
    const inThisSecond = this.#retries[slot] as number;
    if (
      inThisSecond >= limits.reservePerSecond &&
      sum(this.#retries) + 1 > limits.ratio * sum(this.#requests)
    ) {
      return false;
    }
    this.#retries[slot] = inThisSecond + 1;
    return true;
  }

  /** Clears what is older than ten seconds, and gives the slot of `now`. */
  #turnTo(now: number): number {
    const second = Math.floor(now / 1000);
    for (let passed = Math.max(this.#second + 1, second - SECONDS + 1); passed <= second; passed += 1) {
      this.#requests[passed % SECONDS] = 0;
      this.#retries[passed % SECONDS] = 0;
    }
    this.#second = Math.max(this.#second, second);
    return this.#second % SECONDS;
  }
}

function sum(slots: Float64Array): number {
  let total = 0;
  for (const count of slots) total += count;
  return total;
}

/** With the transport, since a client is cheap and may be one of many. */
const budgets = new WeakMap<RoundTripper, Map<string, RetryBudget>>();

export function retryBudget(transport: RoundTripper, origin: string): RetryBudget {
  let origins = budgets.get(transport);
  if (origins === undefined) {
    origins = new Map();
    budgets.set(transport, origins);
  }
  let budget = origins.get(origin);
  if (budget === undefined) {
    if (origins.size >= MAX_ORIGINS) origins.delete(origins.keys().next().value as string);
    budget = new RetryBudget();
    origins.set(origin, budget);
  }
  return budget;
}
