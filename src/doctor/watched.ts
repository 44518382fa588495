import type { CloseReason, DialReason } from "../trace/index.js";
import type { OwnerSite } from "./owners.js";
import { RecentCloses, type Tally } from "./tally.js";

/** As much (bytes) of a body as buffers hold that nobody reads; beyond, it was being read. */
export const BUFFERED: number = 192 * 1024;

/** The connections that a client could use instead of each other: those of one agent, pool or client to one server. */
export class Pool {
  readonly tally: Tally;
  /** Who made it, as soon as that is known. */
  owner: OwnerSite | undefined;
  readonly connections: Set<Watched> = new Set();
  readonly recent: RecentCloses = new RecentCloses();
  /** Established connections; the others are being made. */
  open = 0;
  lastReason: CloseReason | undefined;
  /** The agent or pool of the client library whose connections these are, where it is known. */
  holder: object | undefined;
  /** It has one connection, which all its requests share in turn. */
  single = false;

  constructor(tally: Tally, owner: OwnerSite | undefined) {
    this.tally = tally;
    this.owner = owner;
  }
}

/** How the making of a connection went. Milliseconds on the clock of `performance.now()`. */
interface DialTimes {
  readonly startedAt: number;
  lookedUpAt?: number;
  connectedAt?: number;
  securedAt?: number;
  resumed?: boolean;
}

/** One connection of the program. */
export class Watched {
  readonly pool: Pool;
  readonly reason: DialReason;
  readonly times: DialTimes;
  /** Whether the dial has succeeded; before, there is no connection yet. */
  established = false;
  closed = false;
  /** Whether its socket was seen to be one of the system's. */
  real = false;
  /** Whether a request has it, from the dial or the taking to the giving back; for clients that say so. */
  taken = false;
  /** By which request, and when; its head may go out later, and its body much later. */
  takenBy: unknown;
  takenAt = 0;
  requests = 0;
  /** Exchanges under way: one at most on HTTP/1.1. */
  active = 0;
  idleSince = 0;
  /** How long it was idle before the request it carries. */
  idleBefore = 0;
  /** Where the last sampled request on it comes from. */
  site: string | undefined;
  /** The exchange under way, or the last one, as the client library has it. */
  request: unknown;
  response: unknown;
  /** When the exchange under way began. */
  sentAt = 0;
  answeredAt = 0;
  /** Bytes read from its socket when the head of the response was in. */
  bytesAtAnswer = 0;
  socket: unknown;

  constructor(pool: Pool, reason: DialReason, now: number) {
    this.pool = pool;
    this.reason = reason;
    this.times = { startedAt: now };
  }
}
