import type { Http2Error } from "./http2-error.js";
import type { Http2RequestHead } from "./request-head.js";

/**
 * How far a request can have got that failed: its head never left (`unsent`), it came after the last one that a server
 * without complaint took on this connection (`spared`), the server says that it did nothing with it (`refused`), or
 * nobody knows (`perhaps`).
 */
type Reach = "unsent" | "spared" | "refused" | "perhaps";

/** Why a stream ended before its response was complete. */
export interface StreamFailure {
  readonly error: Http2Error;
  /** Whose decision it was: the server's RST_STREAM or GOAWAY, or this client's over what the server sent. */
  readonly by: "server" | "client";
  readonly reach: Reach;
}

/** What most streams have to send; never changed. */
export const NO_CHUNKS: Uint8Array[] = [];

/**
 * One request and its response on a connection. `owner` is the caller's; the rest is the session's, and only to be
 * read. It is numbers where it can be: a stream costs one object and nothing for its windows.
 */
export class Http2Stream<Owner> {
  readonly owner: Owner;
  readonly head: Http2RequestHead;
  /** 0 until the head is encoded. */
  id = 0;
  /** This side has sent END_STREAM or RST_STREAM. */
  localEnded = false;
  /** The server has sent END_STREAM: the response is complete. */
  remoteEnded = false;
  /** Neither side will say more, and its place on the connection is free or on its way. */
  over = false;
  /** Of the final response; 0 until its head has arrived. */
  status = 0;
  /** Octets of the body that content-length still promises; -1 when it promised nothing. */
  bodyLeft = -1;
  /** Octets of header lists that this response may still take, and the 1xx responses it had. */
  headAllowance: number;
  informational = 0;
  /** Frames that the connection had received when the head left. */
  framesAtOpen = 0;

  // Receiving: how large the window is to be, what of it the server may still send, and what nobody has taken yet.
  receiveTarget: number;
  receiveLeft: number;
  unread = 0;
  /** Taken since the window was last enlarged, when that was, and since when some of it is owed. */
  taken = 0;
  creditedAt = 0;
  owedSince = -1;

  // Sending.
  sendWindow = 0;
  chunks: Uint8Array[] = NO_CHUNKS;
  /** Where the first chunk goes on. */
  chunkOffset = 0;
  queued = 0;
  /** After what is queued comes the end. */
  endQueued: boolean;
  trailers: readonly string[] | undefined = undefined;
  /** In the ring of those that have something to send. */
  inRing = false;
  /** It had used up its credit when it last sent. */
  starved = false;
  /** Since when it has waited because its new credit is tiny; -1 when it does not. */
  tinySince = -1;
  /** The owner is to be told when there is credit. */
  wantsWritable = false;

  constructor(owner: Owner, head: Http2RequestHead, endStream: boolean, allowance: number, window: number) {
    this.owner = owner;
    this.head = head;
    this.endQueued = endStream;
    this.headAllowance = allowance;
    this.receiveTarget = window;
    this.receiveLeft = window;
  }
}
