import { plural, seconds } from "../errors/index.js";
import { inShort } from "./names.js";
import type { Finding, OriginReport, Report, StreamReport } from "./report.js";
import { besideLimit, percent, ranked } from "./words.js";

/** Origins shown apart; a crawler has thousands. */
const MAX_ORIGINS = 10;
const MAX_FINDINGS = 20;

/** A report for people: what it comes to, what is wrong and what to do, then the figures. */
export function reportText(report: Report): string {
  if (report.requests === 0 && report.origins.length === 0 && report.findings.length === 0)
    return ["No requests yet, so there is nothing to explain.", ...report.notes].join("\n\n");
  const lines = [firstLine(report), ""];
  if (report.findings.length > 0) {
    lines.push(`${plural(report.findings.length, "finding")}, the worst first:`);
    for (const [index, finding] of report.findings.slice(0, MAX_FINDINGS).entries())
      lines.push("", ...findingLines(finding, index + 1));
    if (report.findings.length > MAX_FINDINGS)
      lines.push("", `and ${report.findings.length - MAX_FINDINGS} more.`);
  } else if (report.notes.length === 0) {
    lines.push("No problems found.");
  }
  if (report.notes.length > 0) {
    if (report.findings.length > 0) lines.push("");
    lines.push(...report.notes.map((note) => `note: ${note}`));
  }
  for (const origin of report.origins.slice(0, MAX_ORIGINS)) lines.push("", ...originLines(origin));
  const rest = report.origins.slice(MAX_ORIGINS);
  if (rest.length > 0) {
    const requests = rest.reduce((sum, one) => sum + one.requests, 0);
    const connections = rest.reduce((sum, one) => sum + one.connections, 0);
    lines.push(
      "",
      `${plural(rest.length, "other origin")}: ${plural(requests, "request")} on ${plural(connections, "connection")}.`,
    );
  }
  if (report.dropped > 0) {
    lines.push(
      "",
      `The recorder no longer has ${plural(report.dropped, "record")}; the totals above are complete.`,
    );
  }
  return lines.join("\n");
}

/** All that an engineer asks first, in one line. */
export function firstLine(report: Report): string {
  const failed = ranked(report.failed);
  const failures = failed.reduce((sum, [, count]) => sum + count, 0);
  const made =
    report.requests > 0 && report.connections === 0
      ? `${plural(report.requests, "request")}, and no connection was made for ${report.requests === 1 ? "it" : "them"}`
      : `${plural(report.requests, "request")} on ${plural(report.connections, "connection")}${report.requests === 0 ? "" : `: ${percent(report.reuse)} reused one`}`;
  return `${[
    made,
    failures === 0
      ? "none failed"
      : `${failures.toLocaleString("en-US")} failed (${failed
          .slice(0, 4)
          .map(([code, count]) => `${code} × ${count}`)
          .join(", ")})`,
    ...(report.mostOpen > 0 ? [`at most ${plural(report.mostOpen, "connection")} open at once`] : []),
    ...(report.waiting > 0 ? [`${plural(report.waiting, "request")} still waiting`] : []),
  ].join("; ")}.`;
}

function originLines(origin: OriginReport): string[] {
  const lines = [
    `${origin.origin}: ${plural(origin.requests, "request")}, ${plural(origin.connections, "connection")}${spokenOn(origin)}${origin.connections === 0 || origin.requests === 0 ? "" : `, ${percent(origin.reuse)} reuse`}`,
  ];
  if (origin.connections > 0) lines.push(`  ${seconds(origin.handshakeMs)} spent on opening connections`);
  if (origin.coalesced !== undefined)
    lines.push(`  ${plural(origin.coalesced, "request")} went on connections made for other origins`);
  if (origin.streams !== undefined) lines.push(...streamLines(origin.streams));
  const opened = ranked(origin.openedFor);
  if (opened.length > 0) lines.push("  opened because");
  for (const [reason, count] of opened) lines.push(`    ${count} × ${inShort("dial", reason)} (${reason})`);
  const closed = ranked(origin.closed);
  if (closed.length > 0) lines.push("  closed because");
  for (const [reason, count] of closed) lines.push(`    ${count} × ${inShort("close", reason)} (${reason})`);
  if (origin.learnedIdleLimit !== undefined)
    lines.push(`  the server was seen to close connections after ${seconds(origin.learnedIdleLimit)} idle`);
  return lines;
}

function spokenOn({ protocols = {} }: OriginReport): string {
  const spoken = ranked(protocols);
  const name = (protocol: string): string => (protocol === "h2" ? "HTTP/2" : "HTTP/1.1");
  if (spoken.length === 1) return ` (${name(spoken[0]?.[0] ?? "")})`;
  return spoken.length === 0
    ? ""
    : ` (${spoken.map(([protocol, count]) => `${count} × ${name(protocol)}`).join(", ")})`;
}

function streamLines({ atOnce, onOne, limit, waited, refused, reset, saved }: StreamReport): string[] {
  if (atOnce === 0) return [];
  const lines = [
    `  up to ${plural(atOnce, "request")} at once${onOne === atOnce ? " on one connection" : `, ${onOne} on one connection`}${besideLimit(onOne, limit)}`,
  ];
  if (saved > 0)
    lines.push(
      `  HTTP/1.1 would have needed at least ${plural(saved, "more connection", "more connections")}`,
    );
  if (waited > 0) lines.push(`  ${plural(waited, "request")} waited because every connection was full`);
  if (refused > 0) lines.push(`  the server refused ${plural(refused, "request")} unprocessed`);
  if (reset > 0) lines.push(`  the server reset ${plural(reset, "request")}`);
  return lines;
}

function findingLines(finding: Finding, number: number): string[] {
  const cost = [
    ...(finding.cost.connections > 0 ? [plural(finding.cost.connections, "connection")] : []),
    ...(finding.cost.milliseconds > 0 ? [seconds(finding.cost.milliseconds)] : []),
  ];
  return [
    `${number}. [${finding.severity}] ${finding.title} (${finding.kind})`,
    `   remedy: ${finding.remedy}`,
    ...(cost.length === 0 ? [] : [`   cost:   ${cost.join(", ")}`]),
    ...(finding.site === undefined ? [] : [`   code:   ${finding.site}`]),
    ...(finding.origin === undefined ? [] : [`   at:     ${finding.origin}`]),
    // The place is named once.
    ...finding.evidence
      .filter((line) => finding.site === undefined || !line.includes(finding.site))
      .map((line) => `   seen:   ${line}`),
    ...(finding.doubt === undefined ? [] : [`   doubt:  ${finding.doubt}`]),
  ];
}
