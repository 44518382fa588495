import type { ConnectionRecord, DialRecord } from "../trace/index.js";
import type { Connection } from "./connection/index.js";

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
    state: closedBecause === undefined ? member.state : "closed",
    route,
    openedFor: member.openedFor,
    ...(member.previous === undefined ? {} : { previous: member.previous }),
    dial,
    openedAt: epoch + member.dialStartedAt,
    ...(closedBecause === undefined ? {} : { closedAt: epoch + now }),
    requests: member.requests,
    bytesRead: connection.bytesRead,
    bytesWritten: connection.bytesWritten,
    ...(closedBecause === undefined ? {} : { closed: closedBecause }),
  };
}

/** How it was made, or what was tried. */
export function dialRecord({ dialed, dialError }: Connection): DialRecord {
  const dial: DialRecord = { attempts: [...(dialed?.attempts ?? dialError?.attempts ?? [])] };
  const timings = dialed ?? dialError?.timings;
  if (timings?.dns !== undefined) dial.dns = timings.dns;
  if (timings?.connect !== undefined) dial.connect = timings.connect;
  if (timings?.proxy !== undefined) dial.proxy = timings.proxy;
  if (timings?.tls !== undefined) dial.tls = timings.tls;
  if (dialed?.resumed !== undefined) dial.resumed = dialed.resumed;
  return dial;
}
