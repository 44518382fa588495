import type { ConnectionRecord, Decision, DialReason, ExchangeRecord } from "../trace/index.js";
import type { Ledger } from "./ledger.js";
import { listen } from "./patch.js";
import { RecentCloses, type Tally } from "./tally.js";

const CLIENT = "trunkline";
/** Dials that stand in for no connection that was lost. */
const NEW: ReadonlySet<DialReason> = new Set(["first-use", "all-busy", "preconnect", "streams-full"]);

interface Counted {
  readonly tally: Tally;
  readonly recent: RecentCloses;
  open: number;
}

/** Watches programs over Trunkline: its channels have the reasons, so nothing needs to be worked out here. */
export class Trunkline {
  readonly #ledger: Ledger;
  readonly #origins = new Map<string, Counted>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    const on = <T>(name: string, act: (message: T) => void): void => listen(`trunkline:${name}`, act);
    on<ConnectionRecord>("connection:open", (record) => this.#opened(record));
    on<ConnectionRecord>("connection:close", (record) => this.#closed(record));
    on<ExchangeRecord>("exchange:end", (record) => this.#ended(record));
    on<Decision & { origin?: string }>("decision", (decision) => this.#decided(decision));
  }

  #at(name: string): Counted {
    let origin = this.#origins.get(name);
    if (origin === undefined) {
      // A crawler's are not kept for ever; the tallies have what was counted.
      if (this.#origins.size >= 5000) this.#origins.clear();
      origin = { tally: this.#ledger.tally(name, CLIENT), recent: new RecentCloses(), open: 0 };
      this.#origins.set(name, origin);
    }
    return origin;
  }

  #opened({ origin: name, openedFor, dial }: ConnectionRecord): void {
    const origin = this.#at(name);
    const { tally } = origin;
    tally.opened(openedFor);
    tally.most("openAtOnce", ++origin.open);
    if (dial.dns !== undefined) {
      tally.count("dnsLookups");
      tally.count("dnsMs", dial.dns);
    }
    tally.count("connectMs", dial.connect ?? 0);
    if (dial.proxy !== undefined) tally.count("proxyMs", dial.proxy);
    if (dial.tls !== undefined) {
      tally.count("tlsHandshakes");
      tally.count("tlsMs", dial.tls);
      if (dial.resumed === true) tally.count("tlsResumed");
    }
    if (NEW.has(openedFor)) return;
    const lost = origin.recent.claim(this.#ledger.now());
    if (lost !== undefined) tally.redialed(lost);
  }

  #closed({ origin: name, closed, dial, requests, openedAt, closedAt, delayed }: ConnectionRecord): void {
    if (closed === undefined) return;
    const origin = this.#at(name);
    const { tally } = origin;
    if (closed.reason === "dial-failed") {
      tally.count("dialFailures");
      tally.count("dialFailureMs", Math.max(0, (closedAt ?? openedAt) - openedAt));
      tally.count("delayedByDials", delayed?.length ?? 0);
      tally.failed(dial.attempts.at(-1)?.outcome ?? closed.reason);
      return;
    }
    // A dial that was abandoned had not been opened.
    if (origin.open > 0) origin.open--;
    tally.closed(closed.reason);
    if (requests === 0) tally.count("unused");
    origin.recent.add(closed.reason, this.#ledger.now());
  }

  #ended({ origin: name, outcome, error, reused }: ExchangeRecord): void {
    const { tally } = this.#at(name);
    tally.requests++;
    this.#ledger.touch(tally);
    if (outcome === "retried" && reused) tally.count("staleRetries");
    if (outcome === "failed" || outcome === "cancelled") tally.count("failed");
    if (outcome === "failed" && reused && error !== undefined && /CLOSED|RESET/.test(error))
      tally.count("staleFailures");
  }

  #decided({ waited, limitedBy, origin }: Decision & { origin?: string }): void {
    if (origin === undefined || waited === undefined || limitedBy === undefined) return;
    const { tally } = this.#at(origin);
    tally.count("queued");
    tally.count("queuedMs", waited);
  }
}
