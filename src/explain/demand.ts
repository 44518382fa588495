import {
  type CloseReason,
  type ConnectionRecord,
  type ExchangeRecord,
  handshakeOf,
  type Recording,
} from "../trace/index.js";

/** A request as a replay sees it. */
export interface DemandedRequest {
  readonly origin: string;
  /** When it comes, in milliseconds from the start; 0 for one that follows another. */
  readonly at: number;
  /** The requests that come as soon as it is over. */
  readonly followers: DemandedRequest[];
  /** How long it holds a connection. */
  readonly holds: number;
  /** Whether it can be sent twice. */
  readonly retriable: boolean;
  /** Why its connection ends with it, where it does. */
  readonly ends: CloseReason | undefined;
}

/** What is demanded, and what the servers do. */
export interface Demand {
  readonly requests: readonly DemandedRequest[];
  /** Those that wait for no other. */
  readonly first: readonly DemandedRequest[];
  /** Milliseconds a dial takes, by origin. */
  readonly dialTime: ReadonlyMap<string, number>;
  /** The idle age at which the server ends connections, by origin. */
  readonly serverIdleLimit: ReadonlyMap<string, number>;
  /** How many requests the server allows a connection, by origin. */
  readonly serverRequests: ReadonlyMap<string, number>;
}

/**
 * A request made so soon (milliseconds) after another's end, with no other end in between, was made because of it: a
 * caller goes on in the turn in which its answer ended.
 */
const SAME_TURN = 1;
/** Times since 1970 are exact to a quarter of a microsecond. */
const PRECISION = 0.001;

/** Closes that are no policy of the pool: a connection that ended so with a request does so with any settings. */
const BY_REQUEST: ReadonlySet<CloseReason> = new Set<CloseReason>([
  "server-said-close",
  "http-1.0",
  "closed-by-eof-body",
  "server-closed-mid-response",
  "server-closed-unanswered",
  "reset",
  "request-said-close",
  "body-unread",
  "body-abandoned",
  "aborted",
  "timeout",
  "upload-unfinished",
  "upgraded",
  "request-body-failed",
  "protocol-error",
  "unsolicited-data",
  "limit-exceeded",
  "tls-error",
  "write-error",
]);

/** The demand that a recording shows. */
export function demandOf(recording: Recording): Demand {
  const exchanges = wholeCalls(recording.exchanges);
  const ends = endsOf(recording.connections, exchanges);
  const start = exchanges[0]?.queuedAt ?? recording.startedAt;
  const byEnd = [...exchanges].sort((a, b) => endOf(a) - endOf(b));
  const made = new Map<number, DemandedRequest>();
  const first: DemandedRequest[] = [];
  let over = 0;
  for (const exchange of exchanges) {
    const came = exchange.queuedAt;
    while (over < byEnd.length && endOf(byEnd[over] as ExchangeRecord) <= came + PRECISION) over += 1;
    const before = byEnd[over - 1];
    const gap = before === undefined ? Number.POSITIVE_INFINITY : Math.max(0, came - endOf(before));
    const leader = before === undefined || gap > SAME_TURN ? undefined : made.get(before.id);
    const holds = Math.max(0, endOf(exchange) - (exchange.sentAt ?? came));
    const request: DemandedRequest = {
      origin: exchange.origin,
      at: leader === undefined ? Math.max(0, came - start) : 0,
      followers: [],
      // The time to go on counts as the request's own, so that what follows comes when it did.
      holds: leader === undefined ? holds : holds + gap,
      retriable: exchange.method !== "POST" && exchange.method !== "PATCH",
      ends: ends.get(exchange.id),
    };
    made.set(exchange.id, request);
    if (leader === undefined) first.push(request);
    else leader.followers.push(request);
  }
  return { requests: [...made.values()], first, ...serversOf(recording.connections, exchanges) };
}

/** One for each call that got a connection, the earliest first: of one sent again, from its first wait to its last end. */
function wholeCalls(records: readonly ExchangeRecord[]): ExchangeRecord[] {
  const calls = new Map<number, ExchangeRecord>();
  for (const record of records) {
    if (record.connection === undefined) continue;
    const known = calls.get(record.id);
    calls.set(
      record.id,
      known === undefined ? record : { ...record, queuedAt: Math.min(known.queuedAt, record.queuedAt) },
    );
  }
  return [...calls.values()].sort((a, b) => a.queuedAt - b.queuedAt || a.id - b.id);
}

function endOf(exchange: ExchangeRecord): number {
  return exchange.endedAt ?? exchange.headersAt ?? exchange.sentAt ?? exchange.queuedAt;
}

/** Why the connection of an exchange ended with it, where it did. */
function endsOf(
  connections: readonly ConnectionRecord[],
  exchanges: readonly ExchangeRecord[],
): Map<number, CloseReason> {
  const last = lastOf(exchanges);
  const ends = new Map<number, CloseReason>();
  for (const { id, closed } of connections) {
    const exchange = last.get(id);
    if (exchange !== undefined && closed !== undefined && BY_REQUEST.has(closed.reason))
      ends.set(exchange.id, closed.reason);
  }
  return ends;
}

/** The last exchange of each connection. */
function lastOf(exchanges: readonly ExchangeRecord[]): Map<number, ExchangeRecord> {
  const last = new Map<number, ExchangeRecord>();
  for (const exchange of exchanges) {
    const id = exchange.connection ?? 0;
    const known = last.get(id);
    if (known === undefined || endOf(exchange) >= endOf(known)) last.set(id, exchange);
  }
  return last;
}

function serversOf(
  connections: readonly ConnectionRecord[],
  exchanges: readonly ExchangeRecord[],
): Pick<Demand, "dialTime" | "serverIdleLimit" | "serverRequests"> {
  const dials = new Map<string, number[]>();
  const serverIdleLimit = new Map<string, number>();
  const serverRequests = new Map<string, number>();
  const last = lastOf(exchanges);
  const least = (map: Map<string, number>, origin: string, value: number): void => {
    map.set(origin, Math.min(map.get(origin) ?? value, value));
  };
  for (const record of connections) {
    if (record.protocol === undefined) continue;
    const times = dials.get(record.origin) ?? [];
    times.push(handshakeOf(record));
    dials.set(record.origin, times);
    const end = last.get(record.id);
    const reason = record.closed?.reason;
    if (
      (reason === "server-closed-idle" || reason === "server-idle-timeout") &&
      record.closedAt !== undefined &&
      end !== undefined
    ) {
      least(serverIdleLimit, record.origin, Math.max(1, record.closedAt - endOf(end)));
    }
    if (reason === "max-requests" && record.closed?.by === "server")
      least(serverRequests, record.origin, record.requests);
  }
  const dialTime = new Map(
    [...dials].map(([origin, times]) => [origin, times.sort((a, b) => a - b)[times.length >> 1] ?? 0]),
  );
  return { dialTime, serverIdleLimit, serverRequests };
}
