import type { Http2Stream } from "../../http2/index.js";
import type { BodyReader, Response } from "../../message/index.js";
import type { Exchange } from "../exchange/index.js";
import type { Expiring } from "../upkeep/index.js";
import type { Drain } from "./drain.js";
import type { Http2Tunnel } from "./http2-tunnel.js";
import type { Http2Upload } from "./http2-upload.js";

/** One exchange's part of an HTTP/2 connection, while it is on it. */
export class Http2Exchange implements Expiring {
  readonly exchange: Exchange;
  readonly #expired: (part: Http2Exchange, now: number) => void;
  /** Undefined until it is opened. */
  stream: Http2Stream<Http2Exchange> | undefined = undefined;
  upload: Http2Upload<Http2Exchange> | undefined = undefined;
  /** Of the response, as its head says; -1 for unknown. */
  contentLength = -1;
  /** The head of the response is in, and the response not handed out: its whole body may follow in the same turn. */
  fresh = false;
  /** It is fresh until the end of the turn. */
  waits = false;
  /** The first piece of a fresh response's body, valid during the present read. */
  firstPiece: Buffer | undefined = undefined;
  firstStart = 0;
  firstEnd = 0;
  /** The body that is arriving; one that comes in one piece is copied when it is whole, and has none. */
  body: BodyReader | undefined = undefined;
  /** The stream as the caller's own, once the server has opened the tunnel that the request asked for. */
  tunnel: Http2Tunnel<Http2Exchange> | undefined = undefined;
  /** The response, while its body is on its way and not watched. */
  unwatched: Response | undefined = undefined;
  trailerBlock = "";
  /** Octets handed to a reader that wanted no more for the moment; their credit waits. */
  unpaid = 0;
  /** Set while the rest of a body that was abandoned is read. */
  drain: Drain | undefined = undefined;
  /** It is over for its caller; the stream may still count. */
  settled = false;
  /** The stream counts no more. */
  closed = false;

  /** Its neighbours among the parts of the connection, the oldest first. */
  before: Http2Exchange | undefined = undefined;
  after: Http2Exchange | undefined = undefined;

  // Expiring: the deadline of the present phase.
  at: number = Number.POSITIVE_INFINITY;
  heapKey = 0;
  heapIndex = -1;

  constructor(exchange: Exchange, expired: (part: Http2Exchange, now: number) => void) {
    this.exchange = exchange;
    this.#expired = expired;
  }

  /** The id of its stream; 0 until its head has left. */
  get streamId(): number {
    return this.stream?.id ?? 0;
  }

  expired(now: number): void {
    this.#expired(this, now);
  }
}

/** The parts of a connection, in the order they came. Linked, since a `Set` that changes so fast keeps what has left it in memory. */
export class PartList {
  #first: Http2Exchange | undefined;
  #last: Http2Exchange | undefined;
  size = 0;

  add(part: Http2Exchange): void {
    part.before = this.#last;
    if (this.#last === undefined) this.#first = part;
    else this.#last.after = part;
    this.#last = part;
    this.size += 1;
  }

  /** Takes it out; once only. */
  remove(part: Http2Exchange): void {
    const { before, after } = part;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    part.before = undefined;
    part.after = undefined;
    this.size -= 1;
  }

  *[Symbol.iterator](): Iterator<Http2Exchange> {
    for (let part = this.#first; part !== undefined; ) {
      const { after } = part;
      yield part;
      part = after;
    }
  }
}
