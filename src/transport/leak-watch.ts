import type { BodyReader, Response } from "../message/index.js";
import type { CloseCause } from "../trace/index.js";
import { userFrame } from "./call-site.js";
import type { Exchange } from "./exchange.js";

interface Watched {
  readonly body: BodyReader;
  readonly stats: Exchange["stats"];
  readonly site: string | undefined;
}

/**
 * Finds responses whose body nobody read before the garbage collector took them: each pins its connection. Only
 * bodies that did not arrive with their head are watched, which spares the common small response the cost.
 */
export class LeakWatch {
  readonly #sites = new WeakMap<Exchange, string>();
  readonly #registry = new FinalizationRegistry<Watched>((watched) => LeakWatch.#collected(watched));

  /** Notes where in the user's code this call was made; a stack costs microseconds, so only when asked for. */
  sample(exchange: Exchange): void {
    exchange.stats.sitesToSample -= 1;
    const holder: { stack?: string } = {};
    Error.captureStackTrace(holder, LeakWatch.prototype.sample);
    const site = userFrame(holder.stack);
    if (site === undefined) return;
    this.#sites.set(exchange, site);
    if (exchange.wantsClose) exchange.stats.noteSite("keep-alive-off", site);
  }

  siteOf(exchange: Exchange): string | undefined {
    return this.#sites.get(exchange);
  }

  watch(exchange: Exchange, response: Response): void {
    if (exchange.body === null || exchange.body.complete) return;
    this.#registry.register(response, {
      body: exchange.body,
      stats: exchange.stats,
      site: this.#sites.get(exchange),
    });
  }

  /** A connection was lost with the exchange's body: where it is the caller's doing, its place is noted. */
  lost(exchange: Exchange, cause: CloseCause): void {
    const { reason } = cause;
    if (cause.by !== "caller") exchange.stats.failed += 1;
    const site = this.#sites.get(exchange);
    if (site !== undefined && (reason === "body-unread" || reason === "body-abandoned"))
      exchange.stats.noteSite(reason, site);
  }

  /** A body given up unread by its owner: the site, where it is known, is noted. */
  static noteUnread(stats: Exchange["stats"], site: string | undefined): void {
    stats.sitesToSample = Math.max(stats.sitesToSample, 16);
    if (site !== undefined) stats.noteSite("body-unread", site);
  }

  static #collected(watched: Watched): void {
    if (watched.body.taken || watched.body.complete || watched.body.failed) return;
    watched.stats.leakedBodies += 1;
    LeakWatch.noteUnread(watched.stats, watched.site);
    void watched.body.cancel(undefined);
  }
}
