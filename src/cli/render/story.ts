import { plural } from "../../errors/index.js";
import { inShort } from "../../explain/index.js";
import type { ConnectionRecord, ExchangeRecord, Recording } from "../../index.js";
import { printable, type Style } from "../terminal.js";
import { duration, size } from "./table.js";
import { type Activity, type Span, timelineLegend, timelineRow } from "./timeline.js";

/** Connections described one by one; beyond them a count, since nobody reads a thousand lines. */
const SHOWN = 20;
/** Streams of an HTTP/2 connection that are drawn below each other. */
const STREAMS_SHOWN = 6;

/** What each connection of a recording did: a line each and, where pictures belong, its timeline below it. */
export function connectionStory(recording: Recording, style: Style): string[] {
  const shown = recording.connections.slice(0, SHOWN);
  const exchanges = byConnection(recording.exchanges);
  const start = Math.min(...shown.map((connection) => connection.openedAt));
  const end = Math.max(
    ...shown.map((connection) => lastSign(connection, exchanges.get(connection.id) ?? [])),
  );
  const width = Math.min(100, style.columns - 4);
  const lines: string[] = [];
  const used = new Set<Activity>();
  for (const connection of shown) {
    lines.push(connectionLine(connection, style));
    if (!style.pictures) continue;
    const spans = spansOf(connection, exchanges.get(connection.id) ?? [], start, end);
    for (const span of spans) used.add(span.activity);
    if (connection.protocol !== "h2") {
      lines.push(`  |${timelineRow(spans, end - start, width - 2, style)}|`);
      continue;
    }
    const { own, streams } = streamLanes(spans, exchanges.get(connection.id) ?? [], start, end);
    for (const row of [own, ...streams.slice(0, STREAMS_SHOWN)])
      lines.push(`  |${timelineRow(row, end - start, width - 2, style)}|`);
    if (streams.length > STREAMS_SHOWN)
      lines.push(`  and ${plural(streams.length - STREAMS_SHOWN, "more stream")} at the same time`);
  }
  if (used.size > 0) lines.push(`  ${timelineLegend(used, style)}  (${duration(end - start)} across)`);
  const rest = recording.connections.length - shown.length + recording.dropped.connections;
  if (rest > 0) lines.push(`and ${plural(rest, "more connection")}; the report (--json) counts them all`);
  return lines;
}

function byConnection(exchanges: readonly ExchangeRecord[]): Map<number, ExchangeRecord[]> {
  const grouped = new Map<number, ExchangeRecord[]>();
  for (const exchange of exchanges) {
    if (exchange.connection === undefined) continue;
    const list = grouped.get(exchange.connection);
    if (list === undefined) grouped.set(exchange.connection, [exchange]);
    else list.push(exchange);
  }
  return grouped;
}

function connectionLine(connection: ConnectionRecord, style: Style): string {
  const name = style.paint("bold", `connection ${connection.id}`);
  const protocol = connection.protocol === undefined ? "" : `, ${connection.protocol}`;
  const previous = connection.previous === undefined ? "" : ` ${connection.previous}`;
  const why = `opened because ${inShort("dial", connection.openedFor)} (${connection.openedFor}${previous})`;
  const { streams } = connection;
  const atOnce = streams === undefined || streams.most < 2 ? "" : ` (up to ${streams.most} streams at once)`;
  const turned = [
    ...((streams?.refused ?? 0) > 0 ? [`, ${streams?.refused} refused`] : []),
    ...((streams?.reset ?? 0) > 0 ? [`, ${streams?.reset} reset by the server`] : []),
  ].join("");
  const traffic = `${plural(connection.requests, "request")}${atOnce}${turned}, ${size(connection.bytesRead)} in, ${size(connection.bytesWritten)} out`;
  const parts = [why, dialText(connection), traffic, endText(connection)];
  return `${name} to ${connection.origin} (${connection.route}${protocol}): ${printable(parts.filter((part) => part !== "").join("; "))}`;
}

