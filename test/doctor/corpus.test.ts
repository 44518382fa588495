import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { builtIn, type Case, clients } from "./corpus-table.js";
import { installedCorpus, programOf, watchNode } from "./watch-program.js";

const major = Number.parseInt(process.versions.node, 10);
const installed =
  existsSync(join(installedCorpus, "programs")) && existsSync(join(installedCorpus, "node_modules"));

describe("doctor: finds what is wrong with programs over fetch and node:http", { concurrency: 2 }, () => {
  for (const one of builtIn) check(one);
});

describe("doctor: finds what is wrong with programs over clients from npm", {
  concurrency: 2,
  skip: installed ? false : "the clients are not installed; .ci/steps/40-doctor.sh does it",
}, () => {
  for (const one of clients(major)) check(one, installedCorpus);
});

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
      const served = servedOf(stdout);
      if (served !== undefined && !allowed.includes("dial-failures"))
        assert.deepEqual([report.requests, report.connections], served, "what the servers counted");
      const [kind] = one.finds;
      if (kind === undefined) return;
      assert.ok(
        allowed.slice(0, one.finds.length).includes(report.findings[0]?.kind ?? kind),
        "the planted fault comes first",
      );
      const { site } = report.findings.find((finding) => finding.kind === kind) ?? {};
      if (one.site) assert.match(site ?? "", /corpus\/(?:programs\/[\w-]+|server)\.mjs:\d+:\d+$/);
    });
  }
}

/** Requests and connections as the program's servers counted them, in all its processes and threads. */
function servedOf(stdout: string): [requests: number, connections: number] | undefined {
  const lines = [...stdout.matchAll(/^served (\d+) requests on (\d+) connections$/gm)];
  if (lines.length === 0) return undefined;
  const sum = (group: 1 | 2): number => lines.reduce((total, line) => total + Number(line[group]), 0);
  return [sum(1), sum(2)];
}
