import { type Finding, inShort, type OriginReport, type Report } from "../explain/index.js";
import { pageStyle } from "./report-style.js";

/** What a report page is about besides the report. */
export interface PageSubject {
  /** The program as it was called; shown whole, so leave secrets out. */
  readonly program: string;
  readonly exitCode: number;
}

/** Origins and findings shown; the JSON has all of them. */
const MAX_ROWS = 200;

/** The report as one HTML file that needs nothing else: no script, no font, no picture from anywhere. */
export function reportPage(report: Report, { program, exitCode }: PageSubject): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Connections of ${escaped(program)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<h1>Connections of <code>${escaped(program)}</code></h1>
<p class="lead">${escaped(summary(report))} The program ended with code ${exitCode}.</p>
${tiles(report)}
<h2>Findings</h2>
${report.findings.length === 0 ? '<p class="good">Nothing to mend was found.</p>' : report.findings.slice(0, MAX_ROWS).map(findingCard).join("\n")}
<h2>Origins</h2>
${report.origins.length === 0 ? "<p>No request was seen.</p>" : report.origins.slice(0, MAX_ROWS).map(originCard).join("\n")}
${owners(report)}
${report.dropped > 0 ? `<p class="note">${report.dropped} records were left out, as more origins were visited than are kept apart.</p>` : ""}
</main>
</body>
</html>
`;
}

function summary({ requests, connections, reuse }: Report): string {
  if (requests === 0) return "No HTTP request was seen.";
  return `${count(requests, "request")} went out on ${count(connections, "connection")}: ${percent(reuse)} of them reused one.`;
}

function tiles(report: Report): string {
  const handshakes = report.origins.reduce((sum, one) => sum + one.handshakeMs, 0);
  const rows: [string, string][] = [
    ["requests", String(report.requests)],
    ["connections", String(report.connections)],
    ["reuse", percent(report.reuse)],
    ["making connections", milliseconds(handshakes)],
    ["findings", String(report.findings.length)],
  ];
  return `<dl class="tiles">${rows.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`).join("")}</dl>`;
}

function findingCard(finding: Finding): string {
  const { cost, severity, kind, title, origin, site, evidence, remedy, doubt } = finding;
  const spent = [
    ...(cost.connections > 0 ? [count(cost.connections, "connection")] : []),
    ...(cost.milliseconds > 0 ? [milliseconds(cost.milliseconds)] : []),
  ];
  const rows: [string, string][] = [
    ...(origin === undefined ? [] : [["At", code(origin)] as [string, string]]),
    ...(site === undefined ? [] : [["Code", code(site)] as [string, string]]),
    ["Seen", `<ul>${evidence.map((line) => `<li>${escaped(line)}</li>`).join("")}</ul>`],
    ...(spent.length === 0 ? [] : [["Cost", escaped(spent.join(", "))] as [string, string]]),
    ["Remedy", withCode(remedy)],
    ...(doubt === undefined ? [] : [["Doubt", escaped(doubt)] as [string, string]]),
  ];
  return `<article class="finding ${severity}">
<h3>${escaped(title)}</h3>
<p class="kind"><span class="severity">${severity}</span> ${code(kind)}</p>
<table>${rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join("")}</table>
</article>`;
}

function originCard(origin: OriginReport): string {
  const { learnedIdleLimit } = origin;
  return `<article class="origin">
<h3>${code(origin.origin)}</h3>
<p>${escaped(`${count(origin.requests, "request")}, ${count(origin.connections, "connection")}, ${percent(origin.reuse)} reuse, ${milliseconds(origin.handshakeMs)} spent on making connections`)}</p>
<div class="bar" role="img" aria-label="${percent(origin.reuse)} reuse"><span style="width:${(origin.reuse * 100).toFixed(1)}%"></span></div>
${reasons("Opened because", "dial", origin.openedFor)}
${reasons("Closed because", "close", origin.closed)}
${learnedIdleLimit === undefined ? "" : `<p>The server was seen to end connections after ${milliseconds(learnedIdleLimit)} idle.</p>`}
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

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function count(figure: number, noun: string): string {
  return `${figure} ${noun}${figure === 1 ? "" : "s"}`;
}

function percent(share: number): string {
  const figure = share * 100;
  // Rounded up, 99.96 would read as if nothing had been lost.
  return `${figure > 99 && figure < 100 ? Math.floor(figure * 10) / 10 : Math.round(figure)} %`;
}

function milliseconds(figure: number): string {
  return figure >= 1000 ? `${(figure / 1000).toFixed(1)} s` : `${figure.toFixed(figure >= 10 ? 0 : 1)} ms`;
}
