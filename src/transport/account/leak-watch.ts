import { codeOrName } from "../../errors/index.js";
import type { BodyReader, Response } from "../../message/index.js";
import { CLOSE_TABLE, type CloseCause } from "../../trace/index.js";
import type { Exchange } from "../exchange/index.js";
import { userFrame } from "./call-site.js";

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
  readonly #registry = new FinalizationRegistry<Watched>((watched) => this.#collected(watched));
  readonly #dropped = new WeakSet<BodyReader>();

  /** Notes where in the user's code this call was made; a stack costs microseconds, so only when asked for. */
  sample(exchange: Exchange): void {
    exchange.stats.sitesToSample -= 1;
    const holder: { stack?: string } = {};
    Error.captureStackTrace(holder, LeakWatch.prototype.sample);
    const site = userFrame(holder.stack);
    if (site === undefined) return;
    this.#sites.set(exchange, site);
    if (exchange.outgoing.close) exchange.stats.noteSite("keep-alive-off", site);
  }

  watch(exchange: Exchange, response: Response): void {
    const { body, stats } = exchange;
    if (body === null || body.complete || body.failed) return;
    this.#registry.register(response, { body, stats, site: this.#sites.get(exchange) }, exchange);
  }

  /** A connection was lost with the exchange's body: where it is the caller's doing, its place is noted. */
  lost(exchange: Exchange, cause: CloseCause, error: unknown): void {
    // Its body is about to hold an error, whose stack leads back to the response: watched on, both would stay for ever.
    this.#registry.unregister(exchange);
    // A response without a body is whole for its caller, whatever follows it.
    const seen = exchange.body !== null || exchange.upgraded !== undefined;
    if (seen && cause.by !== "caller") exchange.stats.noteFailure(codeOrName(error) ?? "unknown");
    if (exchange.body !== null && this.#dropped.has(exchange.body)) return; // its place is noted already
    const site = this.#sites.get(exchange);
    const topic = CLOSE_TABLE[cause.reason].site;
    if (site !== undefined && topic !== undefined) exchange.stats.noteSite(topic, site);
  }

  /** The response is gone and nobody has read its body. */
  #collected({ body, stats, site }: Watched): void {
    if (body.taken || body.complete || body.failed) return;
    stats.leakedBodies += 1;
    stats.sitesToSample = Math.max(stats.sitesToSample, 16);
    if (site !== undefined) stats.noteSite("body-unread", site);
    this.#dropped.add(body);
    void body.cancel(undefined);
  }
}
