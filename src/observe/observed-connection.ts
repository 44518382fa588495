import { closeVerdict } from "./close-verdict.js";
import type { HeadRewriter } from "./head-rewriter.js";
import type { Life, Side } from "./life.js";
import { type Opaque, type RequestEvents, type RequestFacts, RequestFollower } from "./request-follower.js";
import { type ResponseEvents, type ResponseFacts, ResponseFollower } from "./response-follower.js";
import { clientOf } from "./user-agent.js";

/** What a connection reports to the account of all. */
export interface ConnectionEvents {
  requestStarted(connection: ObservedConnection, facts: RequestFacts, now: number): void;
  responseStarted(connection: ObservedConnection, facts: ResponseFacts): void;
  /** Its exchange is complete, and no other has begun. */
  becameIdle(connection: ObservedConnection, now: number): void;
  /** One of the two sides has ended it; the other may go on for a while. */
  ended(connection: ObservedConnection, now: number): void;
}

/** Follows both directions of one connection. No I/O; `now` is in milliseconds by any clock that does not jump. */
export class ObservedConnection implements RequestEvents, ResponseEvents {
  readonly life: Life;
  idleSince: number | undefined;
  /** Connections that the client ended while this one was idle. */
  witnessed: Life[] = [];
  /** How many connections had been dialed when it became idle. */
  dialsWhenIdle = 0;
  /** The last request, which it was and how the response to it stands. */
  request: RequestFacts | undefined;
  response: ResponseFacts | undefined;
  readonly #events: ConnectionEvents;
  readonly #requests: RequestFollower;
  readonly #responses: ResponseFollower;
  #bodyBytes = 0;
  #now = 0;

  constructor(life: Life, events: ConnectionEvents, rewriter?: HeadRewriter) {
    this.life = life;
    this.#events = events;
    this.#requests = new RequestFollower(this, rewriter);
    this.#responses = new ResponseFollower(this);
  }

  get opaque(): Opaque | undefined {
    return this.#requests.opaque ?? (this.#responses.opaque ? "not-http" : undefined);
  }

  /** The client may begin another request, or something else. */
  get betweenRequests(): boolean {
    return this.opaque === undefined && !this.#requests.inside;
  }

  get idle(): boolean {
    return this.idleSince !== undefined;
  }

  /** Bytes from the client; returns those to send on. */
  fromClient(chunk: Buffer, now: number): Buffer {
    this.#now = now;
    const bytes = this.#requests.push(chunk);
    if (this.#requests.opaque !== undefined) this.life.opaque = true;
    return bytes;
  }

  fromServer(chunk: Buffer, now: number): void {
    this.#now = now;
    this.#responses.push(chunk);
  }

  /** One side has ended it. Returns bytes of the client that were held back. */
  ended(side: Side, reset: boolean, now: number): Buffer {
    this.#now = now;
    const wasUntilClose = this.#responses.inside && this.response?.untilClose === true;
    if (side === "server" && !reset) this.#responses.end();
    if (this.life.ending === undefined) {
      const idleFor = this.idleSince === undefined ? undefined : now - this.idleSince;
      const verdict = closeVerdict({
        side,
        reset,
        requests: this.life.requests,
        opaque: this.opaque,
        request: this.request,
        response: this.response,
        awaiting: this.#responses.awaited > 0,
        insideResponse: this.#responses.inside || (wasUntilClose && reset),
        bodyBytes: this.#bodyBytes,
        insideRequest: this.#requests.inside,
        idleFor,
      });
      this.life.ending = { side, reset, at: now, verdict, ...(idleFor === undefined ? {} : { idleFor }) };
      this.#events.ended(this, now);
    }
    return side === "client" ? this.#requests.release() : EMPTY;
  }

  requestStarted(facts: RequestFacts): void {
    const { life } = this;
    life.client ??= clientOf(facts.userAgent);
    life.requests += 1;
    life.lastRequestAt = this.#now;
    this.request = facts;
    this.#responses.expect(facts.method);
    this.#events.requestStarted(this, facts, this.#now);
  }

  requestEnded(): void {
    this.#settle();
  }

  responseStarted(facts: ResponseFacts): void {
    this.response = facts;
    this.#bodyBytes = 0;
    this.#events.responseStarted(this, facts);
  }

  responseBytes(count: number): void {
    this.#bodyBytes += count;
  }

  responseEnded(): void {
    this.#settle();
  }

  upgraded(): void {
    this.#requests.release("upgraded");
  }

  #settle(): void {
    if (this.#responses.awaited > 0 || this.#responses.inside || this.#requests.inside) return;
    if (!this.idle) this.#events.becameIdle(this, this.#now);
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
