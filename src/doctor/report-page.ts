import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { plural, seconds } from "../errors/index.js";
import {
  type Finding,
  firstLine,
  inShort,
  type OriginReport,
  percent,
  type Report,
} from "../explain/index.js";
import { escaped } from "./html.js";
import { reusePicture, timePicture } from "./report-picture.js";
import { pageStyle } from "./report-style.js";

/** What a report page is about besides the report. */
interface PageSubject {
  /** The program as it was called; shown whole, so leave secrets out. */
  readonly program: string;
  readonly exitCode: number;
}

/** Origins and findings shown; the JSON has all of them. */
const MAX_ROWS = 200;

/**
 * All that the page does: a button copies the code of its remedy. As an attribute, allowed by its hash alone, so that
 * the page has no script element and none in it can be ours.
 */
const COPY =
  "const b = this; navigator.clipboard.writeText(b.dataset.copy).then(() => " +
  "{ b.textContent = 'Copied'; setTimeout(() => { b.textContent = 'Copy'; }, 1500); })";
const COPY_HASH = `sha256-${createHash("sha256").update(COPY).digest("base64")}`;

/** The report as one HTML file that needs nothing else: no font, no picture, no script from anywhere. */
export function reportPage(report: Report, { program, exitCode }: PageSubject): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-hashes' '${COPY_HASH}'">
<title>Connections of ${escaped(program)}</title>
<style>${pageStyle}</style>
<noscript><style>button{display:none}</style></noscript>
</head>
<body>
<main>
<h1>Connections of <code>${escaped(program)}</code></h1>
<p class="lead">${escaped(report.requests === 0 && report.connections === 0 ? "No HTTP requests were seen." : firstLine(report))} The program ended with code ${exitCode}.</p>
${tiles(report)}
<h2>Findings</h2>
${nothingFound(report)}${report.findings.slice(0, MAX_ROWS).map(findingCard).join("\n")}
${report.notes.map((note) => `<p class="note">${withCode(note)}</p>`).join("\n")}
${pictures(report)}
<h2>Origins</h2>
${report.origins.length === 0 ? "<p>No requests were seen.</p>" : report.origins.slice(0, MAX_ROWS).map(originCard).join("\n")}
${owners(report)}
${report.dropped > 0 ? `<p class="note">${report.dropped} records were left out: the program visited more origins than the doctor keeps apart.</p>` : ""}
</main>
</body>
</html>
`;
}

function nothingFound({ findings, notes }: Report): string {
  if (findings.length > 0) return "";
  return notes.length > 0 ? "" : '<p class="good">No problems found.</p>';
}

function pictures(report: Report): string {
  const drawn = timePicture(report) + reusePicture(report.origins);
  return drawn === "" ? "" : `<h2>Connections over time, and requests for each</h2>\n${drawn}`;
}

function tiles(report: Report): string {
  const handshakes = report.origins.reduce((sum, one) => sum + one.handshakeMs, 0);
  const rows: [string, string][] = [
    ["requests", String(report.requests)],
    ["connections", String(report.connections)],
    ["reuse", report.requests === 0 ? "–" : percent(report.reuse)],
    ["making connections", seconds(handshakes)],
    ["most open at once", String(report.mostOpen)],
    ["failed", String(Object.values(report.failed).reduce((sum, one) => sum + one, 0))],
    ["still waiting", String(report.waiting)],
  ];
  return `<dl class="tiles">${rows.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`).join("")}</dl>`;
}

function findingCard(finding: Finding): string {
  const { cost, severity, kind, title, origin, site, evidence, remedy, doubt } = finding;
  const spent = [
    ...(cost.connections > 0 ? [plural(cost.connections, "connection")] : []),
    ...(cost.milliseconds > 0 ? [seconds(cost.milliseconds)] : []),
  ];
  const rows: [string, string][] = [
    ...(site === undefined ? [] : [["Code", codeAt(site)] as [string, string]]),
    ...(origin === undefined ? [] : [["At", code(origin)] as [string, string]]),
    // The place is named once.
    [
      "Seen",
      `<ul>${evidence
        .filter((line) => site === undefined || !line.includes(site))
        .map((line) => `<li>${escaped(line)}</li>`)
        .join("")}</ul>`,
    ],
    ...(doubt === undefined ? [] : [["Doubt", escaped(doubt)] as [string, string]]),
  ];
  return `<article class="finding ${severity}">
<h3>${escaped(title)}</h3>
<p class="kind"><span class="severity">${severity}</span> ${code(kind)}${spent.length === 0 ? "" : ` <span class="cost">cost ${escaped(spent.join(", "))}</span>`}</p>
<div class="remedy"><p>${withCode(remedy)}</p>${copyButton(remedy)}</div>
<table>${rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join("")}</table>
</article>`;
}

