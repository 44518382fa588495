import { grouped } from "../../errors/index.js";
import { type Bar, bars, percent, table } from "../render/index.js";
import type { Style } from "../terminal.js";
import { wrap } from "../wrap.js";
import type { GoResult } from "./go.js";
import type { ScenarioResult } from "./scenario.js";

/** Where the rows differ most. */
const PICTURED = 100;

/** Wide enough for the reasons to stand in a column of their own. */
const WIDE = 130;

/**
 * The measured scenarios as a table; rows that reuse little stand out. Where `width` is too small for a column of
 * reasons, they stand below the rows of their scenario, as they were with the most requests at once.
 */
export function scenarioTable(results: readonly ScenarioResult[], width: number, style: Style): string[] {
  const wide = width >= WIDE;
  const [heading, ...lines] = table(
    [
      { title: "scenario" },
      { title: "at once", align: "right" },
      { title: "requests", align: "right" },
      { title: "connections", align: "right" },
      { title: "reuse", align: "right" },
      { title: "time", align: "right" },
      ...(wide ? [{ title: "why" }] : []),
    ],
    results.map((result) => [
      result.client === "trunkline" ? `trunkline, ${result.name}` : result.name,
      grouped(result.concurrency),
      grouped(result.requests),
      grouped(result.connections),
      percent(reuse(result)),
      `${grouped(result.milliseconds)} ms`,
      ...(wide ? [result.reasons.words] : []),
    ]),
  );
  const rows = lines.flatMap((line, index) => {
    const result = results[index]!;
    const row = alarming(result) ? style.paint("red", line) : line;
    const last = results[index + 1]?.name !== result.name;
    if (wide || !last) return [row];
    return [row, ...wrap(result.reasons.words, width - 4).map((words) => style.paint("dim", `    ${words}`))];
  });
  return [style.paint("bold", heading!), ...rows];
}

/** Go's rows, and when they were measured. */
export function goTable(go: GoResult, style: Style): string[] {
  const [heading, ...lines] = table(
    [
      { title: `Go ${go.version}'s own client` },
      { title: "at once", align: "right" },
      { title: "requests", align: "right" },
      { title: "connections", align: "right" },
    ],
    go.rows.map((row) => [
      row.name,
      grouped(row.concurrency),
      grouped(row.requests),
      grouped(row.connections),
    ]),
  );
  const origin = go.measured
    ? "measured just now on this machine"
    : "stored figures: Go was not found, or took too long";
  return [`${style.paint("bold", heading!)}  (${origin})`, ...lines];
}

/** Connections per request with the most at once, one bar each. */
export function picture(results: readonly ScenarioResult[], go: GoResult, style: Style): string[] {
  const rows: Bar[] = results
    .filter((result) => result.concurrency === PICTURED)
    .map((result) => ({
      label: result.client === "trunkline" ? `trunkline, ${result.name}` : result.name,
      value: result.connections / result.requests,
      text: `${grouped(result.connections)} for ${grouped(result.requests)}`,
      alarming: alarming(result),
    }));
  for (const row of go.rows.filter((candidate) => candidate.concurrency === PICTURED)) {
    const share = row.connections / row.requests;
    rows.push({
      label: `Go, ${row.name}`,
      value: share,
      text: `${grouped(row.connections)} for ${grouped(row.requests)}`,
      alarming: share > 0.5,
    });
  }
  return [style.paint("bold", `connections opened, ${PICTURED} requests at once`), ...bars(rows, style)];
}

function reuse({ connections, requests }: ScenarioResult): number {
  return Math.max(0, 1 - connections / requests);
}

function alarming(result: ScenarioResult): boolean {
  return reuse(result) < 0.5;
}
