import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Report } from "../../src/explain/index.js";
import type { Case } from "./corpus-table.js";
import { programOf, watchNode } from "./watch-program.js";

const major = Number.parseInt(process.versions.node, 10);
const words = (process.env["TRUNKLINE_CORPUS"] ?? "").split(" ");

/** Runs programs of the corpus, a test each, and again with the remedy applied where one can be. */
export function checkCorpus(
  name: string,
  cases: readonly Case[],
  { folder, skip = false }: { folder?: string; skip?: string | false } = {},
): void {
  describe(name, { concurrency: 2, skip }, () => {
    for (const one of cases.filter(isWanted)) {
      check(one, folder);
      checkMended(one, folder);
    }
  });
}

function check(one: Case, folder?: string): void {
  for (const argument of one.arguments ?? [undefined]) {
    const name = argument === undefined ? one.program : `${one.program} ${argument}`;
    const expected = one.finds.length === 0 ? "finds nothing" : `finds ${one.finds.join(" and ")}`;
    const skip = one.since !== undefined && major < one.since ? `needs Node ${one.since}` : false;
    test(`${name}: ${expected}`, { skip }, async () => {
      const file = programOf(one.program, folder);
      const { report, code, stdout, stderr } = await watchNode(
        argument === undefined ? [file] : [file, argument],
      );
      assert.equal(code, one.exitCode ?? 0, stderr);
      const kinds = report.findings.map(({ kind }) => kind);
      const allowed = [...one.finds, ...(one.also ?? [])];
      for (const kind of one.finds)
        assert.ok(kinds.includes(kind), `no ${kind} in: ${kinds.join(", ") || "nothing"}\n${String(report)}`);
      assert.deepEqual(
        kinds.filter((kind) => !allowed.includes(kind)),
        [],
        String(report),
      );
      const served = one.uncounted === true ? undefined : servedOf(stdout);
      if (served !== undefined && !allowed.includes("dial-failures"))
        assert.deepEqual([report.requests, report.connections], served, "what the servers counted");
      for (const { origin } of report.origins) assert.match(origin, one.origins ?? /^/);
      if (one.streams !== undefined) {
        const { onOne, limit } = report.origins[0]?.streams ?? {};
        assert.deepEqual({ onOne, limit }, one.streams, String(report));
      }
      if (one.notes !== undefined) assert.match(report.notes.join("\n"), one.notes);
      saysNothingWrong(report, kinds.length > 0);
      const [kind] = one.finds;
      if (kind === undefined) return;
      assert.ok(
        allowed.slice(0, one.finds.length).includes(report.findings[0]?.kind ?? kind),
        "the planted fault comes first",
      );
      const { site } = report.findings.find((finding) => finding.kind === kind) ?? {};
      if (one.remedy !== undefined)
        assert.match(report.findings.find((finding) => finding.kind === kind)?.remedy ?? "", one.remedy);
      if (one.site) assert.match(site ?? "", /corpus\/(?:programs\/[\w-]+|server)\.mjs:\d+:\d+$/);
    });
  }
}

/** "No problems" is not said of a program whose requests fail or reuse little. */
function saysNothingWrong(report: Report, found: boolean): void {
  const loses = report.origins.some(({ requests, reuse }) => requests > 10 && reuse < 0.5);
  const fails = Object.keys(report.failed).length > 0;
  if (!found && (loses || fails)) assert.doesNotMatch(String(report), /No problems found/);
  // What is Trunkline's own is no word for other clients.
  assert.doesNotMatch(String(report), /maxIdleConnections|closeIdle|idempotent: true|new Transport/);
}

/** Runs a program with its fault mended as the remedy says: the finding is gone, and what it cost. */
function checkMended(one: Case, folder?: string): void {
  const { mended } = one;
  if (mended === undefined) return;
  test(`${one.program}: its remedy cures`, async () => {
    const file = programOf(one.program, folder);
    const { report, code, stderr } = await watchNode([file, ...(one.arguments?.slice(-1) ?? []), "mended"]);
    assert.equal(code, 0, stderr);
    const { connections, failed, leaves = [] } = mended;
    for (const { kind, severity } of report.findings)
      assert.ok(leaves.includes(kind) && severity !== "high", `${severity} ${kind}\n${String(report)}`);
    if (connections !== undefined) assert.ok(report.connections <= connections, String(report));
    const failures = Object.values(report.failed).reduce((sum, count) => sum + count, 0);
    if (failed !== undefined) assert.ok(failures <= failed, String(report));
  });
}

/** Requests and connections as the program's servers counted them, in all its processes and threads. */
function servedOf(stdout: string): [requests: number, connections: number] | undefined {
  const lines = [...stdout.matchAll(/^served (\d+) requests on (\d+) connections$/gm)];
  if (lines.length === 0) return undefined;
  const sum = (group: 1 | 2): number => lines.reduce((total, line) => total + Number(line[group]), 0);
  return [sum(1), sum(2)];
}

function isWanted({ program }: Case): boolean {
  return words.some((word) => program.includes(word));
}