/** Copies the code of a remedy: the longest piece, which is what is to be written. Without a script it is hidden. */
function copyButton(remedy: string): string {
  const pieces = remedy.split("`").filter((_piece, index) => index % 2 === 1);
  const longest = pieces.reduce((most, piece) => (piece.length > most.length ? piece : most), "");
  return longest === ""
    ? ""
    : `<button type="button" data-copy="${escaped(longest)}" onclick="${COPY}">Copy</button>`;
}

/** A place with the lines of code around it, where they can be read. */
function codeAt(site: string): string {
  const lines = sourceLines(site);
  if (lines.length === 0) return code(site);
  const text = lines
    .map(
      ({ number, text: line, meant }) =>
        `<span class="${meant ? "meant" : "beside"}"><i>${number}</i>${escaped(line)}</span>`,
    )
    .join("");
  return `${code(site)}<pre>${text}</pre>`;
}

function originCard(origin: OriginReport): string {
  const { learnedIdleLimit } = origin;
  return `<article class="origin">
<h3>${code(origin.origin)}</h3>
<p>${escaped(`${plural(origin.requests, "request")}, ${plural(origin.connections, "connection")}, ${percent(origin.reuse)} reuse, ${seconds(origin.handshakeMs)} spent on opening connections`)}</p>
<div class="bar" role="img" aria-label="${percent(origin.reuse)} reuse"><span style="width:${(origin.reuse * 100).toFixed(1)}%"></span></div>
${reasons("Opened because", "dial", origin.openedFor)}
${reasons("Closed because", "close", origin.closed)}
${learnedIdleLimit === undefined ? "" : `<p>The server was seen to close connections after ${seconds(learnedIdleLimit)} idle.</p>`}
</article>`;
}

function reasons(
  title: string,
  of: "dial" | "close",
  counts: Readonly<Record<string, number | undefined>>,
): string {
  const rows = Object.entries(counts)
    .map(([name, times]) => [name, times ?? 0] as const)
    .filter(([, times]) => times > 0)
    .sort((a, b) => b[1] - a[1]);
  if (rows.length === 0) return "";
  return `<table class="reasons"><caption>${title}</caption>${rows
    .map(
      ([name, times]) =>
        `<tr><td class="figure">${times}</td><td>${escaped(inShort(of, name))}</td><td>${code(name)}</td></tr>`,
    )
    .join("")}</table>`;
}

function owners({ facts }: Report): string {
  const made = facts.clients.filter((one) => one.created > 0 && one.site !== undefined).slice(0, MAX_ROWS);
  if (made.length === 0) return "";
  return `<h2>Agents and clients</h2>
<div class="scroll"><table class="owners"><thead><tr><th scope="col">What</th><th scope="col">Made at</th><th scope="col">Made</th><th scope="col">Requests</th><th scope="col">Connections</th></tr></thead><tbody>${made
    .map(
      (one) =>
        `<tr><td>${escaped(`${one.type} (${one.client})`)}</td><td>${code(one.site ?? "")}</td><td class="figure">${one.created}</td><td class="figure">${one.requests}</td><td class="figure">${one.connections ?? 0}</td></tr>`,
    )
    .join("")}</tbody></table></div>`;
}

/** Text with `code` between backticks, as remedies have it. */
function withCode(text: string): string {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? code(part) : escaped(part)))
    .join("");
}

function code(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

/** Lines shown before and after the one that is meant. */
const AROUND = 1;
/** A longer line is that of a bundle, which nobody reads. */
const MAX_LINE = 200;

interface SourceLine {
  readonly number: number;
  readonly text: string;
  readonly meant: boolean;
}

/** The lines of code around a place (`file:line:column`), as far as the file is there. */
export function sourceLines(site: string): SourceLine[] {
  const [, file, line] = /^(.*):(\d+):\d+$/.exec(site) ?? [];
  if (file === undefined || line === undefined) return [];
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    const meant = Number(line);
    const shown: SourceLine[] = [];
    for (
      let number = Math.max(1, meant - AROUND);
      number <= Math.min(lines.length, meant + AROUND);
      number++
    ) {
      const text = lines[number - 1] ?? "";
      if (text.length > MAX_LINE) return [];
      shown.push({ number, text, meant: number === meant });
    }
    return shown;
  } catch {
    return [];
  }
}
