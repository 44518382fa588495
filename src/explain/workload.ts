import {
  CLOSE_TABLE,
  type CloseReason,
  type ConnectionRecord,
  type ExchangeRecord,
  handshakeOf,
  type Recording,
} from "../trace/index.js";

/** A request as a replay sees it. */
export interface ReplayedRequest {
  readonly origin: string;
  /** The origin whose connection it shared (`http2.coalesce`), else its own. */
  readonly host: string;
  /** When it comes, in milliseconds from the start; of one that waits for others, from their end. */
  readonly at: number;
  /** The requests that come because it is over. */
  readonly followers: ReplayedRequest[];
  /** How long it holds a connection. */
  readonly holds: number;
  /** Whether it can be sent twice. */
  readonly repeatable: boolean;
  /** Whether it was the last to begin on a connection whose server then said that it takes no more (GOAWAY). */
  readonly retires: boolean;
  /** Why its connection ends with it, where it does: one that it shares with others, and one of its own. */
  readonly ends: { readonly shared: CloseReason | undefined; readonly alone: CloseReason | undefined };
}

/** Requests that begin together when so many are over: `at` is counted from then. */
interface ReplayedBatch {
  readonly after: number;
  readonly requests: ReplayedRequest[];
}

/** What is demanded, and what the servers do. */
export interface Workload {
  readonly requests: readonly ReplayedRequest[];
  /** Those that wait for no other. */
  readonly first: readonly ReplayedRequest[];
  /** Those that wait for all before them, in the order of time. */
  readonly batches: readonly ReplayedBatch[];
  /** Milliseconds a dial takes, by origin. */
  readonly dialTime: ReadonlyMap<string, number>;
  /** The idle age at which the server ends connections, by origin. */
  readonly serverIdleLimit: ReadonlyMap<string, number>;
  /** How many requests the server allows a connection, by origin. */
  readonly serverRequests: ReadonlyMap<string, number>;
  /** The origins that spoke HTTP/2, with the most requests at a time that a connection was allowed; `Infinity` for any number. */
  readonly streams: ReadonlyMap<string, number>;
}

/**
 * A request made so soon (milliseconds) after another's end, with no other end in between, was made because of it: a
 * caller goes on in the turn in which its answer ended.
 */
const SAME_TURN = 1;
/**
 * Requests that begin when all before have ended, each so soon (milliseconds) after the one before, are a batch that
 * waited for them.
 */
const SAME_BATCH = 5;
/** Times since 1970 are exact to a quarter of a microsecond. */
const PRECISION = 0.001;

/** The workload that a recording shows. */
export function workloadOf(recording: Recording): Workload {
  const exchanges = wholeCalls(recording.exchanges);
  const ends = endsOf(recording.connections, exchanges);
  const retired = retiredBy(recording.connections, exchanges);
  const hosts = hostsOf(recording.connections);
  const start = exchanges[0]?.queuedAt ?? recording.startedAt;
  const byEnd = [...exchanges].sort((a, b) => endOf(a) - endOf(b));
  const made = new Map<number, ReplayedRequest>();
  const first: ReplayedRequest[] = [];
  const batches: ReplayedBatch[] = [];
  let over = 0;
  let cameLast = 0;
  for (const exchange of exchanges) {
    const came = exchange.queuedAt;
    while (over < byEnd.length && endOf(byEnd[over] as ExchangeRecord) <= came + PRECISION) over += 1;
    const before = byEnd[over - 1];
    const end = before === undefined ? Number.NEGATIVE_INFINITY : endOf(before);
    const gap = Math.max(0, came - end);
    const soon = came - Math.max(end, cameLast) <= SAME_BATCH;
    cameLast = came;
    const began = batches.at(-1);
    // The batch that began at the last end goes on, or all are over and one begins.
    const batch = began?.after === over && soon ? began : undefined;
    const begins = batch === undefined && soon && over > 0 && over === made.size;
    const leader =
      batch === undefined && !begins && before !== undefined && gap <= SAME_TURN
        ? made.get(before.id)
        : undefined;
    const at =
      batch?.requests[0]?.at ??
      (begins ? (gap <= SAME_TURN ? 0 : gap) : leader === undefined ? Math.max(0, came - start) : 0);
    const waits = batch !== undefined || begins || leader !== undefined;
    const request: ReplayedRequest = {
      origin: exchange.origin,
      host: hosts.get(exchange.connection ?? 0)?.get(exchange.origin) ?? exchange.origin,
      at,
      followers: [],
      // Making one takes time until the next, in which no answer is read: it counts as the request's own, so that all
      // come together and what follows comes when it did.
      holds: Math.max(0, endOf(exchange) - (exchange.sentAt ?? came)) + (waits ? gap - at : 0),
      repeatable: exchange.method !== "POST" && exchange.method !== "PATCH",
      retires: retired.has(exchange.id),
      ends: ends.get(exchange.id) ?? NO_END,
    };
    made.set(exchange.id, request);
    if (batch !== undefined) batch.requests.push(request);
    else if (begins) batches.push({ after: over, requests: [request] });
    else (leader?.followers ?? first).push(request);
  }
  return { requests: [...made.values()], first, batches, ...serversOf(recording.connections, exchanges) };
}

