import { existsSync } from "node:fs";

/**
 * A command as it may be shown: the program, and the script it runs where that is a file. Other arguments are left
 * out, since they hold tokens and passwords too often.
 */
export function programName(command: readonly string[]): string {
  const [program = "", ...rest] = command;
  const script = rest.find((argument) => !argument.startsWith("-"));
  return script !== undefined && existsSync(script) ? `${program} ${script}` : program;
}
