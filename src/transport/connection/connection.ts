import type { Duplex } from "node:stream";
import { rejection } from "../../errors/index.js";
import type { Member } from "../../pool/index.js";
import type { CloseCause } from "../../trace/index.js";
import type { DialAttempt, DialResult, DialTimings, PendingDial } from "../dial/index.js";
import type { Exchange, Link } from "../exchange/index.js";
import type { Carrier } from "./contract.js";
import { EarlyBytes } from "./early-bytes.js";
import { Wire } from "./wire.js";

/** What was tried, where a dial failed. */
interface FailedDial {
  readonly attempts: readonly DialAttempt[];
  readonly timings: DialTimings;
}

/** What a connection tells the transport that owns it. */
export interface ConnectionHost {
  /** It is gone. */
  closed(connection: Connection, cause: CloseCause): void;
}

/**
 * One connection from its dial to its end: its place in the pool, how it was made, what it carried, why it closed.
 * What goes over it is the affair of its {@link Carrier}, which it has once it is open.
 */
export class Connection {
  readonly member: Member<Link>;
  readonly wire: Wire = new Wire();
  /** Its making; once it is open, what all open ones share. */
  opening: Opening = new Opening();
  readonly #host: ConnectionHost;
  /** What came in before there was a carrier. */
  #early: EarlyBytes | undefined;
  /** Set while it is open. */
  carrier: Carrier | undefined = undefined;
  /** How it was made, once it is. */
  dialed: DialResult | undefined = undefined;
  /** What was tried, where the dial failed. */
  dialError: FailedDial | undefined = undefined;
  alsoFor: string[] | undefined = undefined;
  bytesRead = 0;
  bytesWritten = 0;
  closedBecause: CloseCause | undefined = undefined;

  constructor(member: Member<Link>, host: ConnectionHost) {
    this.member = member;
    this.#host = host;
  }

  /** The dial is done, but the carrier is not there yet. */
  awaitsCarrier(result: DialResult): void {
    this.#early = new EarlyBytes();
    this.wire.attach(result, this.#early);
  }

  /** The dial is done: from here on it speaks a protocol. */
  opened(result: DialResult, carrier: Carrier): void {
    this.dialed = result;
    this.carrier = carrier;
    if (this.#early === undefined) this.wire.attach(result, carrier);
    else this.wire.passTo(carrier);
  }

  /** The pool knows that it is open: its carrier learns what came in before. */
  tellEarly(): void {
    const early = this.#early;
    this.#early = undefined;
    if (early === undefined || this.carrier === undefined) return;
    early.tell(this.carrier);
    if (this.wire.paused && this.closedBecause === undefined) this.wire.resume();
  }

  /** Its making is over: it is open, or `error` says why it is not. A second call does nothing. */
  openingOver(error: unknown): void {
    this.opening.settle(error);
    if (error === undefined) this.opening = OPEN;
  }

  get socket(): Duplex | undefined {
    return this.wire.socket;
  }

  get protocol(): Carrier["protocol"] | undefined {
    return this.carrier?.protocol;
  }

  /** The exchanges under way, the oldest first. */
  exchanges(): Iterable<Exchange> {
    return this.carrier?.exchanges() ?? [];
  }

  /** The exchange that has been under way the longest. */
  get busyWith(): Exchange | undefined {
    for (const exchange of this.exchanges()) return exchange;
    return undefined;
  }

  /** Ends it, in whatever state it is. Exchanges under way fail with `error`. */
  close(cause: CloseCause, error: unknown): void {
    if (this.closedBecause !== undefined) return;
    if (this.carrier === undefined) this.gone(cause);
    else this.carrier.close(cause, error);
  }

  /** It is over, but its wire lives on for somebody else: the caller it was handed to, or a carrier that says goodbye. */
  left(cause: CloseCause): void {
    this.closedBecause = cause;
    this.#host.closed(this, cause);
  }

  /** Its carrier is done with it: the wire goes, and the transport is told. */
  gone(cause: CloseCause): void {
    this.closedBecause = cause;
    this.wire.destroy();
    this.#host.closed(this, cause);
  }
}

/** The making of a connection: the dial under way, and whoever waits for it without a request (`preconnect`). */
class Opening {
  /** The dial under way. */
  pending: PendingDial | undefined = undefined;
  #settled = false;
  #error: unknown;
  #promise: Promise<void> | undefined;
  #resolve: ((value?: Promise<never>) => void) | undefined;

  /** Resolves when the connection is open; rejects when it will not be. */
  whenOpen(): Promise<void> {
    this.#promise ??= new Promise<void>((resolve) => {
      this.#resolve = resolve;
      if (!this.#settled) return;
      if (this.#error === undefined) resolve();
      else resolve(rejection(this.#error));
    });
    return this.#promise;
  }

  /** The dial is over; a second call does nothing. */
  settle(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#error = error;
    this.pending = undefined;
    if (error === undefined) this.#resolve?.();
    else this.#resolve?.(rejection(error));
  }

  /** Ends the dial, if one is under way. */
  cancel(): void {
    this.pending?.cancel();
    this.pending = undefined;
  }
}

const OPEN = new Opening();
OPEN.settle(undefined);