/** By connection: whose connection it was, for each other origin that it carried requests of. */
function hostsOf(records: readonly ConnectionRecord[]): Map<number, Map<string, string>> {
  const hosts = new Map<number, Map<string, string>>();
  for (const { id, origin, alsoFor } of records) {
    if (alsoFor !== undefined) hosts.set(id, new Map(alsoFor.map((guest) => [guest, origin])));
  }
  return hosts;
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

const NO_END: ReplayedRequest["ends"] = { shared: undefined, alone: undefined };

/** Why the connection of an exchange ended with it, where it did or would have. */
function endsOf(
  connections: readonly ConnectionRecord[],
  exchanges: readonly ExchangeRecord[],
): Map<number, ReplayedRequest["ends"]> {
  const last = lastOf(exchanges);
  const ends = new Map<number, ReplayedRequest["ends"]>();
  const shared = new Set(connections.filter(({ protocol }) => protocol === "h2").map(({ id }) => id));
  for (const { id, connection, outcome } of exchanges) {
    // Over HTTP/1.1, giving up a request costs its connection.
    if (shared.has(connection ?? 0) && (outcome === "cancelled" || outcome === "failed"))
      ends.set(id, { shared: undefined, alone: "aborted" });
  }
  for (const { id, closed } of connections) {
    const exchange = last.get(id);
    if (exchange === undefined || closed === undefined) continue;
    const { reason } = closed;
    const { withRequest } = CLOSE_TABLE[reason];
    if (withRequest === undefined) continue;
    ends.set(exchange.id, { shared: withRequest === "stream" ? undefined : reason, alone: reason });
  }
  return ends;
}

/** The exchanges that were the last to begin on a connection that ended with GOAWAY. */
function retiredBy(
  connections: readonly ConnectionRecord[],
  exchanges: readonly ExchangeRecord[],
): ReadonlySet<number> {
  const began = new Map<number, ExchangeRecord>();
  for (const exchange of exchanges) {
    const known = began.get(exchange.connection ?? 0);
    const later = known === undefined || (exchange.stream ?? 0) >= (known.stream ?? 0);
    if (later) began.set(exchange.connection ?? 0, exchange);
  }
  const gone = connections.filter(({ closed }) => closed?.reason === "goaway");
  return new Set(gone.map(({ id }) => began.get(id)?.id ?? 0));
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
): Pick<Workload, "dialTime" | "serverIdleLimit" | "serverRequests" | "streams"> {
  const dials = new Map<string, number[]>();
  const serverIdleLimit = new Map<string, number>();
  const serverRequests = new Map<string, number>();
  const streams = new Map<string, number>();
  const last = lastOf(exchanges);
  const least = (map: Map<string, number>, origin: string, value: number): void => {
    map.set(origin, Math.min(map.get(origin) ?? value, value));
  };
  for (const record of connections) {
    if (record.protocol === undefined) continue;
    const times = dials.get(record.origin) ?? [];
    times.push(handshakeOf(record));
    dials.set(record.origin, times);
    if (record.protocol === "h2") {
      const limit = record.streams?.limit ?? Number.POSITIVE_INFINITY;
      streams.set(record.origin, Math.max(streams.get(record.origin) ?? 0, limit));
    }
    const end = last.get(record.id);
    const reason = record.closed?.reason;
    if (
      reason !== undefined &&
      CLOSE_TABLE[reason].idleLimit === "certain" &&
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
  return { dialTime, serverIdleLimit, serverRequests, streams };
}
