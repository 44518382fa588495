/** What the command ends with; scripts rely on these numbers. */
export const exitCode = {
  ok: 0,
  /** The work failed: no complete response, a file that cannot be written. */
  failed: 1,
  /** The command line was not understood; nothing was sent. */
  usage: 2,
  /** A `--fail-if` held. */
  held: 3,
  /** Ended by Ctrl-C, after printing what there was (128 + SIGINT, as shells expect). */
  interrupted: 130,
} as const;

/** The command line was not understood. The message is one sentence; the program ends with code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The work failed in a way the user can act on. The message is one sentence; the program ends with code 1. */
export class CommandFailure extends Error {
  override name = "CommandFailure";
}
