import type { Output } from "./terminal.js";

/** What a command runs with; nothing in it but this touches the process. */
export interface Context {
  readonly stdout: Output;
  readonly stderr: Output;
  /** All of standard input. */
  readStdin(): Promise<Uint8Array>;
  /** Aborted by the first Ctrl-C; a command then prints what it has and ends. */
  readonly interrupted: AbortSignal;
  /** The program's own file: what a worker of a command starts from. */
  readonly program: URL;
}
