import { plural, seconds } from "../errors/index.js";
import {
  type ConnectionRecord,
  type Decision,
  type ExchangeRecord,
  handshakeOf,
  type Recording,
} from "../trace/index.js";
import { decisionSentence } from "./decision-sentence.js";
import { CLOSE_REASONS } from "./names-close.js";
import { DIAL_REASONS } from "./names-dial.js";
import { RecordingError } from "./recording-reader.js";
import { besideLimit } from "./words.js";

/** Requests of one connection that are listed; of more, the first and the last. */
const LISTED = 10;

/**
 * Tells the story of a request (`r92` or `92`) or a connection (`c17`) in a recording, in sentences.
 *
 * @throws RecordingError when the recording has no such request or connection; the message says which it has.
 */
export function explainById(recording: Recording, id: string): string {
  const match = /^([rc]?)(\d+)$/i.exec(id.trim());
  if (match === null) {
    throw new RecordingError(
      "ERR_TRUNKLINE_RECORDING",
      `${JSON.stringify(id)} is not a request or connection: write r92 for request 92, c17 for connection 17`,
    );
  }
  const number = Number(match[2]);
  return match[1]?.toLowerCase() === "c"
    ? explainConnection(recording, number)
    : explainExchange(recording, number);
}

/** Why a request got the connection it got, and how it went. */
function explainExchange(recording: Recording, id: number): string {
  const attempts = recording.exchanges.filter((exchange) => exchange.id === id);
  const decisions = recording.decisions.filter((decision) => decision.exchange === id);
  if (attempts.length === 0 && decisions.length === 0)
    throw missing("request", "r", id, recording.exchanges, recording);
  const lines: string[] = [];
  const first = attempts[0];
  if (first !== undefined) lines.push(`${first.method} ${first.origin}${first.path}`, "");
  for (const [index, attempt] of attempts.entries()) {
    if (attempts.length > 1) lines.push(`Attempt ${index + 1}:`);
    const decision = decisions.find((one) => one.connection === (attempt.connection ?? 0));
    const connection = recording.connections.find((record) => record.id === attempt.connection);
    lines.push(decision === undefined ? withoutDecision(attempt, connection) : decisionSentence(decision));
    if (decision === undefined && connection?.alsoFor?.includes(attempt.origin) === true)
      lines.push(`That connection was made for ${connection.origin}, and shared (http2.coalesce).`);
    if (attempt.stream !== undefined) lines.push(`It went out as stream ${attempt.stream}.`);
    if (decision !== undefined) lines.push(...consideredLines(decision));
    lines.push(outcomeOf(attempt, connection));
  }
  if (attempts.length === 0)
    for (const decision of decisions) lines.push(decisionSentence(decision), ...consideredLines(decision));
  const failed = recording.connections.filter((record) => record.delayed?.includes(id) === true);
  for (const record of failed)
    lines.push(
      `Its dial, connection ${record.id}, failed: ${record.closed?.evidence ?? "no evidence was kept"}.`,
    );
  return lines.join("\n");
}

/** Why a connection was made, what it carried, and why and by whom it was ended. */
function explainConnection(recording: Recording, id: number): string {
  const record = recording.connections.find((one) => one.id === id);
  if (record === undefined) throw missing("connection", "c", id, recording.connections, recording);
  const lines = [`Connection ${id} to ${record.origin} (${record.route})`, ""];
  const { meaning } = DIAL_REASONS[record.openedFor] ?? { meaning: "" };
  lines.push(`Reason for the dial: ${record.openedFor}. ${meaning}`.trim());
  const previous = recording.connections.find((one) => one.id === record.previous);
  if (record.previous !== undefined) {
    const why =
      previous?.closed === undefined
        ? ""
        : `, which was closed as ${previous.closed.reason} by the ${previous.closed.by}: ${sentence(previous.closed.evidence)}`;
    lines.push(`It replaced connection ${record.previous}${why === "" ? "." : why}`);
  }
  lines.push(dialLine(record));
  for (const attempt of record.dial.attempts)
    lines.push(`  ${attempt.address}: ${attempt.outcome} after ${seconds(attempt.milliseconds)}`);
  const carried = recording.exchanges.filter((exchange) => exchange.connection === id);
  lines.push(
    `It carried ${plural(record.requests, "request")} (${plural(record.bytesWritten, "byte")} out, ${record.bytesRead.toLocaleString("en-US")} in).`,
  );
  if (record.streams !== undefined) lines.push(streamsLine(record.streams));
  if (record.alsoFor !== undefined)
    lines.push(`It carried requests for other origins too (http2.coalesce): ${record.alsoFor.join(", ")}.`);
  const shown =
    carried.length <= LISTED ? carried : [...carried.slice(0, LISTED / 2), ...carried.slice(-LISTED / 2)];
  for (const exchange of shown)
    lines.push(
      `  r${exchange.id}${exchange.stream === undefined ? "" : ` (stream ${exchange.stream})`} ${exchange.method} ${exchange.path}: ${exchange.status ?? exchange.error ?? exchange.outcome}`,
    );
  if (shown.length < carried.length) lines.push(`  and ${carried.length - shown.length} more between them`);
  if (carried.length < record.requests)
    lines.push(`  The recorder no longer has ${record.requests - carried.length} of them.`);
  lines.push(...closeLines(record, carried));
  return lines.join("\n");
}

