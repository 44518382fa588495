import { rounded } from "../../explain/index.js";
import type { Report } from "../../index.js";

/** Percentiles of the answered requests, in milliseconds; empty when none was answered. */
interface Latency {
  readonly p50?: number;
  readonly p90?: number;
  readonly p99?: number;
  readonly max?: number;
}

/** What came of the requests of one command. */
export class RequestResults {
  /** Requests that ended, one way or the other. */
  requests = 0;
  failed = 0;
  /** Bytes of response bodies. */
  received = 0;
  readonly statuses: Map<number, number> = new Map();
  /** Messages of what failed, with how often each came. */
  readonly failures: Map<string, number> = new Map();
  #latencies = new Float64Array(1024);
  #answered = 0;

  /** A complete response. */
  answered(status: number, milliseconds: number, bytes: number): void {
    this.requests++;
    this.received += bytes;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (this.#answered === this.#latencies.length) {
      const larger = new Float64Array(this.#answered * 2);
      larger.set(this.#latencies);
      this.#latencies = larger;
    }
    this.#latencies[this.#answered++] = milliseconds;
  }

  /** No complete response. Only the first hundred different messages are counted apart. */
  failedWith(message: string): void {
    this.requests++;
    this.failed++;
    const key = this.failures.has(message) || this.failures.size < 100 ? message : "other failures";
    this.failures.set(key, (this.failures.get(key) ?? 0) + 1);
  }

  /** The status most answers had; `undefined` when there was none. */
  get status(): number | undefined {
    let most: number | undefined;
    for (const [status, count] of this.statuses) {
      if (most === undefined || count > this.statuses.get(most)!) most = status;
    }
    return most;
  }

  /** Exact: by sorting, which at the allowed number of requests takes about a second and far less below it. */
  latency(): Latency {
    if (this.#answered === 0) return {};
    const sorted = this.#latencies.subarray(0, this.#answered).sort();
    const at = (share: number): number => rounded(sorted[Math.ceil(share * sorted.length) - 1]!);
    return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
  }
}

/** The document `--json` prints for `request`. */
export function requestDocument(url: string, results: RequestResults, report: Report): object {
  const status = results.status;
  return {
    url,
    ...(status === undefined ? {} : { status }),
    requests: results.requests,
    failed: results.failed,
    latency: results.latency(),
    report,
  };
}
