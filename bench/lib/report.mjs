// Tables: for the terminal as each row ends, and as Markdown in docs/performance.md, made from the saved results.
import { rows } from "./rows.mjs";
import { aboveFloor, spread, verdicts } from "./verdicts.mjs";

const number = (value) => {
  const digits = value >= 1000 ? 0 : value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
};
const range = ({ median, min, max }) => `${number(median)} (${number(min)}–${number(max)})`;
const cell = (rounds, key, format = ({ median }) => number(median)) => {
  const found = spread(rounds, key);
  return found === undefined ? "" : format(found);
};
const whole = ({ median }) => Math.round(median).toLocaleString("en-US");

/** What a verdict found; of a missed target also how much of it is not the sockets' own. */
function finding(row, figures, { measured, passed }) {
  if (measured === undefined) return "not measured";
  const above = passed ? undefined : aboveFloor(row, figures);
  return above === undefined ? range(measured) : `${range(measured)}; ${number(above)} × ${row.floor}`;
}

/** The lines of one row's table: first the names of the columns, then a line a client. */
function figureTable(row, figures) {
  const { metric } = row;
  const columns = [
    ["client", (name) => name],
    [`${metric.name}, ${metric.unit}`, (name) => cell(figures[name], metric.key, range)],
    ["requests/s", (name) => (metric.key === "rps" ? "" : cell(figures[name], "rps", whole))],
    [
      "CPU µs",
      (name) => (metric.key === "cpuMicrosPerRequest" ? "" : cell(figures[name], "cpuMicrosPerRequest")),
    ],
    ["GB/s", (name) => cell(figures[name], "gigabytesPerSecond")],
    ["p50 ms", (name) => cell(figures[name], "p50")],
    ["p99 ms", (name) => (metric.key === "p99" ? "" : cell(figures[name], "p99"))],
    [
      "connections",
      (name) => (row.task.kind === "importTime" ? "" : cell(figures[name], "connections", whole)),
    ],
  ];
  const names = row.clients.filter((name) => figures[name] !== undefined);
  if (names.length === 0) return [["no client ended its run"]];
  const filled = columns
    .map(([title, value]) => [title, ...names.map(value)])
    .filter(([, ...cells]) => cells.some((text) => text !== ""));
  return Array.from({ length: names.length + 1 }, (_, line) => filled.map((column) => column[line]));
}

/** One row for the terminal. */
export function terminalRow(row, figures, major) {
  const table = figureTable(row, figures);
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  const lines = table.map((line) =>
    line
      .map((text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column])))
      .join("  "),
  );
  const judged = verdicts(row, figures, major).map(
    (verdict) =>
      `  ${verdict.passed ? "pass" : "FAIL"}  ${verdict.wanted}: ${finding(row, figures, verdict)}`,
  );
  return [
    `${row.name}: ${row.title.replaceAll("`", "")}`,
    ...lines.map((line) => `  ${line.trimEnd()}`),
    ...judged,
    "",
  ].join("\n");
}

const markdownLine = (cells) => `| ${cells.join(" | ")} |`;
const markdownRule = (cells) => markdownLine(cells.map(() => "---"));

/** The generated part of docs/performance.md. */
export function markdown(results) {
  return results.map(nodeSection).join("\n\n");
}

function nodeSection(result) {
  const major = Number(result.node.split(".")[0]);
  const measuredRows = rows.filter((row) => result.rows[row.name] !== undefined);
  const targets = measuredRows.flatMap((row) =>
    verdicts(row, result.rows[row.name].figures, major).map((verdict) =>
      markdownLine([
        row.title,
        verdict.wanted,
        finding(row, result.rows[row.name].figures, verdict),
        verdict.passed ? "pass" : "**fail**",
      ]),
    ),
  );
  const head = ["work", "target", "measured", ""];
  const peers = Object.entries(result.peers).map(([name, version]) => `${name} ${version}`);
  return [
    `## Node ${result.node}`,
    "",
    `Against ${peers.join(", ")}. ${result.machine}.`,
    "",
    markdownLine(head),
    markdownRule(head),
    ...targets,
    ...measuredRows.flatMap((row) => figureSection(row, result.rows[row.name])),
    ...poolSection(result.pool),
  ].join("\n");
}

function figureSection(row, { figures, rounds, date }) {
  const [head, ...lines] = figureTable(row, figures);
  return [
    "",
    `### ${row.title}`,
    "",
    markdownLine(head),
    markdownRule(head),
    ...lines.map(markdownLine),
    "",
    `${rounds} rounds, ${date}.`,
  ];
}

function poolSection(pool) {
  if (pool === undefined) return [];
  const title = "### the pool, simulated: acquire and release over 100 to 100,000 origins";
  const fence = "```";
  return [
    "",
    title,
    "",
    `${pool.passed ? "Target met" : "**Target missed**"}, ${pool.date}.`,
    "",
    fence,
    pool.text,
    fence,
  ];
}
