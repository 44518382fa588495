import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What Go's own client did with the same traffic. */
export interface GoResult {
  readonly version: string;
  /** True when it ran just now on this machine, false when the figures are stored ones. */
  readonly measured: boolean;
  readonly rows: readonly GoRow[];
}

export interface GoRow {
  readonly name: string;
  readonly concurrency: number;
  readonly requests: number;
  /** What the server of the Go program counted. */
  readonly connections: number;
}

/** The names of the Go program's rows that the answer speaks of. */
export const goNames = {
  clientEach: "new client each",
  shared: "one shared client",
  idleCap100: "shared, MaxIdleConnsPerHost=100",
  unread: "closed unread",
  transportEach: "new transport each",
} as const;

/** Measured once with Go 1.19.8, by this program, for machines without Go. */
export const storedGo: GoResult = {
  version: "1.19.8",
  measured: false,
  rows: [
    row(goNames.clientEach, 1, 1),
    row(goNames.clientEach, 100, 761),
    row(goNames.shared, 1, 1),
    row(goNames.shared, 100, 748),
    row(goNames.idleCap100, 100, 135),
    row(goNames.unread, 1, 1000),
    row(goNames.unread, 100, 1000),
    row(goNames.transportEach, 1, 1000),
    row(goNames.transportEach, 100, 1000),
  ],
};

/**
 * Builds and runs the Go program of the examples where Go and the program are there, within the signal's time;
 * `undefined` otherwise. Nothing is downloaded: the program needs the standard library alone.
 */
export async function measureGo(packageRoot: URL, signal: AbortSignal): Promise<GoResult | undefined> {
  const source = new URL("examples/go/founding-question/main.go", packageRoot);
  if (!existsSync(source)) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "trunkline-demo-"));
  try {
    const binary = join(folder, "founding-question");
    const env = { ...process.env, GOTOOLCHAIN: "local", GOPROXY: "off", GO111MODULE: "off", GOFLAGS: "" };
    const run = promisify(execFile);
    await run("go", ["build", "-o", binary, fileURLToPath(source)], { signal, env });
    const { stdout } = await run(binary, { signal });
    const { goVersion, rows } = JSON.parse(stdout) as { goVersion: string; rows: GoRow[] };
    return { version: goVersion, measured: true, rows };
  } catch {
    // No Go, an old one, a full disk, or no time left: the demo then shows the stored figures and says so.
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Connections of one row, or `undefined` where it was not measured. */
export function goConnections(go: GoResult, name: string, concurrency: number): number | undefined {
  return go.rows.find((candidate) => candidate.name === name && candidate.concurrency === concurrency)
    ?.connections;
}

function row(name: string, concurrency: number, connections: number): GoRow {
  return { name, concurrency, requests: 1000, connections };
}
