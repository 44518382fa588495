import type { Report } from "./report.js";

/** A report for people. */
export function reportText(report: Report): string {
  const lines = [`${report.requests} requests, ${report.connections} connections, ${(report.reuse * 100).toFixed(1)} % reuse`];
  for (const origin of report.origins) {
    lines.push(`${origin.origin}: ${origin.requests} requests on ${origin.connections} connections`);
    const ranked = (counts: Readonly<Record<string, number>>): string =>
      Object.entries(counts)
        .sort((a, b) => b[1] - a[1])
        .map(([name, count]) => `${name} ${count}`)
        .join(", ");
    if (origin.connections > 0) lines.push(`  opened for: ${ranked(origin.openedFor as Record<string, number>)}`);
    const closed = ranked(origin.closed as Record<string, number>);
    if (closed !== "") lines.push(`  closed: ${closed}`);
  }
  for (const finding of report.findings) lines.push(`${finding.severity}: ${finding.title}`, ...finding.evidence.map((line) => `  ${line}`), `  ${finding.remedy}`);
  return lines.join("\n");
}
