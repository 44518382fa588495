import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What Go's own client did with the same traffic. */
export interface GoResult {
  readonly version: string;
  /** True when it ran just now on this machine, false when the figures are stored ones. */
  readonly measured: boolean;
  readonly rows: readonly GoRow[];
}

interface GoRow {
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

/** Go's program on its way to be measured. */
interface GoRun {
  /** Runs it once it is built: not before, since two measurements at once would disturb each other. */
  measure(): Promise<GoResult | undefined>;
  /** Ends what is under way and takes away what was built. */
  stop(): Promise<void>;
}

/**
 * Starts to build the Go program of the examples where Go and the program are there. Within the signal's time its
 * figures come from `measure`, otherwise `undefined` does. Nothing is downloaded: it needs the standard library alone.
 */
export function startGo(packageRoot: URL, signal: AbortSignal): GoRun {
  const source = new URL("examples/go/founding-question/main.go", packageRoot);
  const stopped = new AbortController();
  const options = {
    signal: AbortSignal.any([signal, stopped.signal]),
    env: { ...process.env, GOTOOLCHAIN: "local", GOPROXY: "off", GO111MODULE: "off", GOFLAGS: "" },
  };
  const folder = existsSync(source) ? mkdtemp(join(tmpdir(), "trunkline-demo-")) : undefined;
  // Whatever is amiss (no Go, an old one, a full disk, no time left), the stored figures are shown, and said to be stored.
  const binary = folder
    ?.then(async (path) => {
      const program = join(path, "founding-question");
      await run("go", ["build", "-o", program, fileURLToPath(source)], options);
      return program;
    })
    .catch(() => undefined);
  return {
    measure: async () => {
      const program = await binary;
      if (program === undefined) return undefined;
      try {
        const { stdout } = await run(program, [], options);
        const { goVersion, rows } = JSON.parse(stdout) as { goVersion: string; rows: GoRow[] };
        return { version: goVersion, measured: true, rows };
      } catch {
        return undefined;
      }
    },
    stop: async () => {
      stopped.abort();
      await binary;
      const path = await folder?.catch(() => undefined);
      if (path !== undefined) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Connections of one row, or `undefined` where it was not measured. */
export function goConnections(go: GoResult, name: string, concurrency: number): number | undefined {
  return go.rows.find((candidate) => candidate.name === name && candidate.concurrency === concurrency)
    ?.connections;
}

function row(name: string, concurrency: number, connections: number): GoRow {
  return { name, concurrency, requests: 1000, connections };
}
