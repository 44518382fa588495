import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { type Gathered, WatchFolder } from "../../src/doctor/index.js";
import { buildReport, type Report } from "../../src/explain/index.js";

/** The built preload; `npm test` builds it first. */
export const preload: string = resolve("dist/doctor/register.cjs");
/** The programs; those over clients from npm run from a copy that has them installed, which .ci/steps/40-doctor.sh makes. */
const corpus = resolve("test/doctor/corpus");
export const installedCorpus: string = resolve(".cache/doctor-corpus");

export interface Watched {
  readonly report: Report;
  readonly gathered: Gathered;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs node with these arguments under the preload, or without it. */
export async function watchNode(
  args: readonly string[],
  {
    watched = true,
    kill,
    environment = {},
  }: { watched?: boolean; kill?: NodeJS.Signals; environment?: NodeJS.ProcessEnv } = {},
): Promise<Watched> {
  // The runner's own variables would make children report as tests.
  const { NODE_TEST_CONTEXT: _context, ...own } = process.env;
  const folder = new WatchFolder(preload, { ...own, NODE_OPTIONS: "", ...environment });
  try {
    const child = spawn(process.execPath, args, {
      env: watched ? folder.environment : { ...own, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    if (kill !== undefined) child.stdout.once("data", () => child.kill(kill));
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    const [stdout, stderr] = await output;
    const gathered = folder.gather();
    return { report: buildReport(gathered.facts), gathered, code, signal, stdout, stderr };
  } finally {
    folder.remove();
  }
}

export function programOf(name: string, folder: string = corpus): string {
  return join(folder, "programs", `${name}.mjs`);
}
