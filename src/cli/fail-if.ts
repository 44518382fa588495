import { allNames } from "../explain/index.js";
import type { Report } from "../index.js";
import { UsageError } from "./exit.js";
import { suggest } from "./suggest.js";

/** A condition of `--fail-if`. */
interface FailIf {
  readonly text: string;
  holds(report: Report, failed?: number): boolean;
}

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};

/**
 * Reads `reuse<95%`, `connections>10`, `requests<1`, `failed>0` or `finding:KIND` (`finding:any` for whichever).
 * `failed` are dials and requests that failed, as far as the report knows.
 */
export function parseFailIf(text: string): FailIf {
  const expression = text.replace(/\s+/g, "");
  const finding = /^finding:([\w.-]+)$/.exec(expression)?.[1];
  if (finding !== undefined) {
    const kind = kindOf(finding);
    return { text, holds: ({ findings }) => has(findings, kind) };
  }
  const match = /^(reuse|connections|requests|failed)(<=|>=|<|>)(\d+(?:\.\d+)?)(%?)$/.exec(expression);
  const [, name, operator = "", number = "", unit] = match ?? [];
  const compare = COMPARE[operator];
  if (name === undefined || compare === undefined || (unit === "%" && name !== "reuse")) {
    throw new UsageError(
      `--fail-if does not understand "${text}"; write reuse<95%, connections>10, failed>0 or finding:body-unread`,
    );
  }
  const limit = Number(number) / (unit === "%" ? 100 : 1);
  if (name === "reuse" && limit > 1)
    throw new UsageError(`reuse is between 0 and 1 in "${text}": did you mean reuse${operator}${number}%?`);
  return { text, holds: (report, failed) => compare(measure(report, name, failed), limit) };
}

/** The conditions that hold, as they were written. */
export function heldOf(conditions: readonly FailIf[], report: Report, failed?: number): string[] {
  return conditions.filter((one) => one.holds(report, failed)).map((one) => one.text);
}

function measure(report: Report, name: string, failed: number | undefined): number {
  if (name === "reuse") return report.reuse;
  if (name === "connections") return report.connections;
  if (name === "requests") return report.requests;
  if (failed !== undefined) return failed;
  return report.facts.origins.reduce(
    (sum, { counts }) => sum + (counts.dialFailures ?? 0) + (counts.staleFailures ?? 0),
    0,
  );
}

function kindOf(name: string): string {
  if (name === "any") return name;
  const kinds = allNames().filter((one) => one.of === "finding");
  if (kinds.some((one) => one.name === name)) return name;
  const meant = suggest(
    name,
    kinds.map((one) => one.name),
  );
  const hint = meant === undefined ? "docs/findings.md lists them" : `did you mean ${meant}?`;
  throw new UsageError(`there is no finding "${name}": ${hint}`);
}

function has(findings: Report["findings"], kind: string): boolean {
  return kind === "any" ? findings.length > 0 : findings.some((one) => one.kind === kind);
}
