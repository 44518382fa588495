import type { Duplex } from "node:stream";
import { rounded } from "../../explain/index.js";
import { reasonPhrase } from "../../http1/index.js";
import {
  type BodyFeed,
  type BodyReader,
  findInBlock,
  type Headers,
  headersFromBlock,
  type Request,
  type Response,
  type ResponseOrigin,
  responseFromWire,
  type Target,
  type WireResponse,
} from "../../message/index.js";
import { type Member, type PoolRoute, Waiter } from "../../pool/index.js";
import type { Timed } from "../../runtime/index.js";
import type {
  CloseCause,
  Decision,
  ExchangeFacts,
  ExchangeOutcome,
  OriginStats,
  ResponseConnection,
  Timings,
  Trace,
  Verdict,
} from "../../trace/index.js";
import type { DialResult } from "../dial/index.js";
import type { Outgoing } from "./outgoing.js";

/** Gets the outcome of an exchange: the promise of `roundTrip`, or the client's call. */
export interface Settle {
  resolve(response: Response): void;
  reject(error: unknown): void;
  /** The exchange is over, its body included. */
  ended?: ((exchange: Exchange) => void) | undefined;
}

/** A connection as its exchanges know it, and all who stand above what it speaks. */
export interface Link {
  readonly member: Member<Link>;
  readonly dialed: DialResult | undefined;
  readonly protocol: "http/1.1" | "h2" | undefined;
  readonly closedBecause: CloseCause | undefined;
  /** Other origins whose requests it carried. */
  alsoFor: string[] | undefined;
  /** The exchanges under way, the oldest first. */
  exchanges(): Iterable<Exchange>;
  /** The exchange that has been under way the longest. */
  readonly busyWith: Exchange | undefined;
  /** Set while it is open. */
  readonly carrier:
    | {
        cancel(exchange: Exchange, cause: CloseCause, error: unknown): void;
        unfitFor(exchange: Exchange, idleFor: number): CloseCause | undefined;
        resumeReading(exchange: Exchange): void;
        abandonBody(exchange: Exchange, reason: unknown): Promise<void>;
      }
    | undefined;
}

/** Who publishes what happens to an exchange. */
export interface Watcher {
  /** The head is about to be written; once more where the exchange goes out again. */
  sending(socket: unknown): void;
  /** The head of the response is in. */
  answered(exchange: Exchange): void;
  /** The exchange is over; `error` where it failed. */
  ended(exchange: Exchange, error: unknown): void;
}