function streamsLine({ most, limit, refused, reset }: NonNullable<ConnectionRecord["streams"]>): string {
  const turned = [
    ...(refused > 0 ? [`refused ${refused}`] : []),
    ...(reset > 0 ? [`reset ${reset}`] : []),
  ].join(" and ");
  return `It spoke HTTP/2, with up to ${plural(most, "request")} at once${besideLimit(most, limit)}${turned === "" ? "" : `; its server ${turned}`}.`;
}

function dialLine(record: ConnectionRecord): string {
  const { dns, connect, proxy, tls, resumed } = record.dial;
  const phases = Object.entries({ dns, connect, proxy, tls }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${seconds(value)}`],
  );
  const resumption =
    tls === undefined
      ? ""
      : resumed === true
        ? ", the TLS session was resumed"
        : ", with a full TLS handshake";
  return record.protocol === undefined
    ? `It was never open${phases.length === 0 ? "" : ` (${phases.join(", ")})`}.`
    : `Making it took ${seconds(handshakeOf(record))} (${phases.join(", ")})${resumption}.`;
}

function closeLines(record: ConnectionRecord, carried: readonly ExchangeRecord[]): string[] {
  const { closed } = record;
  if (closed === undefined) return [`It is ${record.state}.`];
  const words = CLOSE_REASONS[closed.reason];
  const after =
    record.closedAt === undefined
      ? ""
      : ` ${seconds(record.closedAt - record.openedAt)} after its dial began`;
  const lines = [
    `It was closed by the ${closed.by}${after} (${closed.reason}): ${sentence(closed.evidence)}`,
  ];
  if (words !== undefined)
    lines.push(words.meaning, `Usual cause: ${words.cause}`, `Remedy: ${words.remedy}`);
  const touched = carried.filter((exchange) => exchange.outcome !== "complete");
  if (touched.length > 0)
    lines.push(
      `Requests affected: ${touched.map((exchange) => `r${exchange.id} (${exchange.outcome})`).join(", ")}.`,
    );
  if (record.delayed !== undefined)
    lines.push(
      `Requests that failed or waited because of it: ${record.delayed.map((id) => `r${id}`).join(", ")}.`,
    );
  return lines;
}

function consideredLines(decision: Decision): string[] {
  return decision.candidates
    .filter((candidate) => candidate.verdict !== "taken")
    .map(({ connection, verdict, facts }) => {
      const told = Object.entries(facts).map(
        ([name, value]) => `${name} ${typeof value === "number" ? Number(value.toFixed(1)) : String(value)}`,
      );
      return `  c${connection} was ${verdict}${told.length === 0 ? "" : ` (${told.join(", ")})`}`;
    });
}

/** Requests that got an idle connection at once have no decision kept: it follows from the record. */
function withoutDecision(exchange: ExchangeRecord, connection: ConnectionRecord | undefined): string {
  if (exchange.connection === undefined) return `Request ${exchange.id} got no connection.`;
  if (!exchange.reused)
    return `Request ${exchange.id} went out on connection ${exchange.connection}, the first on it.`;
  const { idleFor = 0 } = exchange;
  const how =
    idleFor > 0
      ? `had been idle for ${seconds(idleFor)}`
      : connection?.protocol === "h2"
        ? "had others on it and room for more"
        : "another request had just finished with";
  return `Request ${exchange.id} reused connection ${exchange.connection}, which ${how}.`;
}

function outcomeOf(exchange: ExchangeRecord, connection: ConnectionRecord | undefined): string {
  const took =
    exchange.endedAt === undefined ? "" : ` after ${seconds(exchange.endedAt - exchange.queuedAt)}`;
  const cause =
    connection?.closed === undefined || exchange.outcome === "complete"
      ? ""
      : `; the connection was closed by the ${connection.closed.by} (${connection.closed.reason}): ${sentence(connection.closed.evidence)}`;
  switch (exchange.outcome) {
    case "complete":
      return `It was answered with status ${exchange.status ?? "unknown"}, complete${took}.`;
    case "retried":
      return `It met a dead connection and was retried${sentence(cause)}`;
    case "active":
      return "It was under way when the recording ended.";
    default:
      return `It ${exchange.outcome === "failed" ? "failed" : "was cancelled"}${took}${exchange.error === undefined ? "" : ` (${exchange.error})`}${sentence(cause)}`;
  }
}

/** The text as a sentence of its own. */
function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

function missing(
  what: string,
  letter: string,
  id: number,
  known: readonly { readonly id: number }[],
  recording: Recording,
): RecordingError {
  const ids = known.map((one) => one.id);
  const has =
    ids.length === 0
      ? `it has no ${what}s`
      : `it has ${letter}${Math.min(...ids)} to ${letter}${Math.max(...ids)}`;
  const { connections, exchanges } = recording.dropped;
  const forgot = connections + exchanges > 0 ? ", and the recorder had to discard some" : "";
  return new RecordingError(
    "ERR_TRUNKLINE_RECORDING",
    `The recording has no ${what} ${letter}${id}: ${has}${forgot}`,
  );
}
