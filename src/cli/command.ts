import type { Context } from "./context.js";
import type { OptionSpec, ParsedOptions } from "./options.js";

/** Runs a command on its checked arguments and resolves to the exit code. */
export type Run = (options: ParsedOptions, context: Context) => Promise<number>;

/** A row of the command table: all that parsing and help need, and how to get the code that does the work. */
export interface Command {
  readonly name: string;
  /** The line under its name in the list of commands. */
  readonly summary: string;
  readonly usage: string;
  /** What its positional arguments are called, in order; all of them are required. */
  readonly positionals: readonly string[];
  readonly options: readonly OptionSpec[];
  /** Everything after `--` is a program and its arguments, for the command to run: `ParsedOptions.program`. */
  readonly takesProgram?: boolean;
  /** Paragraphs after the options in its help. */
  readonly notes?: readonly string[];
  /** Loaded on use, so that no command pays for another. */
  load(): Promise<Run>;
}

/** Options every command has. */
export const commonOptions: readonly OptionSpec[] = [
  { name: "json", help: "print one JSON document to standard output, and nothing else" },
  { name: "help", short: "h", help: "print this help" },
];