/** A connection that was considered when an exchange asked for one. */
export interface Candidate {
  readonly connection: number;
  readonly verdict: Verdict;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What the transport does for its exchanges. */
export interface ExchangeHost {
  callTimedOut(exchange: Exchange, now: number): void;
  decide(exchange: Exchange): Decision;
}

/** The head of a response as every codec gives it. */
export interface IncomingHead {
  readonly status: number;
  /** Latin1; a status line where the protocol has one, then `name: value` lines, each after a CRLF. */
  readonly block: string;
  /** Where the first of them begins. */
  readonly headersStart: number;
}

const SETTLED: Settle = { resolve: () => undefined, reject: () => undefined };

/**
 * One request and its response. It waits in the pool (as a `Waiter`), is the response's view of what happened,
 * and the feed of its body: one object in place of four, since there is one for every request.
 */
export class Exchange
  extends Waiter<Link>
  implements WireResponse, ResponseOrigin, BodyFeed, Timed, ExchangeFacts
{
  readonly id: number;
  readonly host: ExchangeHost;
  readonly request: Request;
  readonly target: Target;
  readonly method: string;
  readonly stats: OriginStats;
  settle: Settle;
  /** What goes out. */
  readonly outgoing: Outgoing;
  /** The connection as a stream, once it speaks another protocol. */
  upgraded: Duplex | undefined = undefined;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined = undefined;
  /** Runs the caller's functions in the caller's async context; set only where there are any. */
  runInContext: (<T>(callback: () => T) => T) | undefined = undefined;

  // Timed: the deadline of the whole call.
  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;
  /** The limit behind it, in milliseconds. */
  callTimeout = 0;

  /** Told of what happens to it; its hooks cannot throw. */
  trace: Trace | undefined = undefined;
  /** Publishes what happens to it, where somebody listens. */
  telemetry: Watcher | undefined = undefined;
  /** What its body ended with, where it broke off. */
  bodyFailure: unknown = undefined;

  outcome: ExchangeOutcome = "active";
  attempt = 1;
  queuedAt: number;
  assignedAt = 0;
  sentAt = 0;
  headersAt = 0;
  endedAt = 0;
  status = 0;
  /** The response's head in latin1, as the codec left it: fields are found in it when somebody asks. */
  #block = "";
  #headersStart = 0;
  body: BodyReader | null = null;
  bytesRead = 0;
  bytesWritten = 0;
  /** Bytes of what goes out first: the head, and a small body with it. */
  headBytes = 0;
  idleFor = 0;
  /** Other exchanges on its connection when it was assigned. */
  beside = 0;
  reused = false;
  requestNumber = 0;
  connectionId = 0;
  /** Whether its connection is known to have worked: rule 6 of safe retry counts on that. */
  proven = false;
  /**
   * How far it got when it failed on its connection: it never left, it came after the last one that the server took
   * there, the server turned it away, or nobody knows.
   */
  reach: "unsent" | "spared" | "refused" | "perhaps" = "perhaps";
  /** Attempts that a server spared: it took others on that connection, so they count for no limit. */
  spared = 0;
  /** What its carrier keeps for it, where a connection carries several. */
  carried: { readonly streamId: number } | undefined = undefined;
  /** Whether its body has begun to be read: one that cannot be read twice is gone then. */
  bodyOpened = false;
  /** It was sent to a server that is not the one for its host (421), and went out again for that. */
  misdirected = false;
  /** Whether a well-formed informational response came. */
  answered = false;
  errorCode: string | undefined = undefined;
  /** The route it takes, on every attempt. */
  route: PoolRoute<Link> | undefined = undefined;
  /** The origin that its connection was made for, where that is another one than its own (`http2.coalesce`). */
  shared: string | undefined = undefined;
  /** The dial its wait caused. */
  dialed: Member<Link> | undefined = undefined;
  /** Set when it was abandoned: what it rejects with. */
  cancelledWith: { readonly error: unknown } | undefined = undefined;
  /** What was considered when it did not get an idle connection at once. */
  candidates: readonly Candidate[] | undefined = undefined;
  #connection: Link | undefined;
  #trailers: Promise<Headers> | undefined;
  #settleTrailers: Promised<Headers> | undefined;
  #trailerBlock: string | undefined;
  #trailerError: unknown;

  constructor(
    id: number,
    host: ExchangeHost,
    request: Request,
    target: Target,
    stats: OriginStats,
    settle: Settle,
    outgoing: Outgoing,
    signal: AbortSignal | undefined,
    now: number,
  ) {
    super();
    this.id = id;
    this.host = host;
    this.request = request;
    this.target = target;
    this.method = request.method;
    this.stats = stats;
    this.settle = settle;
    this.outgoing = outgoing;
    this.repeatable = outgoing.replayable && request.idempotent;
    this.signal = signal;
    this.queuedAt = now;
  }

  get url(): string {
    return this.target.href;
  }

  get path(): string {
    return this.target.path;
  }

  /** The id of its stream; 0 for none. */
  get stream(): number {
    return this.carried?.streamId ?? 0;
  }

  get origin(): string {
    return this.target.origin;
  }

  /** The response's view of this exchange is the exchange. */
  get exchange(): this {
    return this;
  }

  assigned(connection: Link, now: number): void {
    this.#connection = connection;
    const member = connection.member;
    this.connectionId = member.id;
    this.shared = member.route === this.route ? undefined : sharedFrom(member.route, this.route);
    this.requestNumber = member.requests;
    this.idleFor = member.lastIdleFor;
    this.beside = member.active - 1;
    this.reused = member.requests > 1 || member.lastIdleFor > 0;
    this.proven = this.reused;
    this.assignedAt = now;
  }

  /** Makes it ready to be sent again: it is on no connection until it is given another one. */
  rewind(): void {
    this.#connection = undefined;
    this.connectionId = 0;
    this.shared = undefined;
    this.requestNumber = 0;
    this.idleFor = 0;
    this.beside = 0;
    this.reused = false;
    this.proven = false;
    this.assignedAt = 0;
    this.waitingSince = 0;
    this.carried = undefined;
    if (this.reach === "spared") this.spared += 1;
    this.reach = "perhaps";
    this.member = undefined;
    this.attempt += 1;
    this.sentAt = 0;
    this.bytesWritten = 0;
    this.bytesRead = 0;
  }

  /** Takes what the codec found. */
  headArrived(head: IncomingHead, now: number): void {
    this.status = head.status;
    this.#block = head.block;
    this.#headersStart = head.headersStart;
    this.headersAt = now;
    if (this.sentAt === 0) this.sentAt = now; // an early response: the upload was still under way
    this.telemetry?.answered(this);
  }

  /** The connection is the caller's. */
  handOver(stream: Duplex, now: number): void {
    this.upgraded = stream;
    this.endedAt = now;
    this.outcome = "complete";
  }

  /** Hands the response to the caller; its head is in. */
  respond(): Response {
    const response = responseFromWire(this);
    response.attempts = this.attempt;
    const { settle } = this;
    // A connection that nobody reads must not keep the response alive, or its being dropped would never be found.
    if (settle.ended === undefined) this.settle = SETTLED;
    settle.resolve(response);
    return response;
  }

  get statusText(): string {
    return reasonPhrase(this.#block);
  }

  header(name: string): string | null | undefined {
    return findInBlock(this.#block, this.#headersStart, name);
  }

  headers(): Headers {
    return headersFromBlock(this.#block, this.#headersStart);
  }

  /** The connection it was sent on last. */
  get sentOn(): Link | undefined {
    return this.#connection;
  }

  // ── what the response shows of it ────────────────────────────────────────────────────────────────────────

  get connection(): ResponseConnection {
    const connection = this.#connection as Link;
    const { dialed } = connection;
    const tls = dialed?.tlsInfo;
    return {
      id: this.connectionId,
      protocol: connection.protocol ?? "http/1.1",
      ...(this.carried === undefined ? {} : { stream: this.carried.streamId }),
      reused: this.reused,
      requestNumber: this.requestNumber,
      ...(this.reused ? { idleFor: this.idleFor } : {}),
      remoteAddress: dialed?.remoteAddress ?? "",
      remotePort: dialed?.remotePort ?? 0,
      localPort: dialed?.localPort ?? 0,
      ...(tls === undefined
        ? {}
        : {
            tls: {
              version: tls.version,
              cipher: tls.cipher,
              resumed: tls.resumed,
              authorized: tls.authorized,
            },
          }),
    };
  }

  get timings(): Timings {
    const dial = this.reused ? undefined : this.#connection?.dialed;
    const { queuedAt, assignedAt, sentAt, headersAt, endedAt } = this;
    const timings: { -readonly [Phase in keyof Timings]?: Timings[Phase] } = {
      queued: rounded(assignedAt - queuedAt),
    };
    for (const phase of ["dns", "connect", "proxy", "tls"] as const) {
      const spent = dial?.[phase];
      if (spent !== undefined) timings[phase] = rounded(spent);
    }
    timings.sent = rounded(sentAt - assignedAt);
    timings.waiting = rounded(headersAt - sentAt);
    if (endedAt > 0) {
      timings.received = rounded(endedAt - headersAt);
      timings.total = rounded(endedAt - queuedAt);
    }
    return timings as Timings;
  }

  /** Milliseconds by phase so far, for the error that says where the time went. */
  spent(now: number): Record<string, number> {
    if (this.assignedAt === 0) return { queued: now - this.queuedAt };
    const spent: Record<string, number> = { queued: this.assignedAt - this.queuedAt };
    if (this.sentAt === 0) return { ...spent, writing: now - this.assignedAt };
    spent["writing"] = this.sentAt - this.assignedAt;
    if (this.headersAt === 0) return { ...spent, waiting: now - this.sentAt };
    spent["waiting"] = this.headersAt - this.sentAt;
    spent["receiving"] = now - this.headersAt;
    return spent;
  }

  why(): Decision {
    return this.host.decide(this);
  }

  // ── trailers ─────────────────────────────────────────────────────────────────────────────────────────────

  get trailers(): Promise<Headers> {
    if (this.#trailers === undefined) {
      this.#trailers = new Promise<Headers>((resolve, reject) => {
        this.#settleTrailers = { resolve, reject };
      });
      // If nobody looks at them, their failure must not be an unhandled rejection.
      this.#trailers.catch(() => undefined);
      if (this.#trailerError !== undefined) this.#settleTrailers?.reject(this.#trailerError);
      else if (this.#trailerBlock !== undefined || this.outcome === "complete") {
        this.trailersArrived(this.#trailerBlock ?? "");
      }
    }
    return this.#trailers;
  }

  /** The trailers that came. */
  trailerFields(): Headers {
    return headersFromBlock(this.#trailerBlock ?? "", 0);
  }

  trailersArrived(block: string): void {
    this.#trailerBlock = block;
    this.#settleTrailers?.resolve(headersFromBlock(block, 0));
  }

  trailersFailed(error: unknown): void {
    this.#trailerError = error;
    this.#settleTrailers?.reject(error);
  }

  // ── the feed of its body ─────────────────────────────────────────────────────────────────────────────────

  resume(): void {
    this.#connection?.carrier?.resumeReading(this);
  }

  cancel(reason: unknown): Promise<void> {
    return this.#connection?.carrier?.abandonBody(this, reason) ?? Promise.resolve();
  }

  // ── the deadline of its call ─────────────────────────────────────────────────────────────────────────────

  expired(now: number): void {
    this.host.callTimedOut(this, now);
  }
}

function sharedFrom(given: PoolRoute<Link>, wanted: PoolRoute<Link> | undefined): string | undefined {
  // The pool may have made a route anew meanwhile: then the key is the same.
  return given.key === wanted?.key ? undefined : given.origin;
}

interface Promised<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}
