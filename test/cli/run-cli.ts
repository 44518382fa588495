import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

/** The program as compiled beside the tests. */
export const program: string = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));

/** What a run of the program came to. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly bytes: Buffer;
  readonly stderr: string;
}

/** A run that is still under way. */
export interface CliRun {
  readonly result: Promise<CliResult>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts the program as a child process, in a plain environment: no terminal, no colours, UTF-8. */
export function startCli(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string } = {},
): CliRun {
  const {
    FORCE_COLOR: _force,
    NO_COLOR: _no,
    NODE_OPTIONS: _options,
    NODE_TEST_CONTEXT: _context,
    ...inherited
  } = process.env;
  const env = { ...inherited, LANG: "C.UTF-8", LC_ALL: "", ...options.env };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ["pipe", "pipe", "pipe"] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => {}); // a program that does not read its input may end before it is written
  child.stdin.end(options.input ?? "");
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const bytes = Buffer.concat(stdout);
      resolve({ code, bytes, stdout: bytes.toString(), stderr: Buffer.concat(stderr).toString() });
    });
  });
  return { result, kill: (signal) => child.kill(signal) };
}

/** Runs the program to its end. */
export function runCli(
  args: readonly string[],
  options?: { env?: NodeJS.ProcessEnv; input?: string },
): Promise<CliResult> {
  return startCli(args, options).result;
}

/** A port of this machine where nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
