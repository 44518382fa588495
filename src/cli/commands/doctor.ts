import { existsSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { type Gathered, OLDEST_NODE, ownersText, reportPage, WatchFolder } from "../../doctor/index.js";
import { buildReport } from "../../explain/index.js";
import type { Run } from "../command.js";
import { CommandFailure, exitCode, UsageError } from "../exit.js";
import { heldOf, parseFailIf } from "../fail-if.js";
import { packageOf } from "../package.js";
import { programName } from "../program-name.js";
import { runChild } from "../run-child.js";
import { printable } from "../terminal.js";

/** `trunkline doctor`: runs a program and says what its HTTP clients did with their connections. */
export const doctor: Run = async (options, { stdout, stderr, program }) => {
  const command = options.program;
  const [file] = command;
  if (file === undefined)
    throw new UsageError("trunkline doctor needs a program to run: trunkline doctor -- node app.js");
  const conditions = options.values("fail-if").map(parseFailIf);
  const json = options.has("json");
  const { gathered, code } = await watch(preloadOf(program), command, json);
  const report = buildReport(gathered.evidence);
  const nothing = whyNothing(file, gathered);
  if (nothing !== undefined) await stderr.line(printable(nothing));
  if (json) {
    const document = { program: programName(command), exitCode: code, report };
    await stdout.line(JSON.stringify(document, undefined, 2));
  } else if (nothing === undefined) {
    const owners = ownersText(gathered.evidence);
    await stderr.line(`\n${String(report)}${owners === undefined ? "" : `\n\n${owners}`}`);
  }
  const page = options.value("report");
  if (page !== undefined)
    writePage(page, reportPage(report, { program: programName(command), exitCode: code }));
  const failed = gathered.evidence.origins.reduce((sum, { counts }) => sum + (counts.failed ?? 0), 0);
  const held = heldOf(conditions, report, failed);
  for (const text of held) await stderr.line(printable(`trunkline: --fail-if ${text} holds`));
  if (held.length > 0) return exitCode.held;
  // A gate that saw nothing must not pass for one that found nothing.
  if (nothing !== undefined && conditions.length > 0 && code === exitCode.ok) return exitCode.failed;
  return code;
};

function preloadOf(program: URL): string {
  const file = fileURLToPath(new URL("dist/doctor/register.cjs", packageOf(program).root));
  if (!existsSync(file)) throw new CommandFailure(`${file} is missing: build the package with npm run build`);
  return file;
}

async function watch(
  preload: string,
  command: readonly string[],
  json: boolean,
): Promise<{ gathered: Gathered; code: number }> {
  const folder = new WatchFolder(preload, process.env);
  try {
    const code = await runChild({ command, env: folder.environment, stdoutToStderr: json });
    return { gathered: folder.gather(), code };
  } finally {
    folder.remove();
  }
}

function whyNothing(file: string, { watched, tooOld }: Gathered): string | undefined {
  if (watched > 0) return undefined;
  if (tooOld.length > 0)
    return `trunkline: the program ran on Node ${tooOld.join(" and ")}; what can be watched begins with Node ${OLDEST_NODE}`;
  return `trunkline: "${basename(file)}" ran, but no Node.js program was seen in it; trunkline observe watches programs of any language, from the server's side`;
}

function writePage(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (error) {
    throw new CommandFailure(`the report could not be written to ${file}: ${(error as Error).message}`);
  }
}
