import type { Member } from "../../pool/index.js";
import type { CloseCause } from "../../trace/index.js";
import { type Exchange, type Link, unreadAtClose } from "../exchange/index.js";
import type { Clock, Expiring } from "./clock.js";

/** After `close()`, a response body that nobody takes a byte of for so many milliseconds is given up. */
const FAREWELL_MS = 10_000;

/** Sees to it that a transport that is closing does not wait for ever for bodies that nobody reads. */
export class Farewell implements Expiring {
  readonly #clock: Clock;
  readonly #live: () => Iterable<Link>;
  /** What had been read of each body at the last look. */
  readonly #read = new WeakMap<Exchange, number>();
  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;

  constructor(clock: Clock, live: () => Iterable<Link>) {
    this.#clock = clock;
    this.#live = live;
  }

  /** The transport takes no more requests. */
  begin(now: number): void {
    if (this.heapIndex >= 0) return;
    for (const exchange of this.#bodies()) this.#note(exchange);
    this.#clock.set(this, now + FAREWELL_MS);
  }

  expired(now: number): void {
    for (const exchange of [...this.#bodies()]) if (this.#isForgotten(exchange)) giveUp(exchange);
    this.#clock.set(this, now + FAREWELL_MS);
  }

  *#bodies(): Generator<Exchange> {
    for (const connection of this.#live()) {
      for (const exchange of connection.exchanges()) if (exchange.headersAt > 0) yield exchange;
    }
  }

  #isForgotten(exchange: Exchange): boolean {
    const before = this.#read.get(exchange);
    this.#note(exchange);
    return exchange.body?.awaited === false && exchange.body.consumed === before;
  }

  #note(exchange: Exchange): void {
    this.#read.set(exchange, exchange.body?.consumed ?? 0);
  }
}

function giveUp(exchange: Exchange): void {
  const evidence = `the transport was closed, and the response to ${exchange.method} was not read for ${FAREWELL_MS / 1000} s`;
  const cause: CloseCause = { reason: "transport-closed", by: "caller", evidence };
  const member = exchange.member as Member<Link> | undefined;
  member?.owner?.carrier?.cancel(exchange, cause, unreadAtClose(exchange, FAREWELL_MS));
}
