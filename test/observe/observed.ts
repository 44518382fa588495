import assert from "node:assert/strict";
import type { Report } from "../../src/index.js";
import { runCli } from "../cli/run-cli.js";
import { CountingServer } from "./counting-server.js";

/** What `trunkline observe --json` says of a program, with the server's own counts. */
export interface Observed {
  readonly report: Report;
  readonly kinds: readonly string[];
  readonly requests: number;
  readonly connections: number;
}

/** Runs a program under `trunkline observe` before a server that counts. `{url}` in its arguments is the address. */
export async function observed(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Observed> {
  await using server = await CountingServer.start();
  const { code, stdout, stderr } = await runCli(
    ["observe", "--target", server.origin, "--json", "--", ...command],
    { env },
  );
  assert.equal(code, 0, stderr);
  const { program, exitCode, report } = JSON.parse(stdout) as {
    program: string;
    exitCode: number;
    report: Report;
  };
  assert.equal(exitCode, 0);
  assert.equal(program.split(" ")[0], command[0]);
  // A client may open connections that it never uses; the server counts the used ones.
  const unused = report.facts.origins.reduce((sum, { counts }) => sum + (counts.unused ?? 0), 0);
  assert.equal(report.requests, server.requests, "requests as the server counts them");
  assert.equal(report.connections - unused, server.connections, "connections as the server counts them");
  return {
    report,
    kinds: report.findings.map((finding) => finding.kind),
    requests: server.requests,
    connections: server.connections,
  };
}
