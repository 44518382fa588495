import { isMainThread, workerData } from "node:worker_threads";
import type { Context } from "./context.js";
import { exitCode } from "./exit.js";
import { run } from "./program.js";
import { Output } from "./terminal.js";

/** The program: in the main thread the command line, in a worker the servers of the demo. */
async function main(): Promise<void> {
  const interrupt = new AbortController();
  process.on("SIGINT", () => {
    // The second Ctrl-C means now.
    if (interrupt.signal.aborted) process.exit(exitCode.interrupted);
    interrupt.abort(new Error("interrupted by Ctrl-C"));
  });
  const context: Context = {
    stdout: new Output(process.stdout, process.env),
    stderr: new Output(process.stderr, process.env),
    readStdin,
    interrupted: interrupt.signal,
    program: new URL(import.meta.url),
  };
  process.exitCode = await run(process.argv.slice(2), context);
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

if (isMainThread) await main();
else if ((workerData as { role?: string } | null)?.role === "demo-servers") {
  (await import("./demo/index.js")).serve();
}
