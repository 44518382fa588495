import { bare } from "../../runtime/index.js";
import { bounded, type CloseCause, type ConnectionRecord, type DialRecord } from "../../trace/index.js";
import type { Connection } from "../connection/index.js";
import type { DialAttempt } from "../dial/index.js";

/** Attempts that a record keeps: a name may have thousands of addresses. */
const ATTEMPTS = 16;
/** Characters of its evidence. */
const EVIDENCE_CHARACTERS = 1024;

/** A connection's life as data. `epoch`: milliseconds since 1970 at the runtime's zero. */
export function connectionRecord(
  connection: Connection,
  route: string,
  epoch: number,
  now: number,
): ConnectionRecord {
  const { member, protocol, closedBecause } = connection;
  const dial = dialRecord(connection);
  return {
    id: member.id,
    origin: member.route.origin,
    ...(protocol === undefined ? {} : { protocol }),
    ...(connection.alsoFor === undefined ? {} : { alsoFor: [...connection.alsoFor] }),
    state: closedBecause === undefined ? member.state : "closed",
    route,
    openedFor: member.openedFor,
    ...(member.previous === undefined ? {} : { previous: member.previous }),
    dial,
    openedAt: epoch + member.dialStartedAt,
    ...(closedBecause === undefined ? {} : { closedAt: epoch + now }),
    requests: member.requests,
    ...streamsOf(connection),
    bytesRead: connection.bytesRead,
    bytesWritten: connection.bytesWritten,
    ...(closedBecause === undefined ? {} : { closed: boundedCause(closedBecause) }),
  };
}

function boundedCause(cause: CloseCause): CloseCause {
  const evidence = bounded(cause.evidence, EVIDENCE_CHARACTERS);
  return evidence === cause.evidence ? cause : { ...cause, evidence };
}

/** How it was made, or what was tried. */
export function dialRecord({ dialed, dialError }: Connection): DialRecord {
  const attempts = dialed?.attempts ?? dialError?.attempts ?? [];
  const dial: DialRecord = bare({ attempts: attempts.slice(0, ATTEMPTS) });
  // The one that led to the connection, or failed last, is among them.
  if (attempts.length > ATTEMPTS) {
    dial.attempts[ATTEMPTS - 1] = attempts.at(-1) as DialAttempt;
    dial.moreAttempts = attempts.length - ATTEMPTS;
  }
  const timings = dialed ?? dialError?.timings;
  if (timings?.dns !== undefined) dial.dns = timings.dns;
  if (timings?.connect !== undefined) dial.connect = timings.connect;
  if (timings?.proxy !== undefined) dial.proxy = timings.proxy;
  if (timings?.tls !== undefined) dial.tls = timings.tls;
  if (dialed?.resumed !== undefined) dial.resumed = dialed.resumed;
  return dial;
}

function streamsOf({ carrier, member, closedBecause }: Connection): Pick<ConnectionRecord, "streams"> {
  const counts = carrier?.streamCounts?.();
  return counts === undefined
    ? {}
    : { streams: { active: closedBecause === undefined ? member.active : 0, ...counts } };
}
