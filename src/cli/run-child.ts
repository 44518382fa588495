import { spawn } from "node:child_process";
import { constants } from "node:os";
import { CommandFailure } from "./exit.js";

interface ChildOptions {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Standard output of the child goes to our standard error, as ours holds the JSON document. */
  readonly stdoutToStderr: boolean;
}

/**
 * Runs a program to its end on this terminal and resolves to its exit code (128 + the signal's number when one ended
 * it, as shells say). Signals that end us are passed on to it, so that it can end in its own way.
 */
export async function runChild({ command, env, stdoutToStderr }: ChildOptions): Promise<number> {
  const [file = "", ...args] = command;
  const child = spawn(file, args, { env, stdio: ["inherit", stdoutToStderr ? 2 : "inherit", "inherit"] });
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  const signals = ["SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) =>
        reject(new CommandFailure(sentence(file, error))),
      );
      child.once("exit", (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0))),
      );
    });
  } finally {
    for (const signal of signals) process.off(signal, pass);
  }
}

function sentence(file: string, error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return `cannot find the program "${file}": it is neither in PATH nor a file`;
  if (error.code === "EACCES") return `cannot run "${file}": it is not executable`;
  return `cannot run "${file}": ${error.message}`;
}