function dialText({ dial }: ConnectionRecord): string {
  const phases = (["dns", "connect", "proxy", "tls"] as const)
    .filter((phase) => dial[phase] !== undefined)
    .map(
      (phase) =>
        `${phase} ${duration(dial[phase]!)}${phase === "tls" && dial.resumed === true ? " (resumed)" : ""}`,
    );
  const eventful =
    dial.attempts.length > 1 || dial.attempts.some((attempt) => attempt.outcome !== "connected");
  const attempts = dial.attempts.map(
    (attempt) => `${attempt.address} ${attempt.outcome} after ${duration(attempt.milliseconds)}`,
  );
  return [phases.join(", "), eventful ? `tried ${attempts.join(", ")}` : ""]
    .filter((part) => part !== "")
    .join("; ");
}

function endText(connection: ConnectionRecord): string {
  const { closed, closedAt, openedAt, state } = connection;
  if (closed !== undefined) {
    const age = closedAt === undefined ? "" : ` after ${duration(closedAt - openedAt)}`;
    return `closed by the ${closed.by}${age}: ${inShort("close", closed.reason)} (${closed.reason}; ${closed.evidence})`;
  }
  switch (state) {
    case "idle":
      return "idle, kept for the next request";
    case "active":
      return "still in use: a response body on it was neither read nor closed";
    default:
      return `now ${state}`;
  }
}

function lastSign(connection: ConnectionRecord, exchanges: readonly ExchangeRecord[]): number {
  const { connect = 0, dns = 0, proxy = 0, tls = 0 } = connection.dial;
  const ends = exchanges.map((exchange) => exchange.endedAt ?? exchange.headersAt ?? exchange.queuedAt);
  return Math.max(connection.openedAt + dns + connect + proxy + tls, connection.closedAt ?? 0, ...ends);
}

/** The life of a connection as spans, from the start of its dial to its close, or to the end of the picture. */
function spansOf(
  connection: ConnectionRecord,
  exchanges: readonly ExchangeRecord[],
  start: number,
  end: number,
): Span[] {
  const spans: Span[] = [];
  let at = connection.openedAt - start;
  for (const phase of ["dns", "connect", "proxy", "tls"] as const) {
    const length = connection.dial[phase];
    if (length === undefined) continue;
    spans.push({ activity: phase === "proxy" ? "connect" : phase, from: at, to: at + length });
    at += length;
  }
  if (connection.state === "dialing" || connection.closed?.reason === "dial-failed") return spans;
  spans.push({ activity: "idle", from: at, to: (connection.closedAt ?? end) - start });
  for (const exchange of exchanges) spans.push(...exchangeSpans(exchange, start, end));
  return spans;
}

function exchangeSpans({ sentAt, headersAt, endedAt }: ExchangeRecord, start: number, end: number): Span[] {
  if (sentAt === undefined) return [];
  const answered = headersAt ?? endedAt ?? end;
  return [
    { activity: "waiting", from: sentAt - start, to: answered - start },
    ...(headersAt === undefined
      ? []
      : [{ activity: "receiving" as const, from: headersAt - start, to: (endedAt ?? end) - start }]),
  ];
}

/** The connection by itself, and its exchanges: those at the same time below each other, those that follow in one row. */
function streamLanes(
  spans: readonly Span[],
  exchanges: readonly ExchangeRecord[],
  start: number,
  end: number,
): { own: Span[]; streams: Span[][] } {
  const streams: Span[][] = [];
  const free: number[] = [];
  const inOrder = [...exchanges].sort((a, b) => (a.sentAt ?? 0) - (b.sentAt ?? 0));
  for (const exchange of inOrder) {
    const drawn = exchangeSpans(exchange, start, end);
    const [first] = drawn;
    const last = drawn.at(-1);
    if (first === undefined || last === undefined) continue;
    let lane = free.findIndex((from) => from <= first.from);
    if (lane < 0) lane = free.length;
    free[lane] = last.to;
    streams[lane] = [...(streams[lane] ?? []), ...drawn];
  }
  return {
    own: spans.filter(({ activity }) => activity !== "waiting" && activity !== "receiving"),
    streams,
  };
}
