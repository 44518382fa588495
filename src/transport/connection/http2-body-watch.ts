import type { Response } from "../../message/index.js";
import type { Exchange } from "../exchange/index.js";
import type { Clock, Expiring } from "../upkeep/index.js";
import type { Http2Exchange, PartList } from "./http2-exchange.js";

/** A body that is on its way for so many milliseconds is watched. */
const PATIENCE_MS = 50;

interface BodyWatchHost {
  readonly clock: Clock;
  /** From here on it is noticed when nobody reads the response's body. */
  watchBody(exchange: Exchange, response: Response): void;
}

/**
 * Has bodies watched that nobody may be reading, after a while: most of those that come behind their heads come at
 * once, and to watch one (with a `FinalizationRegistry`) costs as much as a tenth of a request.
 */
export class Http2BodyWatch implements Expiring {
  readonly #host: BodyWatchHost;
  readonly #parts: PartList;

  // Expiring
  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;

  constructor(host: BodyWatchHost, parts: PartList) {
    this.#host = host;
    this.#parts = parts;
  }

  /** The part's response was handed out before its body was whole. */
  add(part: Http2Exchange, response: Response, now: number): void {
    part.unwatched = response;
    if (this.heapIndex < 0) this.#host.clock.set(this, now + PATIENCE_MS);
  }

  expired(): void {
    for (const part of this.#parts) {
      const { unwatched } = part;
      part.unwatched = undefined;
      if (unwatched !== undefined && !part.settled) this.#host.watchBody(part.exchange, unwatched);
    }
  }

  stop(): void {
    this.#host.clock.remove(this);
  }
}
